"""Work side by side, and Ctrl-C."""
