"""Clean tables become columns of integers: the problem, and plans of it."""

from matching.problem.problem import Problem

__all__ = ["Problem"]
