module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-dev"
  region      = "us-central1"
  environment = "dev"
  network_id  = "genesis-vpc"
  subnet_id   = "genesis-agents"

  agent_vm_templates = [
    { name = "backend", agent_type = "backend-developer" },
    { name = "frontend", agent_type = "frontend-developer" },
    { name = "backend", agent_type = "backend-developer" },
  ]

  agent_pools = [
    for zone in ["a", "b"] : {
      name          = "backend"
      agent_type    = "backend-developer"
      template_name = "backend"
    }
  ]
}
