modul "vm_management" {
  region = "us-central1"
}

variable {
  default = 1
}
