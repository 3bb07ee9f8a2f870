"""Days written short, written out: ``M/W/F``, ``M-Th``, 周二、四, ``Dec 8 & 10``, 12月7日-11日."""

from __future__ import annotations

import re
from functools import cache

from matching.stores.spreadsheets.days import month_names
from matching.stores.spreadsheets.words import eastern

_LETTER = {"M": "mon", "T": "tue", "Tu": "tue", "W": "wed", "R": "thu", "Th": "thu", "F": "fri"}
_LETTER |= {"Sa": "sat", "S": "sat", "Su": "sun"}
_ONE = "Tu|Th|Sa|Su|[MTWRFS]"
_PARTED = re.compile(rf"(?<!\w)(?:{_ONE})(?:\s?[/,&+–-]\s?(?:{_ONE}))+(?![\w'.])")
_JOINED = re.compile(r"(?<!\w)M?(?:Tu|T(?!h))?W?(?:Th|R)?F?(?![\w'.])")
_SIGNS = "一二三四五六日天"
_LIST = re.compile(
    rf"(周|星期|礼拜|週|禮拜)([{_SIGNS}])((?:\s?[、,，/和及跟]?\s?[{_SIGNS}])+)(?![节節班期月])"
)
_SPAN = re.compile(rf"(周|星期|礼拜|週|禮拜)([{_SIGNS}])\s?([至到~～—–-])\s?([{_SIGNS}])(?![节節])")
_ALONE = re.compile(rf"^\s*[{_SIGNS}](?:[、,，]?[{_SIGNS}])+(?![节節班期月])")
_OUT = re.compile(
    r"((?:周|星期|礼拜|週)[^，,；;。\s]{1,6}?)(?:除外|以外都?可?以?|不行|不可以?|不能来?|没空|没时间|有事|有课)"
)
_BUT = re.compile(r"\b((?:any|every|all)\s?(?:day|days|time)s?)\s+but\b(?!\s+not)", re.IGNORECASE)


_COMPOUND = re.compile(
    r"(montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|maandag|dinsdag|woensdag|donderdag"
    r"|vrijdag|zaterdag|zondag)s?(vormittag|nachmittag|mittag|abend|morgen|ochtend|middag|avond)s?",
    re.IGNORECASE,
)


def written_out(text: str) -> str:
    """Return a text in which every day has its own name, and every date its month."""
    text = _COMPOUND.sub(lambda hit: f"{hit[1]} {hit[2].replace('morgen', 'morgens')}", text)
    text = _PARTED.sub(_parted, text)
    text = _JOINED.sub(_joined, text)
    text = _SPAN.sub(r"\1\2\3\1\4", text)
    text = _OUT.sub(r"除\1", text)
    if found := _ALONE.match(text):
        text = _each("周", found[0]) + text[found.end() :]
    text = _LIST.sub(lambda hit: _each(hit[1], hit[2] + hit[3]), text)
    text = _BUT.sub(r"\1 except", text)
    for pattern, kind in _dates():
        text = pattern.sub(lambda hit, kind=kind: _dated(hit, kind), text)  # type: ignore[misc]
    return text


def _parted(hit: re.Match[str]) -> str:
    return re.sub(_ONE, lambda one: _LETTER[one[0]], hit[0])


def _joined(hit: re.Match[str]) -> str:
    found = re.findall(_ONE, hit[0])
    # "MR" and "MT" are no days together.
    return ",".join(_LETTER[one] for one in found) if len(found) > 1 and len(hit[0]) > 2 else hit[0]


def _each(word: str, signs: str) -> str:
    return "、".join(f"{word}{sign}" for sign in signs if sign in _SIGNS)


@cache
def _dates() -> list[tuple[re.Pattern[str], str]]:
    month = "|".join(sorted((n for n in month_names() if not eastern(n)), key=len, reverse=True))
    clock = r"(?![\d:]|\s?[ap]\.?m|\s?[-–]\s?\d{1,2}(?::|\s?[ap]\.?m))"
    alone = r"(?![\d:]|\s?[-–]|\s?[ap]\.?m)"
    more = rf"((?:\s?(?:,|&|\+|/|and|或|、)\s?\d{{1,2}}(?:st|nd|rd|th)?{alone})+)"
    return [
        (re.compile(pattern, re.IGNORECASE), kind)
        for pattern, kind in (
            (rf"(?<!\d\s)\b({month})\.?\s(\d{{1,2}})\s?[-–]\s?(\d{{1,2}}){clock}", "month first"),
            (rf"(?<![\d-])(\d{{1,2}})\s?[-–]\s?(\d{{1,2}})\.?\s({month})\b", "month last"),
            (rf"(?<!\d\s)\b({month})\.?\s(\d{{1,2}}(?:st|nd|rd|th)?){more}", "months"),
            (r"(\d{1,2})月(\d{1,2})[日号號]?\s?[-–~～至到—]\s?(\d{1,2})[日号號]", "月"),
            (r"(\d{1,2})月(\d{1,2})[日号號]?((?:\s?[、,，和及]\s?\d{1,2}[日号號])+)", "月s"),
        )
    ]


def _dated(hit: re.Match[str], kind: str) -> str:
    one, two, three = hit.groups()
    if kind == "month first":
        return f"{one} {two} - {one} {three}" if int(two) < int(three) <= 31 else hit[0]
    if kind == "month last":
        return f"{one} {three} - {two} {three}"
    if kind == "月":
        return f"{one}月{two}日-{one}月{three}日"
    days = re.findall(r"\d{1,2}", three)
    if kind == "月s":
        return "、".join(f"{one}月{day}日" for day in (two, *days))
    return ", ".join(f"{one} {day}" for day in (two, *days))
