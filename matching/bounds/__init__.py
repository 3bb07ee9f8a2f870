"""Bounds without a solver: prices, the two oracles, the certificate."""
