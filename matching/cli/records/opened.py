"""Records as the commands are given them: where, under which policy, as of when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from matching.cli import arguments as arg
from matching.cli.conduct import tell
from matching.cli.given import options_of

if TYPE_CHECKING:
    from matching.records.policy import RecordPolicy
    from matching.stores.records.crediting import Credited
    from matching.stores.records.sources import RecordSource

RecordsArgument = Annotated[
    str,
    typer.Argument(
        help="Where the records are: a file, a folder with records.csv or a folder records/ of "
        "files, a URL such as postgresql://host/platform, or what hours --keep left"
    ),
]
RecordPolicyOption = Annotated[
    Path | None, arg.option("TOML file with rules of hours, stars and goals", "FILE")
]
AsOfOption = Annotated[
    str | None,
    arg.option("Now: 2026-06-30T18:00, or a day, which is taken to its end", "TIME", "--as-of"),
]

BesideOption = Annotated[
    str | None,
    arg.option("Where reviews, volunteers, ... are, if not beside the records", "WHERE"),
]


def record_policy(path: Path | None) -> RecordPolicy:
    """Return the policy that is named, or else the defaults."""
    from matching.records.policy import RecordPolicy

    return RecordPolicy() if path is None else RecordPolicy.from_toml(path)


def moment(text: str | None, time_zone: str) -> datetime:
    """Return the moment that is named, or else this one, in UTC."""
    from matching.errors import UsageError

    zone = ZoneInfo(time_zone)
    if text is None:
        return datetime.now(ZoneInfo("UTC")).replace(tzinfo=None, second=0, microsecond=0)
    try:
        if len(text) == len("2026-06-30"):
            end = date.fromisoformat(text) + timedelta(days=1)
            said = datetime.combine(end, time())
        else:
            said = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(f"--as-of {text!r}: write 2026-06-30, or 2026-06-30T18:00") from None
    aware = said if said.tzinfo is not None else said.replace(tzinfo=zone)
    return aware.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


@contextmanager
def opened(
    where: str,
    policy: RecordPolicy,
    as_of: str | None,
    on_error: arg.OnError,
    option: list[str] | None,
    keep: Path | None = None,
) -> Iterator[Credited]:
    """Credit the records, and tell what was not asked of them; progress is shown until the end."""
    from matching.cli.ticker import Ticker
    from matching.stores.records.crediting import credited_records

    options: dict[str, Any] = options_of(option)
    now = moment(as_of, policy.time_zone)
    with (
        Ticker(("read", "credit", "tally")) as ticker,
        credited_records(
            where, policy, now, on_error, keep, ticker.announce, **options
        ) as credited,
    ):
        _tell_of_kept(credited, now, as_of)
        if not credited.summary["projects"]:
            tell_of_projects()
        yield credited


def tell_of_projects() -> None:
    """Say what is not asked of records where there are no projects."""
    tell(
        "warning: no table projects or requests: nobody asked whether a record lies in the days "
        "of its project",
        "yellow",
    )


def _tell_of_kept(credited: Credited, now: datetime, as_of: str | None) -> None:
    """Say as of when records were credited that were kept; another moment is refused."""
    from matching.errors import UsageError

    if not credited.was_kept:
        return
    zone = ZoneInfo(credited.time_zone)
    then = credited.summary["as_of"].replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
    if as_of is not None and now != credited.summary["as_of"]:
        raise UsageError(
            f"{credited.folder} was credited as of {then:%Y-%m-%d %H:%M}, and --as-of says "
            f"{as_of}: leave it out, or credit the records anew"
        )
    tell(f"records as they were credited as of {then:%Y-%m-%d %H:%M}", "bold")


def beside(records: str, tables: str | None, option: list[str] | None) -> RecordSource:
    """Return where the other tables are."""
    from matching.stores.records.sources import RecordSource

    return RecordSource(records if tables is None else tables, **options_of(option))


def day_of(name: str, text: str | None) -> date | None:
    """Return the day that an option names."""
    from matching.errors import UsageError

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{name} {text!r}: write a day as 2026-06-30") from None
