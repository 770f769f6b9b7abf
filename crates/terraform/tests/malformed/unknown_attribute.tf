module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-dev"
  region      = "us-central1"
  environment = "dev"
  network_id  = "genesis-vpc"
  subnet_id   = "genesis-agents"

  zone                = ["us-central1-a"]
  default_min_replica = 2
  favourite_colour    = "blue"
}
