"""Match volunteers to what communities order: the best weekly plan, with a proof.

Tables become a `Problem`, `solve` makes a `Result` of it, `audit` and `certify` check any plan and
any prices without the solver.
"""

from matching import audit
from matching.certificate import certify
from matching.engine import solve
from matching.errors import DataError, DataWarning, MatchingError, PolicyError, UsageError
from matching.plan import Plan
from matching.policy import Policy
from matching.prices import Prices
from matching.problem import Problem
from matching.result import Result
from matching.solvers.incumbent import Progress
from matching.tables import Tables
from matching.week import Post, Week

__all__ = [
    "DataError",
    "DataWarning",
    "MatchingError",
    "Plan",
    "Policy",
    "PolicyError",
    "Post",
    "Prices",
    "Problem",
    "Progress",
    "Result",
    "Tables",
    "UsageError",
    "Week",
    "audit",
    "certify",
    "solve",
]
