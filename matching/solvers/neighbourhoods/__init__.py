"""Plans: the first one, and better ones."""
