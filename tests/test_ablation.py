"""Steps of the search, switched off from the benchmarks: all are there, and come back."""

import polars as pl
import pytest

from benchmarks import ablation
from benchmarks.ablation import STEPS, Step
from tests.support.laws import problem_of
from tests.support.worlds import SMALL, full_world


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_is_switched_off_for_a_while(step: Step) -> None:
    holder, name = step.place
    before = getattr(holder, name)
    with step.switched_off():
        assert getattr(holder, name) is not before
    assert getattr(holder, name) is before


@pytest.mark.slow
def test_a_run_without_the_one_programme_comes_to_the_same_value() -> None:
    problem = problem_of(full_world(6, **SMALL))
    small = next(step for step in STEPS if step.name == "small weeks as one programme")
    whole = ablation.run(problem, 60.0)
    with small.switched_off():
        assert ablation.run(problem, 60.0)["value"] == whole["value"]


def test_the_table_has_a_line_for_each_step_that_ran() -> None:
    row = {"world": "w", "step": ablation.ALL, "gap": 0.01, "processor": 2.0}
    text = ablation.table(pl.DataFrame([row, row | {"step": "PDLP", "gap": 0.02}]))
    assert text.splitlines()[2:] == [
        "| (all steps) | 1.0000%, 2.0 s |",
        "| PDLP | 2.0000%, 2.0 s |",
    ]
