# The development fleet: every agent type has a template, six of them run in pools.
# Sizes are those of a team of ten; change `team_size`, not the pools.

terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.0"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}

variable "project_id" {
  description = "Where the fleet lives"
  type        = string
  default     = "genesis-project-dev"
}

variable "region" {
  type    = string
  default = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]$", var.region))
    error_message = "A region such as us-central1."
  }
}

variable "team_size" {
  description = "People who work with the agents"
  type        = number
  default     = 10
}

variable "spot" {
  description = "Spot VMs where an interruption costs little"
  type        = bool
  default     = true
}

locals {
  environment = "dev"
  zones       = [for letter in ["a", "b", "c"] : "${var.region}-${letter}"]
  network     = "projects/${var.project_id}/global/networks/genesis-${local.environment}"
  subnet      = "projects/${var.project_id}/regions/${var.region}/subnetworks/agents-${local.environment}"

  labels = {
    team        = "agents"
    cost-center = "cc-1042"
  }

  # What most agents share. A template below overrides what it needs.
  usual = {
    machine_type      = "e2-standard-2"
    disk_type         = "pd-balanced"
    workspace_size_gb = 50
    labels            = local.labels
  }

  # Infrastructure and data work: 4 vCPUs and room for the code.
  large = merge(local.usual, {
    machine_type      = "e2-standard-4"
    workspace_size_gb = 100
  })

  internal_range = "10.0.0.0/16"
  agent_ports    = ["8080", "9090"]
}

module "vm_management" {
  source = "../../modules/vm-management"

  project_id  = var.project_id
  region      = var.region
  zones       = local.zones
  environment = local.environment
  network_id  = local.network
  subnet_id   = local.subnet

  labels             = local.labels
  network_tags       = ["genesis-vm", "agent-runtime"]
  agent_cage_version = "latest"

  # Agents reach the outside through Cloud NAT.
  default_enable_external_ip = false
  default_disk_size_gb       = 30
  default_min_replicas       = 1
  default_max_replicas       = 6

  health_check_interval            = 10
  health_check_timeout             = 5
  health_check_unhealthy_threshold = 3

  agent_vm_templates = [
    # Executive level
    merge(local.usual, { name = "project-manager", agent_type = "project-manager" }),
    merge(local.usual, { name = "architect", agent_type = "architect" }),
    merge(local.usual, { name = "tech-lead", agent_type = "tech-lead" }),

    # Implementation level
    merge(local.large, {
      name               = "platform"
      agent_type         = "platform-engineer"
      enable_external_ip = true # Terraform providers and module registries
      custom_config = jsonencode({
        terraform = { version = "1.9.8", plan_only = local.environment != "prod" }
        tools     = concat(["terraform", "kubectl", "helm"], ["gcloud"])
      })
    }),
    merge(local.usual, {
      name        = "backend"
      agent_type  = "backend-developer"
      preemptible = var.spot
      labels      = merge(local.labels, { tier = "backend" })
      custom_config = jsonencode({
        languages      = ["python", "nodejs", "go"]
        parallel_tasks = 4
      })
    }),
    merge(local.usual, {
      name        = "frontend"
      agent_type  = "frontend-developer"
      preemptible = var.spot
      labels      = merge(local.labels, { tier = "frontend" })
    }),
    merge(local.large, {
      name         = "data"
      agent_type   = "data-engineer"
      disk_size_gb = 50
      metadata     = { "dataset-cache" = "enabled" }
    }),
    merge(local.usual, { name = "integration", agent_type = "integration-agent" }),

    # Quality and operations level
    merge(local.usual, {
      name        = "qa"
      agent_type  = "qa-automation"
      preemptible = var.spot
    }),
    merge(local.usual, { name = "sre", agent_type = "sre-agent" }),
    merge(local.usual, {
      name                        = "security"
      agent_type                  = "security-agent"
      machine_type                = "n2d-standard-2" # the family with confidential VMs
      enable_confidential_compute = true
      additional_tags             = ["scanner"]
      metadata = {
        scan-notice = <<-EOT
          Findings stay on this VM.
          Reports go to ${local.labels.team}.
        EOT
      }
    }),
    merge(local.large, { name = "devops", agent_type = "devops-agent" }),
  ]

  agent_pools = [
    {
      name               = "backend"
      agent_type         = "backend-developer"
      template_name      = "backend"
      target_size        = max(2, floor(var.team_size / 3))
      enable_autoscaling = true
      min_replicas       = 2
      max_replicas       = var.team_size
      cpu_target         = 0.7
    },
    {
      name          = "frontend"
      agent_type    = "frontend-developer"
      template_name = "frontend"
      target_size   = 2
      labels        = { tier = "frontend" }
    },
    {
      name                       = "platform"
      agent_type                 = "platform-engineer"
      template_name              = "platform"
      target_size                = 1
      max_surge                  = length(local.zones) # a regional group takes no less
      max_unavailable            = 0
      min_ready_sec              = 90
      health_check_initial_delay = 420 # the tools take a while to install
    },
    {
      name          = "qa"
      agent_type    = "qa-automation"
      template_name = "qa"
      target_size   = var.team_size > 5 ? 3 : 1
      named_ports = [
        { name = "http", port = 8080 },
        { name = "metrics", port = 9090 },
        { name = "reports", port = 8443 },
      ]
    },
    {
      name               = "data"
      agent_type         = "data-engineer"
      template_name      = "data"
      target_size        = 1
      enable_autoscaling = true
      max_replicas       = 4
      custom_metrics = [
        { name = "custom.googleapis.com/agent/tasks_pending", target = 5, type = "GAUGE" },
      ]
    },
    {
      name          = "security"
      agent_type    = "security-agent"
      template_name = "security"
      target_size   = 1
    },
  ]

  firewall_rules = {
    "allow-agents" = {
      description   = "Agents and their metrics, from inside"
      direction     = "INGRESS"
      source_ranges = [local.internal_range]
      target_tags   = ["agent-vm"]
      allow         = [{ protocol = "tcp", ports = local.agent_ports }]
    }

    "allow-iap-ssh" = {
      description   = "SSH through Identity-Aware Proxy"
      direction     = "INGRESS"
      source_ranges = ["35.235.240.0/20"]
      target_tags   = ["agent-vm"]
      allow         = [{ protocol = "tcp", ports = ["22"] }]
    }

    /* Scanners look inwards only:
       whatever they find must not leave by their own hand. */
    "deny-security-egress" = {
      description        = "Security agents reach nothing outside"
      direction          = "EGRESS"
      priority           = 900
      destination_ranges = ["0.0.0.0/0"]
      target_tags        = ["agent-security-agent"]
      deny               = [{ protocol = "all" }]
    }
    "allow-security-internal" = {
      description        = "… but what is inside, and Google's own APIs"
      direction          = "EGRESS"
      priority           = 800
      destination_ranges = [local.internal_range, "199.36.153.8/30"]
      target_tags        = ["agent-security-agent"]
      allow              = [{ protocol = "tcp", ports = ["443"] }, { protocol = "udp", ports = ["53"] }]
    }
  }
}

output "pools" {
  value = module.vm_management.agent_pools
}
