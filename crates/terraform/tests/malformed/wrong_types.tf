module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-dev"
  region      = "us-central1"
  environment = "dev"
  network_id  = "genesis-vpc"
  subnet_id   = "genesis-agents"

  zones                = "us-central1-a"
  labels               = ["team"]
  enable_monitoring    = "yes"
  default_disk_size_gb = "20 GB"
  default_pool_size    = 1.5
  default_min_replicas = -1
  default_cpu_target   = [0.7]
  name_prefix          = { value = "genesis" }
  default_health_port  = 80800

  agent_pools = [
    {
      name          = "backend"
      agent_type    = "backend-developer"
      template_name = "backend"
      target_size   = "three"
      named_ports   = [{ name = "http", port = "http" }]
    },
    "frontend",
  ]
}
