module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-dev"
  region      = "us-central1"
  environment = "dev"
  network_id  = "genesis-vpc"
  subnet_id   = "genesis-agents"

  agent_vm_templates = [
    { name = "backend", agent_type = "backend-develper" },
    { name = "wizard", agent_type = "wizard" },
  ]
}
