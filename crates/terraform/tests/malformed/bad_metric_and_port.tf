module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-dev"
  region      = "us-central1"
  environment = "dev"
  network_id  = "genesis-vpc"
  subnet_id   = "genesis-agents"

  default_custom_metrics = [
    { name = "tasks", target = "many", type = "GUAGE" },
  ]
  default_named_ports = [{ name = "", port = 0 }, { name = "http" }]
}
