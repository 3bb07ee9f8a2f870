"""A slower phase is seen against the baseline; what is new or gone is not called slower."""

import json
from pathlib import Path

import pytest

from benchmarks import comparing
from benchmarks.cases import Case
from benchmarks.comparing import BASELINE, CASES, WORK, compared, main, text_of


def test_slower_is_more_than_the_threshold() -> None:
    then = {"town": {"read": 0.4, "solve": 2.0, "gone": 1.0}}
    now = {"town": {"read": 0.48, "solve": 2.6, "new": 3.0}}
    # 0.48 / 0.4 = 1.2, 2.6 / 2 = 1.3
    rows = {row["phase"]: row for row in compared(then, now, 1.25).to_dicts()}
    assert rows["read"]["ratio"] == pytest.approx(1.2)
    assert rows["solve"]["ratio"] == pytest.approx(1.3)
    assert {name for name, row in rows.items() if row["slower"]} == {"solve"}
    assert (rows["gone"]["now"], rows["new"]["then"]) == (None, None)
    lines = text_of(compared(then, now, 1.25)).splitlines()
    assert [line.split()[1] for line in lines if line.endswith("slower")] == ["solve"]


@pytest.mark.slow
def test_a_run_against_a_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    town = Case("network", "town")
    monkeypatch.setattr(comparing, "CASES", (town,))
    baseline, out = tmp_path / "baseline.json", tmp_path / "now.json"
    few = ["--rounds", "1", "--phase", "value", "--phase", "solve", "--baseline", str(baseline)]
    assert main([*few, "--update"]) == 0
    stored = json.loads(baseline.read_text())
    assert stored["ratios"][str(town)].keys() == {"value", "solve"}
    assert all(ratio > 0 for ratio in stored["ratios"][str(town)].values())
    # A past so quick that anything is slower, and one so slow that nothing is.
    stored["ratios"][str(town)] = {"value": 1e-9, "solve": 1e9, "read": 1e-9}
    baseline.write_text(json.dumps(stored))
    capsys.readouterr()
    assert main([*few, "--out", str(out)]) == 1
    told = capsys.readouterr().out
    assert "once more value" in told
    assert [line.split()[1] for line in told.splitlines() if line.endswith("  slower")] == ["value"]
    assert "slower than 1.25 times the baseline: 1" in told
    assert json.loads(out.read_text())["ratios"][str(town)].keys() == {"value", "solve"}


def test_the_stored_baseline_has_every_phase() -> None:
    ratios = json.loads(BASELINE.read_text())["ratios"]
    assert ratios.keys() == {str(case) for case in CASES}
    for phases in ratios.values():
        assert phases.keys() == WORK.keys()
