"""``matching recommend``: what needs a volunteer, who could come, and whom to offer what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from matching.cli import arguments as arg
from matching.cli.answering import check_file, write_table
from matching.cli.conduct import say, teaching
from matching.cli.given import print_json

if TYPE_CHECKING:
    import polars as pl


def recommend(
    plan: Annotated[str, typer.Argument(help="Folder or URL that holds a plan with its prices")],
    volunteer: Annotated[str | None, arg.option("What needs this volunteer most", "ID")] = None,
    request: Annotated[str | None, arg.option("Who could come to this request", "ID")] = None,
    everybody: Annotated[bool, arg.option("What needs each volunteer most", None, "--all")] = False,
    offers: Annotated[bool, arg.option("Whom to offer what, of all", None, "--offers")] = False,
    top: Annotated[int, arg.option("At most so many for each", "K", min=1)] = 10,
    given: Annotated[
        Literal["plan", "accepted", "nothing"],
        arg.option("What stands: all of the plan, what is pinned or accepted, or nothing of it"),
    ] = "plan",
    out: arg.OutFileOption = None,
    json: arg.JsonOption = False,
    tables: arg.TablesOption = None,
    week: arg.WeekOption = None,
    policy: arg.PolicyOption = None,
    mapping: arg.MappingOption = None,
    option: arg.OptionOption = None,
    out_option: arg.OutOptionOption = None,
) -> None:
    """Say what needs a volunteer most, who could come to a request, or whom to offer what.

    Whatever is shown keeps every rule beside what stands of the plan. Tables, week and policy are
    those that the plan's summary remembers, unless given.
    """
    with teaching(json) as outcome:
        from matching.cli.opened import desk_of
        from matching.cli.words import taught

        if (volunteer is not None) + (request is not None) + everybody + offers != 1:
            raise taught("for_whom")
        check_file(out)
        desk = desk_of(plan, tables, week, policy, mapping, option, out_option)
        if offers:
            name, found = "offers", desk.offers(given)
        elif request is not None:
            name, found = "shortlist", desk.shortlist(request, top, given)
        elif volunteer is not None:
            name, found = "feed", desk.feed(volunteer, top, given)
        else:
            name, found = "feed", desk.feeds(top, given)
        write_table(name, found, out, outcome)
        if json:
            print_json({name: found.to_dicts()} if out is None else {"written": str(out)})
        elif out is not None:
            say(f"{found.height:,} rows written to {out}")
        else:
            _show(name, found, given)


def _show(name: str, found: pl.DataFrame, given: str) -> None:
    """Print a table, or why it is empty."""
    from matching.cli.terminal import show_table

    if found.is_empty():
        more = "" if given == "nothing" else "; --given nothing looks beyond the plan"
        what = "nobody is to be offered anything: " if name == "offers" else ""
        say(f"{what}nothing keeps every rule beside what stands of the plan{more}")
        return
    # All that is shown adds up to the score; what hardly anybody has is left out if nobody does.
    is_shown = "kept" in found.columns and (found["kept"] != 0).any()
    show_table(found.drop("start", "end", "fit", *(() if is_shown else ("kept",)), strict=False))
