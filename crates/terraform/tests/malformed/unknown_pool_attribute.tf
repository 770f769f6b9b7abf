module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-dev"
  region      = "us-central1"
  environment = "dev"
  network_id  = "genesis-vpc"
  subnet_id   = "genesis-agents"

  agent_pools = [
    {
      name          = "backend"
      agent_type    = "backend-developer"
      template_name = "backend"
      target_sise   = 2
      machine_type  = "e2-standard-2"
    }
  ]
}
