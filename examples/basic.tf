module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-dev"
  region      = "us-central1"
  zones       = ["us-central1-a", "us-central1-b", "us-central1-c"]
  environment = "dev"

  network_id = module.networking.vpc_id
  subnet_id  = module.networking.subnet_id

  agent_vm_templates = [
    {
      name       = "backend-dev"
      agent_type = "backend-developer"
      machine_type = "e2-standard-2"
    },
    {
      name       = "platform-eng"
      agent_type = "platform-engineer"
      machine_type = "e2-standard-4"
    }
  ]

  agent_pools = [
    {
      name          = "backend-pool"
      agent_type    = "backend-developer"
      template_name = "backend-dev"
      target_size   = 2
      enable_autoscaling = true
      min_replicas  = 1
      max_replicas  = 5
    }
  ]
}
