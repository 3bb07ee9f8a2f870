"""A data set in regions, planned by workers that each read their own."""

from matching.regions.dataset import is_partitioned
from matching.regions.planning import clear, plan_nation

__all__ = ["clear", "is_partitioned", "plan_nation"]
