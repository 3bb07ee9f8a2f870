"""Growth: how time and memory of the whole job grow with the number of volunteers."""
