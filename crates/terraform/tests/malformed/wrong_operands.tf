module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-dev"
  region      = "us-central1"
  environment = "dev"
  network_id  = "genesis-vpc"
  subnet_id   = "genesis-agents"

  default_pool_size    = "two" + 1
  default_max_replicas = 10 / 0
  enable_monitoring    = "on" ? true : false
  zones                = merge(["us-central1-a"], {})
  name_prefix          = "genesis-${["a"]}"
  labels               = { first = ["a", "b"][2], second = { a = 1 }.b }
}
