"""Instances that others published, as tables of ours, each with its known optimum."""
