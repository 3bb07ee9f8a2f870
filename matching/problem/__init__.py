"""Clean tables become columns of integers: the problem, and plans of it.

A column that `matching.schema` declares becomes an array in `build`; `columns` says what it means.
"""

from matching.problem.problem import Problem

__all__ = ["Problem"]
