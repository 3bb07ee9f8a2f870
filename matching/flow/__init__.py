"""The part of the model that is a network, and its solution."""
