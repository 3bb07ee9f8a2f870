"""The texts of slips in both languages, a whole column at a time, and how long they are.

Whoever reads them may have no app: a slip is plain text, and short. What comes from the data is
one line (see `plain.one_line`), so that a name cannot look like another service.
"""

from __future__ import annotations

import polars as pl

from matching.guards.harmless import one_line as one_line_of
from matching.reports.contacts import people
from matching.reports.facts import Facts
from matching.reports.locales import Locale
from matching.reports.page.texts import WEEKDAYS
from matching.reports.plain import one_line
from matching.schema import DEFAULT_POST

LANGUAGES = ("zh", "en")
# The alphabet of text messages (3GPP TS 23.038); each letter of the second row counts twice.
_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,\\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà"
    r"\^{}\\\[~\]|€"
)
_GSM_TWICE = r"[\^{}\\\[~\]|€]"
_TEXTS = ("station", "service", "post", "volunteer_id", "request_id")


def volunteer_slips(facts: Facts, locale: Locale | None = None) -> pl.DataFrame:
    """Return the text for each volunteer who serves: their own services and nobody else's.

    ``volunteer_id``, and for each language the text, its ``characters`` and ``messages``. Where
    there are contacts also ``name``, ``phone`` and ``language``, to send it by.
    """
    clock = _Clock(locale)
    roster = _plain(facts, facts.by_meeting(facts.roster))
    roster = roster.sort("own_volunteer_id", "start", "request_id")
    if facts.contacts is not None:
        # Nobody is greeted by an id that tells them from another of their name.
        names = facts.contacts.select("volunteer_id", "name")
        roster = roster.join(
            names, left_on="own_volunteer_id", right_on="volunteer_id", how="left"
        ).with_columns(volunteer_id=pl.coalesce("name", "volunteer_id"))
    post = pl.when(pl.col("post") != DEFAULT_POST).then("post")
    what = pl.format("{} {}", clock.when("en"), "service")
    order = {"zh": pl.format("订单{}", "request_id"), "en": pl.format("order {}", "request_id")}
    # A place is always there, if only as something to ask for.
    place = {one: pl.coalesce("station", order[one]) for one in LANGUAGES}
    line = {
        "zh": _joined(clock.when("zh"), "service", post, place["zh"], _if("lead", "领队"), by=" "),
        "en": _joined(what, post, place["en"], _if("lead", "you lead"), by=", "),
    }
    head = {
        "zh": pl.format("{}您好，志愿服务", "volunteer_id"),
        "en": pl.format("Hello {}, your volunteering:", "volunteer_id"),
    }
    slips = roster.group_by("own_volunteer_id", "volunteer_id", maintain_order=True).agg(
        *(text.alias(f"lines_{language}") for language, text in line.items()),
        open=(pl.col("status") == "proposed").any(),
    )
    answer = {
        "zh": "能来吗？回复是/否",
        "en": "Can you come? Please answer YES or NO.",
    }
    asks = {one: _if("open", text) for one, text in answer.items()}
    slips = _slips(facts, slips, head, {"volunteer_id": "own_volunteer_id"}, asks)
    if facts.contacts is None:
        return slips
    known = facts.contacts.select("volunteer_id", "name", "phone", "language")
    return slips.join(known, on="volunteer_id", how="left", maintain_order="left").select(
        *known.columns, pl.exclude(known.columns)
    )


def team_slips(facts: Facts, locale: Locale | None = None) -> pl.DataFrame:
    """Return the text for each team: what, when, where, who, and how many are missing.

    ``request_id``, and the columns of `volunteer_slips`.
    """
    clock = _Clock(locale)
    first = pl.col("start") == pl.col("start").min().over("request_id", "post", "volunteer_id")
    roster = _plain(facts, facts.by_meeting(facts.roster).filter(first))
    roster = roster.sort("own_request_id", "post", "own_volunteer_id")
    about = pl.col("request_id", "station", "service", "day", "start", "end", "team").first()
    teams = roster.group_by("own_request_id", "post", maintain_order=True).agg(
        about,
        *(_member(language).str.join(" ").alias(f"members_{language}") for language in LANGUAGES),
    )
    several = pl.len().over("own_request_id") > 1
    named = pl.when(several | (pl.col("post") != DEFAULT_POST)).then(pl.col("post") + ": ")
    teams = teams.with_columns(named=named.fill_null(""))
    teams = teams.group_by("own_request_id", maintain_order=True).agg(
        about,
        *(
            pl.concat_str("named", f"members_{language}").alias(f"lines_{language}")
            for language in LANGUAGES
        ),
    )
    teams = _with_further_meetings(facts, teams, clock)
    teams = teams.join(_missing(facts), on="own_request_id", how="left", maintain_order="left")
    zh = (*("service", clock.when("zh"), _if_any(" {}", "station")), "request_id", "team")
    en = (*("service", clock.when("en"), _if_any(", {}", "station")), "request_id", _people())
    head = {
        "zh": pl.format("{} {}{} 订单{}，{}人{}", *zh, _if_any("，缺{}", "missing")),
        "en": pl.format("{}, {}{}, order {}: {}{}", *en, _if_any(", {} missing", "missing")),
    }
    return _slips(facts, teams, head, {"request_id": "own_request_id"})


def station_slips(facts: Facts, locale: Locale | None = None) -> pl.DataFrame:
    """Return the text for each station and day: what happens when, and how many come.

    ``station_id``, ``day``, and the columns of `volunteer_slips`. Orders that nobody serves are
    among them, so that nobody waits in vain.
    """
    clock = _Clock(locale)
    about = ["own_station_id", "own_request_id", "station", "service", "day", "start", "end"]
    once = ["own_request_id", "start"]
    served = _plain(facts, facts.by_meeting(facts.roster)).select(*about, "team").unique(once)
    left = _plain(facts, facts.by_meeting(facts.unfilled))
    left = left.join(served, on="own_request_id", how="anti")
    left = left.select(*about, team=pl.lit(0, pl.UInt32)).unique(once)
    every = pl.concat([served.cast({"team": pl.UInt32}), left])
    every = every.join(_missing(facts), on="own_request_id", how="left")
    every = every.drop_nulls("own_station_id").sort(
        "own_station_id", "day", "start", "service", "own_request_id"
    )
    zh, en = _if_any(" 缺{}", "missing"), _if_any(", {} missing", "missing")
    line = {
        "zh": pl.format("{} {} {}人{}", clock.clock("zh"), "service", "team", zh),
        "en": pl.format("{} {}: {}{}", clock.clock("en"), "service", _people(), en),
    }
    slips = every.group_by("own_station_id", "day", maintain_order=True).agg(
        pl.col("station").first(),
        *(text.alias(f"lines_{language}") for language, text in line.items()),
    )
    head = {one: pl.format("{} {}", "station", clock.day(one)) for one in LANGUAGES}
    return _slips(facts, slips, head, {"station_id": "own_station_id", "day": "day"})


def _with_further_meetings(facts: Facts, teams: pl.DataFrame, clock: _Clock) -> pl.DataFrame:
    """Put the times of all meetings after the first before the lines of a team."""
    every = facts.by_meeting(facts.roster).unique(["request_id", "start"]).sort("start")
    later = every.filter(pl.int_range(pl.len()).over("request_id") > 0)
    if later.is_empty():
        return teams
    also = {
        "zh": pl.format("以及 {}", clock.when("zh")),
        "en": pl.format("and {}", clock.when("en")),
    }
    further = later.group_by(own_request_id="request_id", maintain_order=True).agg(
        text.alias(f"also_{one}") for one, text in also.items()
    )
    teams = teams.join(further, on="own_request_id", how="left", maintain_order="left")
    none = pl.lit([], dtype=pl.List(pl.String))
    return teams.with_columns(
        pl.concat_list(pl.col(f"also_{one}").fill_null(none), f"lines_{one}").alias(f"lines_{one}")
        for one in LANGUAGES
    )


def _plain(facts: Facts, frame: pl.DataFrame) -> pl.DataFrame:
    """Return texts as one line each, people by their names, and the ids as they are beside."""
    ids = [n for n in ("volunteer_id", "station_id", "request_id") if n in frame.columns]
    frame = frame.with_columns(pl.col(ids).name.prefix("own_"))
    if "volunteer_id" in ids:
        frame = frame.with_columns(people(frame["volunteer_id"], facts.contacts))
    return frame.with_columns(one_line(name) for name in _TEXTS if name in frame.columns)


def _missing(facts: Facts) -> pl.DataFrame:
    return facts.unfilled.group_by(own_request_id="request_id").agg(missing=pl.col("empty").sum())


def _slips(
    facts: Facts,
    slips: pl.DataFrame,
    head: dict[str, pl.Expr],
    keys: dict[str, str],
    asks: dict[str, pl.Expr] | None = None,
) -> pl.DataFrame:
    """Return the keys and each language's text, with what it takes to send it."""
    contact = one_line_of(facts.contact.strip())
    questions = {"zh": f"咨询：{contact}", "en": f"Questions: {contact}"}
    for one in LANGUAGES:
        parts = [head[one], pl.col(f"lines_{one}").list.join("\n")]
        parts += [asks[one]] if asks else []
        parts += [pl.lit(questions[one])] if contact else []
        text = pl.concat_str(parts, separator="\n", ignore_nulls=True)
        slips = slips.with_columns(text.alias(one)).with_columns(
            pl.col(one).str.len_chars().alias(f"{one}_characters"),
            messages(one).alias(f"{one}_messages"),
        )
    told = [f"{one}{part}" for one in LANGUAGES for part in ("", "_characters", "_messages")]
    return slips.select(*(pl.col(old).alias(new) for new, old in keys.items()), *told)


def messages(column: str) -> pl.Expr:
    """Return how many text messages a text takes.

    One holds 160 letters of the alphabet of text messages, or 70 of any other; of a text that
    takes several, each holds 153 or 67.
    """
    text = pl.col(column)
    plain = text.str.contains(f"^[{_GSM}]*$")
    letters = text.str.len_chars()
    small = letters + text.str.count_matches(_GSM_TWICE)
    # What lies beyond the first plane of Unicode counts twice.
    large = letters + text.str.count_matches(r"[\x{10000}-\x{10FFFF}]")
    length = pl.when(plain).then(small).otherwise(large)
    single, part = pl.when(plain).then(160).otherwise(70), pl.when(plain).then(153).otherwise(67)
    parts = (length / part).ceil().cast(pl.Int64)
    return pl.when(length <= single).then(1).otherwise(parts)


class _Clock:
    """How days and times are written: in English as the region does, in Chinese briefly."""

    def __init__(self, locale: Locale | None) -> None:
        self.locale = locale or Locale()

    def day(self, language: str) -> pl.Expr:
        if language == "en":
            return self.locale.english().days("day")
        weekday = pl.col("day").dt.weekday()
        weekday = weekday.replace_strict(range(1, 8), WEEKDAYS["zh"], return_dtype=pl.String)
        return weekday + pl.col("day").dt.strftime("%-m/%-d")

    def clock(self, language: str) -> pl.Expr:
        nights = (pl.col("end").dt.date() - pl.col("day")).dt.total_days()
        later = pl.when(nights > 0).then(pl.format("(+{})", nights)).otherwise(pl.lit(""))
        locale = self.locale.english() if language == "en" else Locale("zh")
        return pl.format("{}-{}{}", locale.times("start"), locale.times("end"), later)

    def when(self, language: str) -> pl.Expr:
        return pl.format("{} {}", self.day(language), self.clock(language))


def _member(language: str) -> pl.Expr:
    lead = {"zh": "(领队)", "en": "(lead)"}[language]
    return pl.concat_str("volunteer_id", _if("lead", lead, ""))


def _people() -> pl.Expr:
    noun = pl.when(pl.col("team") == 1).then(pl.lit("person")).otherwise(pl.lit("people"))
    return pl.format("{} {}", "team", noun)


def _if(column: str, text: str, other: str | None = None) -> pl.Expr:
    return pl.when(column).then(pl.lit(text)).otherwise(pl.lit(other, pl.String))


def _if_any(text: str, column: str) -> pl.Expr:
    """Return a column within some text, and nothing where it is null."""
    return pl.format(text, column).fill_null("")


def _joined(*parts: pl.Expr | str, by: str) -> pl.Expr:
    return pl.concat_str(*parts, separator=by, ignore_nulls=True)
