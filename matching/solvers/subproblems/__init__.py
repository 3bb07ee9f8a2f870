"""Integer programmes over arcs, for any part of the world."""
