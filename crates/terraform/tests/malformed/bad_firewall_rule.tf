module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-dev"
  region      = "us-central1"
  environment = "dev"
  network_id  = "genesis-vpc"
  subnet_id   = "genesis-agents"

  firewall_rules = {
    "allow-web" = {
      description   = "Web"
      direction     = "ingress"
      source_ranges = "10.0.0.0/8"
      priority      = "high"
      allow         = { protocol = "tcp", ports = ["443"] }
    }
    "deny-all" = {
      description = "All"
      direction   = "INWARD"
      deny        = [{ ports = [22] }]
    }
  }
}
