"""Integer programmes over some requests and arcs: block bounds, and the last proof."""
