"""What people see of a plan: its facts as a few frames, and one module per format."""
