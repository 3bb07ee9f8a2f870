"""What the terminal says of records, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

from matching.cli.language import Language
from matching.records.due import STATES
from matching.records.feedback import Feedback
from matching.records.indicators import Period
from matching.records.policy import RecordPolicy
from matching.records.signing import fingerprint
from matching.records.stars import Thresholds

# Of a table, so many rows are told; a file has all.
MOST = 20


@cache
def words(language: Language) -> Mapping[str, str]:
    """Return all texts by name."""
    own = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
    return {name: text[language] for name, text in own.items()}


def totals(summary: Mapping[str, Any], language: Language) -> Iterator[str]:
    """Say how many records there are, what they count, and how many count nothing, by reason."""
    said = words(language)
    yield said["totals"].format(
        records=f"{summary['records']:,}",
        counted=f"{summary['counted']:,}",
        hours=f"{summary['credited'] / 60:,.2f}",
    )
    for code, count in summary["codes"].items():
        yield f"  {count:>12,}  {code}: {said[code]}"


def people(hours: pl.DataFrame, language: Language) -> Iterator[str]:
    """Say what each volunteer's records come to, those with the most hours first."""
    said = words(language)
    some = hours.filter(pl.col("hours") > 0).height
    yield said["people"].format(people=f"{hours.height:,}", some=f"{some:,}")
    order = hours.sort("hours", "volunteer_id", descending=[True, False])
    for row in order.head(MOST).iter_rows(named=True):
        line = said["person" if row["counted"] else "nobody"]
        yield line.format(**row | {"hours": f"{row['hours']:,.2f}"})
    yield from _more(order, said)


def stars(found: pl.DataFrame, rule: Thresholds, language: Language) -> Iterator[str]:
    """Say how many have each star, and of each who has one, why; the highest first."""
    said = words(language)
    by_hours = found.with_columns(by_hours=rule.by_hours()).filter(pl.col("by_hours") > 0)
    for star in range(len(rule.hours), -1, -1):
        count = found.filter(star=star).height
        yield said["stars"].format(star=star, people=f"{count:,}")
    order = by_hours.sort("star", "hours", "volunteer_id", descending=[True, True, False])
    for row in order.head(MOST).iter_rows(named=True):
        held = row["star"] < row["by_hours"]
        quality = None if row["quality"] is None else f"{row['quality']:.2f}"
        more = {"hours": f"{row['hours']:,.2f}", "quality": quality, "asked": rule.quality}
        yield said["held_back" if held else "starred"].format(**row | more)
    yield from _more(order, said)


def due(found: pl.DataFrame, policy: RecordPolicy, language: Language) -> Iterator[str]:
    """Say how many records are in each state, and of each until when it is to be entered."""
    said = words(language)
    counts = dict(found["state"].value_counts().iter_rows())
    for state in STATES:
        if state in counts:
            yield f"  {counts[state]:>12,}  {state}: {said[f'due_{state}']}"
    if not counts:
        yield said["nothing_due"].format(days=policy.due_days)
    waiting = found.filter(pl.col("state") != "late")
    for row in waiting.head(MOST).iter_rows(named=True):
        yield said[f"entry_{row['state']}"].format(**row)
    yield from _more(waiting, said)


def certificates(rows: pl.DataFrame, language: Language) -> Iterator[str]:
    """Say what each certificate would come to, and each of its records."""
    said = words(language)
    for (volunteer,), some in rows.group_by("volunteer_id", maintain_order=True):
        total = f"{some['minutes'].sum() / 60:,.2f}"
        yield said["certificate"].format(id=volunteer, hours=total, records=some.height)
        for row in some.iter_rows(named=True):
            cells = {name: "-" if cell is None else cell for name, cell in row.items()}
            hours, clock = f"{row['minutes'] / 60:,.2f}", f"{row['end']:%H:%M}"
            yield said["certified_record"].format(
                **cells | {"hours": hours, "start": f"{row['start']:%Y-%m-%d %H:%M}", "end": clock}
            )


def verdict(
    document: Mapping[str, Any],
    unchanged: bool,
    by: bool | None,
    shown: bool,
    language: Language,
) -> dict[str, Any]:
    """Say whether a certificate is as it was signed, by the wanted key, and ``shown`` so."""
    said = words(language)
    about = {name: document.get(name, "-") for name in ("volunteer_id", "hours", "issuer")}
    about["issued_on"] = document.get("issued_on", "-")
    if "signature" not in document:
        kind = "unsigned"
    elif not unchanged:
        kind = "changed"
    else:
        kind = {None: "unchanged", True: "valid", False: "other_key"}[by]
        kind = kind if shown else "other_page"
        about["key"] = fingerprint(document)
    sentence = said[f"is_{kind}"].format(**about)
    return {"valid": kind in ("unchanged", "valid"), "found": kind, **about, "sentence": sentence}


def expected(
    found: Feedback, fed: Mapping[str, int] | None, into: object, language: Language
) -> Iterator[str]:
    """Say what is to be expected of all, and of each; those who come least often first."""
    said, means = words(language), found.means
    if "show_up" in means:
        yield said["expected"].format(came=means["show_up"], served=means["reliability"])
        yield said["expected_weight"].format(**means)
    else:
        yield said["expected_nothing"]
    if "rating" in means:
        yield said["expected_reviews"].format(**means)
    if fed is not None:
        tables = ", ".join(f"{name} ({rows:,})" for name, rows in fed.items())
        yield said["fed"].format(into=into, tables=tables)
    if "show_up" in means:
        for row in found.people.sort("show_up", "volunteer_id").iter_rows(named=True):
            yield said["expected_person"].format(**row)


def indicators(
    found: pl.DataFrame, period: Period, policy: RecordPolicy, language: Language
) -> Iterator[str]:
    """Say each indicator of all against its goal, and then those of each group."""
    said = words(language)
    for row in found.filter(pl.col("by") == "all").iter_rows(named=True):
        about = {"since": period.since, "until": period.until, "hours": f"{row['hours']:,.2f}"}
        counts = {name: f"{row[name]:,}" for name in ("records", "served")}
        yield said["period"].format(**about, **counts)
        for name, whole in (("participation", "volunteers"), ("mobilisation", "teams")):
            if row[name] is not None:
                met = said["met" if row[f"{name}_met"] else "not_met"]
                goal = f"{getattr(policy, f'goal_{name}'):.0%}"
                share = {"share": f"{row[name]:.1%}", "whole": f"{row[whole]:,}"}
                yield said[name].format(**share, goal=goal, met=met)
        if row["hours_per_head"] is not None:
            met = said["met" if row["hours_per_head_met"] else "not_met"]
            hours = f"{row['hours_per_head']:.2f}"
            yield said["hours_per_head"].format(share=hours, goal=policy.goal_hours, met=met)
        if row["matched"] is not None:
            yield said["matched"].format(share=f"{row['matched']:.1%}", whole=f"{row['orders']:,}")
        if row["response_minutes"] is not None:
            yield said["response"].format(minutes=f"{row['response_minutes']:,.0f}")
    if found.is_empty():
        yield said["nobody_served"].format(since=period.since, until=period.until)
    groups = found.filter(pl.col("by") != "all")
    for row in groups.head(MOST).iter_rows(named=True):
        shares = {name: _percent(row[name]) for name in ("participation", "mobilisation")}
        head = "-" if row["hours_per_head"] is None else f"{row['hours_per_head']:.2f}"
        yield said["of_group"].format(
            by=row["by"],
            group=row["group"],
            hours=f"{row['hours']:,.2f}",
            hours_per_head=head,
            **shares,
        )
    yield from _more(groups, said)


def to_mend(bad: pl.DataFrame, language: Language) -> Iterator[str]:
    """Say of each record that somebody should mend why it counts nothing."""
    yield from bad["sentence"].head(MOST)
    yield from _more(bad, words(language))


def _more(rows: pl.DataFrame, said: Mapping[str, str]) -> Iterator[str]:
    if rows.height > MOST:
        yield said["more"].format(more=f"{rows.height - MOST:,}")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
