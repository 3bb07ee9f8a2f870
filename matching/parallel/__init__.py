"""Parallel work, compiled loops, and Ctrl-C."""
