"""Synthetic worlds: seeded towns, districts, cities and provinces of any size."""

from matching.synthetic.arguments import NATION, RULES, SIZES
from matching.synthetic.nation import generate_region, regions
from matching.synthetic.world import generate

__all__ = ["NATION", "RULES", "SIZES", "generate", "generate_region", "regions"]
