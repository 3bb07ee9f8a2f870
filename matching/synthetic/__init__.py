"""Synthetic worlds: seeded towns, districts, cities and provinces of any size."""

from .world import RULES, SIZES, generate

__all__ = ["RULES", "SIZES", "generate"]
