"""Synthetic worlds: seeded towns, districts, cities and provinces of any size."""

from matching.synthetic.arguments import RULES, SIZES
from matching.synthetic.world import generate

__all__ = ["RULES", "SIZES", "generate"]
