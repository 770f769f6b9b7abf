project_id = "genesis-project-dev"
region     = "us-central1"
