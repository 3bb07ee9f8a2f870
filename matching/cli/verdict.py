"""What a check of a plan found, and whether the plan and its summary pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from matching import audit
from matching.bounds.certificate import Certificate
from matching.cli.conduct import MAX_ROWS_IN_JSON


@dataclass(frozen=True)
class Verdict:
    """What the audit and the prices say of a plan.

    Attributes
    ----------
    violations : polars.DataFrame
        As `audit.violations` returns them.
    value : int
    proof : Certificate or None
        What the prices prove; None where there are none.
    summary : dict
        What stands beside the plan; what it does not say cannot be wrong.
    """

    violations: pl.DataFrame
    value: int
    proof: Certificate | None
    summary: dict[str, Any]

    @property
    def bound_from_prices(self) -> float | None:
        """What the prices prove; None where there are none."""
        return None if self.proof is None else self.proof.bound

    @property
    def unfinished(self) -> int:
        """Volunteers whose best week the proof had no time for."""
        return 0 if self.proof is None else self.proof.unfinished

    @property
    def counts(self) -> dict[str, int]:
        """How often each rule is broken, 0 for those that hold."""
        found = dict(self.violations["rule"].value_counts().iter_rows())
        return {rule.name: found.get(rule.name, 0) for rule in audit.RULES}

    def agrees(self, name: str) -> bool:
        """Tell whether the summary has the figure that was found, or none.

        A bound may be higher than the prices prove: a search that was stopped has no time for more.
        It may also be lower than what was proved here where this proof was stopped.
        """
        found, claimed = getattr(self, name), self.summary.get(name)
        if found is None or claimed is None or self.same(name):
            return True
        return name == "bound_from_prices" and bool(claimed > found or self.unfinished)

    def same(self, name: str) -> bool:
        """Tell whether the summary has exactly the figure that was found."""
        found, claimed = getattr(self, name), self.summary.get(name)
        return None not in (found, claimed) and bool(
            abs(found - claimed) <= 1e-6 * max(1.0, abs(found))
        )

    @property
    def gap(self) -> float | None:
        """How far the prices' bound is above the value, relative to the value."""
        if self.bound_from_prices is None:
            return None
        return (self.bound_from_prices - self.value) / max(1, self.value)

    @property
    def passes(self) -> bool:
        """Whether every rule holds and the summary tells the truth."""
        truth = self.agrees("value") and self.agrees("bound_from_prices")
        return not self.violations.height and truth

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON has it; of the violations, the first ones."""
        return {
            "passes": self.passes,
            "value": self.value,
            "bound_from_prices": self.bound_from_prices,
            "gap": self.gap,
            "volunteers_unproved": self.unfinished,
            "summary_agrees": {
                name: self.agrees(name)
                for name in ("value", "bound_from_prices")
                if name in self.summary
            },
            "broken": self.counts,
            "violations": self.violations.head(MAX_ROWS_IN_JSON).to_dicts(),
        }
