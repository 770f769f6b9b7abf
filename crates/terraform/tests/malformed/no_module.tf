resource "google_compute_network" "vpc" {
  name = "genesis"
}
