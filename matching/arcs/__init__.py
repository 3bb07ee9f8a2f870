"""Who may serve where, and what it is worth."""
