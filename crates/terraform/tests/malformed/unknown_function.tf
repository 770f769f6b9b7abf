module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-dev"
  region      = "us-central1"
  environment = "dev"
  network_id  = "genesis-vpc"
  subnet_id   = "genesis-agents"

  agent_vm_templates = [
    {
      name          = "backend"
      agent_type    = "backend-developer"
      custom_config = jsonencod({ tools = ["go"] })
      metadata      = { motd = file("motd.txt"), subnet = cidrsubnet("10.0.0.0/16", 8, 1) }
      labels        = { size = length("a", "b") }
    }
  ]
}
