locals {
  pools = {
    backend  = { size = 2, type = "backend-developer" }
    frontend = { size = "many", type = "frontend-developer" }
  }
}

module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-dev"
  region      = "us-central1"
  environment = "dev"
  network_id  = "genesis-vpc"
  subnet_id   = "genesis-agents"

  agent_pools = [
    for name, pool in local.pools : {
      name          = name
      agent_type    = pool.type
      template_name = name
      target_size   = pool.size
    }
  ]
}
