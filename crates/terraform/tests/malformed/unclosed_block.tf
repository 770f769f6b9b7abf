module "vm_management" {
  source = "../../modules/vm-management"

  labels = {
    team = "agents"

