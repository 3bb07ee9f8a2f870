"""What must stay of a plan, and whether it can."""
