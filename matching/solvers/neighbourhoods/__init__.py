"""The primal side of the search: a first plan, and better ones."""
