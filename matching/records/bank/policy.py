"""The rules of a time bank as data: a TOML file, with the source of each rule or "assumed"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from matching.errors import PolicyError, listed, quoted
from matching.guards.doors import constructor, door
from matching.guards.toml import check_keys, read_toml
from matching.guards.urls import shown_value
from matching.policy import Policy
from matching.records.bank.tables import KIN

ASSUMED = "assumed"
_CITIES = Path(__file__).parent / "cities"
_OVER_CAP = ("pool", "refuse")


def _key(default: Any, doc: str, unit: str = "", words: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"doc": doc, "unit": unit, "words": words})


@constructor
@dataclass(frozen=True, slots=True)
class BankPolicy:
    """What a time bank allows; the default is what the two known cities have in common.

    Raises
    ------
    PolicyError
        If a value has the wrong type or is out of its range.
    """

    name: str = _key("default", "what the policy is called")
    time_zone: str = _key("Asia/Shanghai", "time zone of every time without an offset")
    redeem_from_age: int = _key(
        60, "age from which hours are redeemed; 0: from any. It is shown by the qualification age_N"
    )
    redeem_for: tuple[str, ...] = _key(
        ("self", "spouse"), "for whom hours are redeemed", words=("self", *KIN)
    )
    gift_to: tuple[str, ...] = _key(
        ("spouse", "parent", "child"), "to whom hours are given", words=KIN
    )
    cap_hours: int = _key(0, "what one person may hold; 0: any", "hours")
    over_cap: str = _key(
        "pool", "what a deposit has above the cap goes to the region's pool, or is refused"
    )
    expires_after_months: int = _key(0, "full months that hours last; 0: for ever", "months")
    organisations_redeem: bool = _key(False, "whether organisations redeem, or only donate")
    region_digits: int = _key(
        4, "how many characters of a region's code say whose bank it is; 0: all", "characters"
    )
    region: str = _key("home", "the region of records and movements that say none")
    sources: Mapping[str, str] = field(
        default_factory=dict,
        hash=False,
        metadata={"doc": "a section: for each key who says so; what has none is assumed"},
    )

    def __post_init__(self) -> None:
        Policy(time_zone=self.time_zone)  # which knows what zones there are
        for item in fields(self)[:-1]:
            value = _checked(item.name, getattr(self, item.name), item.default, item.metadata)
            object.__setattr__(self, item.name, value)
        if self.over_cap not in _OVER_CAP:
            raise PolicyError(
                f"policy over_cap = {quoted(self.over_cap)} must be one of {', '.join(_OVER_CAP)}"
            )
        known = [item.name for item in fields(self)[:-1]]
        unknown = [name for name in self.sources if name not in known]
        if unknown:
            raise PolicyError(f"policy sources names {listed(unknown)}; keys are {listed(known)}")

    @property
    def assumed(self) -> list[str]:
        """The keys that no source stands behind."""
        aside = ("name", "time_zone", "region", "region_digits", "sources")
        keys = [item.name for item in fields(self) if item.name not in aside]
        return [name for name in keys if self.sources.get(name, ASSUMED) == ASSUMED]

    @classmethod
    @door
    def named(cls, name: str | Path) -> BankPolicy:
        """Return the policy of a city that is known (see `cities`), or of a TOML file.

        Raises
        ------
        PolicyError
            If there is neither, or the file has an unknown key or a value that is not allowed.
        """
        path = _CITIES / f"{name}.toml"
        text = f"known are {', '.join(cities())}, or name a file"
        try:
            known = str(name) in cities()
            table, _ = read_toml(path if known else name, "policy file", PolicyError)
        except OSError as error:
            raise PolicyError(f"policy file {name}: {error.strerror}; {text}") from None
        return cls.from_dict(table)

    @classmethod
    @door
    def from_dict(cls, table: dict[str, Any]) -> BankPolicy:
        """Make a policy of names and values; see `named`."""
        known = (item.name for item in fields(cls))
        check_keys(table, known, "policy of the bank has no key", PolicyError)
        return cls(**table)


def cities() -> list[str]:
    """Return the names of the policies that come with the library."""
    return sorted(path.stem for path in _CITIES.glob("*.toml"))


def _checked(name: str, value: Any, default: Any, metadata: Mapping[str, Any]) -> Any:
    words = metadata["words"]
    if isinstance(default, tuple):
        if not isinstance(value, (list, tuple)) or not all(each in words for each in value):
            text = f"must be a list of some of {', '.join(words)}"
            raise PolicyError(f"policy {name} = {shown_value(value)} {text}")
        return tuple(value)
    kind = type(default)
    if type(value) is not kind:
        wanted = {bool: "true or false", int: "a whole number", str: "a text"}[kind]
        raise PolicyError(f"policy {name} = {shown_value(value)} must be {wanted}")
    if kind is int and not 0 <= value <= 1_000_000:
        raise PolicyError(f"policy {name} = {quoted(value)} must be from 0 to 1000000")
    if kind is str and not value.strip():
        raise PolicyError(f"policy {name} is empty; leave it out, or say a text")
    return value
