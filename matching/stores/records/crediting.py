"""Records of any number, credited volunteer by volunteer, and kept as a folder of their own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from matching.errors import UsageError
from matching.records.hours import credited
from matching.records.policy import RecordPolicy
from matching.records.tables import Projects, Records
from matching.stores.files.whole import replacing_folder
from matching.stores.records.faulty import Faults, check_unique, settle, tell_unknown
from matching.stores.records.sources import RecordSource
from matching.stores.records.spilling import FILES, Spill
from matching.tables.cleaning import OnError
from matching.tables.one_table import empty, unknown_columns

SUMMARY, FAULTS = "credited.json", "unreadable.parquet"
NAMES = (SUMMARY, FAULTS, *(f"credited-{number:02}.parquet" for number in range(FILES)))
_OF_PROJECTS = ("request_id", "start", "end", "across_days", "row")
# What the hours of a record depend on, of the policy.
_KEYS = ("time_zone", "rounding", "max_categories")


@dataclass(frozen=True)
class Credited:
    """Records with what they count, as files that hold all of a volunteer's together.

    Attributes
    ----------
    folder : pathlib.Path
    summary : dict
        ``records``, of which ``unreadable`` and by ``codes``, ``minutes`` served and ``credited``,
        ``as_of`` and the ``last`` start (UTC), ``policy`` and the tables that were asked.
    was_kept : bool
        Whether it was credited before.
    """

    folder: Path
    summary: dict[str, Any]
    was_kept: bool = False

    def parts(self) -> Iterator[pl.DataFrame]:
        """Give the records that could be read; see `hours.credited`."""
        for path in sorted(self.folder.glob("credited-*.parquet")):
            yield pl.read_parquet(path, memory_map=False)

    @property
    def time_zone(self) -> str:
        """The zone whose days and clock the records were judged by."""
        return str(self.summary["policy"]["time_zone"])

    @property
    def today(self) -> date:
        """The local day of the moment as of which the records were credited."""
        # The end of a day is its last minute.
        return self._day(self.summary["as_of"] - timedelta(minutes=1))

    @property
    def last_day(self) -> date | None:
        """The local day of the last record that counts; None if none does."""
        last = self.summary["last"]
        return None if last is None else self._day(last)

    def _day(self, moment: datetime) -> date:
        utc = moment.replace(tzinfo=ZoneInfo("UTC"))
        return utc.astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def facts(self) -> dict[str, Any]:
        """What JSON tells beside a table: totals, the moment (UTC) and the policy."""
        return {"totals": self.summary}

    @property
    def unreadable(self) -> pl.DataFrame:
        """The faults of the rows that could not, in the layout of `DataError`."""
        return pl.read_parquet(self.folder / FAULTS, memory_map=False)


@contextmanager
def credited_records(
    where: object,
    policy: RecordPolicy,
    as_of: datetime,
    on_error: OnError = "raise",
    keep: Path | None = None,
    announce: Callable[[str], None] = lambda phase: None,
    **options: Any,
) -> Iterator[Credited]:
    """Read records, or a folder that was kept, and give them credited for as long as it takes.

    Parameters
    ----------
    where : object
        See `sources.RecordSource`; or a folder that was kept.
    policy : RecordPolicy
    as_of : datetime.datetime
        Now, in UTC.
    on_error : {"raise", "quarantine"}
        Refuse faulty rows, or set them aside: they are told, and count nothing.
    keep : pathlib.Path, optional
        A folder to keep them in.
    announce : callable, optional
        Is told each phase as it begins: ``records``, ``credit``, ``tally``.
    **options
        What the store understands.

    Raises
    ------
    DataError
        With the faults of the rows, unless they are to be set aside.
    UsageError
        If there are no records.
    """
    kept = _kept(where)
    if kept is not None:
        _check_same(kept, policy)
        announce("tally")
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="matching-records-") as scratch:
        source = RecordSource(where, **options)
        if keep is None:
            folder = Path(scratch) / "credited"
            folder.mkdir()
            made = _credit(source, policy, as_of, on_error, folder, Path(scratch), announce)
            announce("tally")
            yield made
            return
        with replacing_folder(keep, NAMES) as folder:
            made = _credit(source, policy, as_of, on_error, folder, Path(scratch), announce)
        announce("tally")
        yield Credited(keep, made.summary)


def _kept(where: object) -> Credited | None:
    path = Path(where) if isinstance(where, str | Path) else None
    if path is None or not (path / SUMMARY).is_file():
        return None
    try:
        summary = json.loads((path / SUMMARY).read_text(encoding="utf-8"))
        for name in ("as_of", "last"):
            if summary[name] is not None:
                summary[name] = datetime.fromisoformat(summary[name])
        return Credited(path, summary, was_kept=True)
    except (ValueError, KeyError, TypeError):
        text = f"{path / SUMMARY} is not what was kept there; credit the records anew"
        raise UsageError(text) from None


def _check_same(kept: Credited, policy: RecordPolicy) -> None:
    for key in _KEYS:
        was, asked = kept.summary["policy"].get(key), getattr(policy, key)
        if was != asked and asked != getattr(RecordPolicy(), key):
            raise UsageError(
                f"{kept.folder} was credited with {key} = {was!r}, and the policy says {asked!r}; "
                "credit the records anew"
            )


def _credit(
    source: RecordSource,
    policy: RecordPolicy,
    as_of: datetime,
    on_error: OnError,
    folder: Path,
    scratch: Path,
    announce: Callable[[str], None],
) -> Credited:
    spilled = scratch / "rows"
    spilled.mkdir()
    spill, faults, others = Spill(spilled), Faults(on_error), Faults(on_error)
    announce("records")
    read = _read(source, policy, faults, spill)
    table, projects = _projects(source, policy, others)
    settle(on_error, records=faults, **{table: others})
    if projects is not None:
        check_unique(table, projects, "request_id")
    if read == 0 and not faults.rows:
        raise UsageError("there are no records; name a store with a table, or file, called records")
    announce("credit")
    contested = spill.contested()
    totals: list[pl.DataFrame] = []
    # There is always a part, if only an empty one.
    for number, part in enumerate(spill.parts() if read else [empty(Records)]):
        rows = credited(part, policy, as_of, projects, contested)
        rows.write_parquet(folder / NAMES[2 + number], compression="lz4")
        totals.append(
            rows.group_by("code").agg(
                pl.len(), pl.sum("minutes", "credited").cast(pl.Int64), pl.max("start")
            )
        )
    faults.every().write_parquet(folder / FAULTS)
    summary = _summary(totals, faults.rows) | {
        "as_of": as_of,
        "policy": asdict(policy),
        "projects": projects is not None,
        "contested_ids": len(contested),
    }
    plain = json.dumps(summary, default=str, ensure_ascii=False, indent=2)
    (folder / SUMMARY).write_text(plain + "\n", encoding="utf-8")
    return Credited(folder, summary)


def _read(source: RecordSource, policy: RecordPolicy, faults: Faults, spill: Spill) -> int:
    """Read and check all records, and return how many rows there were."""
    total, warned = 0, set[str]()
    for batch in source.batches("records", Records):
        total += 0 if batch.rows is None else batch.rows.height
        rows = faults.clean(batch, Records, policy.time_zone)
        if rows is None:
            continue
        if batch.rows is not None:
            warned |= {*unknown_columns("records", Records, batch.rows)}
        spill.add(rows)
    tell_unknown(warned)
    return total


def _projects(
    source: RecordSource, policy: RecordPolicy, faults: Faults
) -> tuple[str, pl.DataFrame | None]:
    """Return the projects, or else the requests as such, by name; None where there are neither."""
    for name in ("projects", "requests"):
        found = []
        for batch in source.batches(name, Projects):
            rows = faults.clean(batch, Projects, policy.time_zone)
            found += [] if rows is None else [rows.select(_OF_PROJECTS)]
        if found:
            return name, pl.concat(found)
    return "projects", None


def _summary(totals: list[pl.DataFrame], unreadable: int) -> dict[str, Any]:
    """Return how many records there are, what they count, and why the others do not."""
    every = pl.concat(totals).with_columns(pl.col("code").cast(pl.String))
    by_code = (
        every.group_by("code")
        .agg(pl.sum("len", "minutes", "credited"), pl.max("start"))
        .sort("code")
    )
    codes = dict(by_code.drop_nulls("code").select("code", "len").rows())
    codes |= {"unreadable": unreadable} if unreadable else {}
    return {
        "records": int(by_code["len"].sum()) + unreadable,
        "counted": int(by_code.filter(pl.col("code").is_null())["len"].sum()),
        "minutes": int(by_code["minutes"].sum()),
        "credited": int(by_code["credited"].sum()),
        "codes": codes,
        "last": by_code.filter(pl.col("code").is_null())["start"].max(),
    }
