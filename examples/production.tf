module "vm_management_prod" {
  source = "../../modules/vm-management"

  project_id  = "genesis-project-prod"
  region      = "us-central1"
  environment = "prod"

  # Security configuration
  enable_disk_encryption = true
  disk_encryption_key   = "projects/genesis-project-prod/locations/us-central1/keyRings/genesis/cryptoKeys/vm-encryption"

  enable_secure_boot            = true
  enable_vtpm                  = true
  enable_integrity_monitoring  = true

  # High availability configuration
  agent_pools = [
    {
      name          = "prod-backend-pool"
      agent_type    = "backend-developer"
      template_name = "backend-prod"
      enable_autoscaling = true
      min_replicas  = 3
      max_replicas  = 20
      cpu_target    = 0.70
    }
  ]

  # Custom firewall rules
  firewall_rules = {
    "allow-prod-backend" = {
      description   = "Allow production backend access"
      direction     = "INGRESS"
      source_ranges = ["10.0.0.0/16"]
      target_tags   = ["agent-backend-developer"]
      allow = [{
        protocol = "tcp"
        ports    = ["8080", "9090"]
      }]
    }
  }
}
