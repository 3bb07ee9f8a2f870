"""Writers that are killed: at every step that touches the file system, old or new stands whole."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import polars as pl
import pytest

from matching.errors import UsageError
from matching.regions.planning import _put_in_place
from matching.stores import read_tables, write_tables
from matching.stores.files.whole import replacing, replacing_folder
from matching.stores.registry import open_sink

# Children of a server that has not used Polars: its threads do not survive a fork.
SERVED = get_context("forkserver")
SERVED.set_forkserver_preload(["tests.test_kills", "matching.stores.files.archives"])


def die_after(steps: int, root: str, write: Callable[..., object], arguments: tuple) -> None:
    """Write, and be killed before the step of that number that touches the file system.

    Python tells its audit hooks of every file it opens, makes, renames or removes, before it does.
    What Polars writes by itself lies where nobody reads.
    """
    seen = 0

    def hear(event: str, told: tuple) -> None:
        nonlocal seen
        if event == "open" or event.startswith("os."):
            path = os.fsdecode(told[0]) if told and isinstance(told[0], str | bytes) else root
            if path.startswith(root) or not path.startswith("/"):
                seen += 1
                if seen > steps:
                    signal.raise_signal(signal.SIGKILL)

    sys.addaudithook(hear)
    write(*arguments)


def killed_everywhere(
    root: Path, write: Callable[..., object], *arguments: object
) -> Iterator[int]:
    """Let a process write again and again, killed one step later each time, until it has ended."""
    for steps in range(1_000):
        child = SERVED.Process(target=die_after, args=(steps, str(root), write, arguments))
        child.start()
        child.join()
        if child.exitcode == 0:
            assert steps > 5, "hardly a step was seen: does the hook hear anything?"
            return
        assert child.exitcode == -signal.SIGKILL
        yield steps
    pytest.fail("the write never came to its end")


def write_plan(out: Path, mark: str, format: str | None = None) -> None:
    options = {"format": format} if format else {}
    open_sink(out, **options).write_result(*RESULTS[mark])


def result(mark: str, tables: tuple[str, ...] = ("plan", "unfilled", "prices")) -> tuple:
    frames = {name: pl.DataFrame({"request_id": [mark] * 3}) for name in tables}
    return frames, {"week": "2026-11-30", "mark": mark}


def marks(found: tuple) -> set:
    """Return whose tables these are, all of them and the summary."""
    frames, summary = found
    return {summary.get("mark"), *(m for f in frames.values() for m in f["request_id"].unique())}


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


OLD, NEW = result("old", ("plan", "unfilled", "prices", "faults")), result("new")
RESULTS = {"old": OLD, "new": NEW}


@pytest.mark.slow
@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx"])
def test_a_plan_in_a_folder_is_the_old_or_the_new(tmp_path: Path, format: str) -> None:
    out = tmp_path / "plan"
    old_one = open_sink(out, format="csv")
    old_one.write_result(*OLD)
    (out / "volunteers.csv").write_text("volunteer_id\nv1\n")
    seen = []
    for _ in killed_everywhere(tmp_path, write_plan, out, "new", format):
        # Who looks without our reader finds files of one plan, never of both.
        whose = {path.read_text()[11:14] for path in out.glob("*.csv") if path.stem in OLD[0]}
        assert format != "csv" or len(whose) <= 1
        found = open_sink(out).read_result()
        assert marks(found) in ({"old"}, {"new"})
        assert set(found[0]) == set(OLD[0] if marks(found) == {"old"} else NEW[0])
        seen.append(found[1]["mark"])
        old_one.write_result(*OLD)
        assert leftovers(out) == []
        assert (out / "volunteers.csv").read_text() == "volunteer_id\nv1\n"
    assert {"old", "new"} == set(seen)
    assert marks(open_sink(out).read_result()) == {"new"}


@pytest.mark.slow
def test_a_first_plan_is_all_there_or_none(tmp_path: Path) -> None:
    out, seen = tmp_path / "plan", set()
    for _ in killed_everywhere(tmp_path, write_plan, out, "new"):
        seen.add(len(open_sink(out).read_result()[0]))
        shutil.rmtree(out, ignore_errors=True)
    assert seen == {0, 3}


@pytest.mark.slow
def test_tables_of_a_folder_change_together(tmp_path: Path) -> None:
    old = {name: pl.DataFrame({"volunteer_id": ["old"]}) for name in ("volunteers", "bonds")}
    new = {name: pl.DataFrame({"volunteer_id": ["new"]}) for name in old}
    write_tables(tmp_path, old)
    seen = set()
    for _ in killed_everywhere(tmp_path, write_tables, tmp_path, new):
        found = read_tables(tmp_path)
        mark = found["volunteers"]["volunteer_id"].item()
        assert found["bonds"]["volunteer_id"].item() == mark
        seen.add(mark)
        write_tables(tmp_path, old)
    assert seen == {"old", "new"}


@pytest.mark.slow
@pytest.mark.parametrize("end", ["zip", "xlsx"])
def test_a_plan_in_one_file_is_the_old_or_the_new(tmp_path: Path, end: str) -> None:
    out = tmp_path / f"plan.{end}"
    open_sink(out).write_result(*OLD)
    for _ in killed_everywhere(tmp_path, write_plan, out, "new"):
        assert marks(open_sink(out).read_result()) in ({"old"}, {"new"})
        open_sink(out).write_result(*OLD)
        assert leftovers(tmp_path) == []
    assert marks(open_sink(out).read_result()) == {"new"}


def put_regions(out: Path, codes: str) -> None:
    """Put a plan in place whose regions and summary hold the codes of them all."""
    done = out / ".planning" / "plan"
    shutil.rmtree(done, ignore_errors=True)
    for code in codes:
        (done / f"region={code}").mkdir(parents=True)
        (done / f"region={code}" / "plan.parquet").write_text(codes)
    _put_in_place(done, out, {"codes": codes})


@pytest.mark.slow
def test_a_nation_is_the_old_or_the_new(tmp_path: Path) -> None:
    out = tmp_path / "plan"
    put_regions(out, "ab")
    seen = set()
    for _ in killed_everywhere(tmp_path, put_regions, out, "bc"):
        codes = open_sink(out).read_summary()["codes"]
        assert {f"region={code}" for code in codes} == {f.name for f in out.glob("region=*")}
        assert {path.read_text() for path in out.glob("region=*/plan.parquet")} == {codes}
        seen.add(codes)
        put_regions(out, "ab")
    assert seen == {"ab", "bc"}


def write_report(out: Path, mark: str) -> None:
    with replacing_folder(out, ["volunteers", "stations"]) as new:
        for kind in ("volunteers", "stations"):
            (new / kind).mkdir()
            (new / kind / "one.ics").write_text(mark)


@pytest.mark.slow
@pytest.mark.parametrize("linked", [False, True])
def test_a_folder_of_reports_stands_whole_at_its_path(tmp_path: Path, linked: bool) -> None:
    out = tmp_path / "ics"
    if linked:
        (tmp_path / "elsewhere").mkdir()
        out.symlink_to(tmp_path / "elsewhere" / "ics")
    write_report(out, "old")
    seen = set()
    for _ in killed_everywhere(tmp_path, write_report, out, "new"):
        found = {path.read_text() for path in out.glob("*/one.ics")}
        assert len(found) == 1
        assert len(list(out.glob("*/one.ics"))) == 2
        seen |= found
        write_report(out, "old")
        assert leftovers(out.resolve().parent) == []
    assert seen == {"old", "new"}
    assert out.is_symlink() == linked


def test_where_nothing_can_change_places_the_folder_is_replaced_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matching.stores.files.whole.exchange", lambda one, other: False)
    for mark in ("old", "new"):
        write_report(tmp_path / "ics", mark)
    assert (tmp_path / "ics" / "stations" / "one.ics").read_text() == "new"
    assert os.listdir(tmp_path) == ["ics"]


def test_who_still_writes_is_left_alone(tmp_path: Path) -> None:
    with replacing(tmp_path / "page.html") as slow:
        with replacing(tmp_path / "other.html") as quick:
            quick.write_text("quick")
        slow.write_text("slow")
    assert sorted(os.listdir(tmp_path)) == ["other.html", "page.html"]
    assert (tmp_path / "page.html").read_text() == "slow"


def test_a_link_to_a_file_is_followed_and_a_device_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "page.html").symlink_to(tmp_path / "www" / "week.html")
    with replacing(tmp_path / "page.html") as part:
        part.write_text("page")
    assert (tmp_path / "www" / "week.html").read_text() == "page"
    assert (tmp_path / "page.html").is_symlink()
    with pytest.raises(UsageError, match="is a device or a pipe"), replacing(Path("/dev/full")):
        pass


def test_a_folder_in_the_way_is_refused_before_anything_is_decided(tmp_path: Path) -> None:
    open_sink(tmp_path).write_result(*OLD)
    (tmp_path / "plan.parquet").mkdir()
    with pytest.raises(UsageError, match=r"plan\.parquet is a folder"):
        open_sink(tmp_path, format="parquet").write_result(*NEW)
    assert marks(open_sink(tmp_path).read_result()) == {"old"}
