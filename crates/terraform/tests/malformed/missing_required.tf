module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-dev"
  region      = "us-central1"
  environment = "dev"
  network_id  = "genesis-vpc"
  subnet_id   = "genesis-agents"

  agent_vm_templates = [
    { agent_type = "backend-developer" },
    { name = "frontend" },
  ]

  agent_pools = [
    {
      name       = "backend"
      agent_type = "backend-developer"
    }
  ]

  firewall_rules = {
    "allow-web" = { source_ranges = ["10.0.0.0/8"] }
  }
}
