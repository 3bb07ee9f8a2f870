"""The page in a real browser: figures, filters, languages, print, keyboard, hostile text."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from matching import DataWarning, Problem, Result, solve
from matching.arcs.unfilled import REASONS
from matching.reports.answers import UNUSED
from matching.reports.asking import answered, answers_of
from matching.reports.contacts import addressed
from matching.reports.facts import Facts
from matching.reports.page import write_page
from matching.reports.page.charts import histogram
from matching.reports.page.rendering import district_names, render
from matching.reports.page.texts import LANGUAGES, texts
from matching.stores import read_tables
from tests.support.browser import launched
from tests.support.facts import MONDAY, facts_of, rows, small_world

PHONE, DESK = {"width": 360, "height": 780}, {"width": 1280, "height": 900}
Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Open the page of some facts; errors of its script and requests beyond the file fail."""
    troubles: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_(facts: Facts, locale: str = "en-GB", **options: Any) -> Page:
        path = tmp_path / f"{len(contexts)}.html"
        write_page(facts, path)
        context = browser.new_context(**({"viewport": DESK} | options), locale=locale)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"error {error}"))
        page.on("console", lambda message: troubles.append(f"console {message.text}"))
        page.on(
            "dialog", lambda dialog: (troubles.append(f"dialog {dialog.message}"), dialog.dismiss())
        )
        context.on(
            "request",
            lambda request: (
                request.url == path.as_uri() or troubles.append(f"request {request.url}")
            ),
        )
        page.goto(path.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not troubles
    assert all(url.startswith(tmp_path.as_uri()) for url in asked)


@pytest.fixture(scope="module")
def facts() -> Facts:
    """The example of a district: 31 requests, options, leads, quotas."""
    return facts_of(read_tables("docs/examples/district/tables"))


@pytest.fixture(scope="module")
def result() -> Result:
    return solve(Problem.from_tables(read_tables("docs/examples/district/tables"), MONDAY))


@pytest.fixture(scope="module")
def asked(result: Result) -> Facts:
    """The same example, with what the answers say of its empty seats."""
    facts = result.facts()
    return replace(facts, answers=answers_of(result, facts))


def unfold(page: Page) -> None:
    """Open all that is folded away."""
    page.eval_on_selector_all("details.fold", "all => all.forEach(one => { one.open = true; })")


def shown(page: Page, listing: str) -> list[list[str]]:
    """Return the visible cells of a listing, its group headings left out."""
    found: list[list[str]] = page.eval_on_selector_all(
        f"[data-listing={listing}] tbody tr:has(td)",
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))",
    )
    return found


def told(page: Page, listing: str) -> str:
    return page.inner_text(f"[data-listing={listing}] .count")


def filtering(page: Page, listing: str) -> None:
    """Show the filters, which few rows go without."""
    page.eval_on_selector(f"[data-listing={listing}] .filters", "one => { one.hidden = false; }")


def choose(page: Page, listing: str, field: str, label: str) -> None:
    filtering(page, listing)
    page.select_option(f"[data-listing={listing}] [data-filter={field}]", label=label)


def search(page: Page, listing: str, text: str) -> None:
    filtering(page, listing)
    page.fill(f"[data-listing={listing}] [data-filter=text]", text)


# --- what it says ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_figures_are_those_of_the_summary(opened: Opener, facts: Facts) -> None:
    page = opened(facts)
    figures: dict[str, str] = page.eval_on_selector_all(
        "[data-figure]",
        "all => Object.fromEntries(all.map(one => [one.dataset.figure, one.value]))",
    )
    for name in ("seats", "filled", "requests", "requests_served", "volunteers"):
        assert int(figures[name]) == facts.summary[name]
    for name in ("value", "bound", "gap", "hours", "volunteers_used"):
        assert float(figures[name]) == facts.summary[name]
    seen = page.inner_text("[data-figure=filled]")
    assert seen == f"{facts.summary['filled']:,}"
    unfold(page)
    assert "Proved best" in page.inner_text("#proof")
    assert page.inner_text(".first") == "74 of 89 seats filled; 15 open; 3 orders with nobody"


@pytest.mark.slow
def test_a_gap_that_is_open_and_one_that_is_unknown(opened: Opener, facts: Facts) -> None:
    feasible = facts.figures | {"status": "feasible", "gap": 0.00012367}
    page = opened(replace(facts, figures=feasible))
    unfold(page)
    assert "0.01237 %" in page.inner_text("#proof")
    assert "no plan can be worth more than this one by more" in page.inner_text("#proof")
    unknown = facts.figures | {"status": None, "gap": None, "bound": None}
    page = opened(replace(facts, figures=unknown))
    unfold(page)
    assert "comes without a bound" in page.inner_text("#proof")


@pytest.mark.slow
def test_every_seat_is_somewhere(opened: Opener, facts: Facts) -> None:
    page = opened(facts)
    unfold(page)
    page.click("details.counted summary")
    whole = page.inner_text(".heatmap tr.all td:last-child")
    assert f"{facts.figures['filled']}/{facts.figures['seats']}" in whole
    empty = page.eval_on_selector_all("[data-empty]", "all => all.map(one => +one.innerText)")
    assert sum(empty) == facts.figures["seats"] - facts.figures["filled"]
    assert told(page, "unfilled").startswith(f"{facts.unfilled.height} found")
    assert told(page, "roster").startswith(f"{facts.roster.height} found")
    assert len(page.query_selector_all("#dots .mark-symbol path")) == facts.stations.height
    page.click("#hours details summary")
    bars = page.eval_on_selector_all("#hours details td", "all => all.map(one => +one.innerText)")
    assert sum(bars) == facts.hours.height


@pytest.mark.slow
def test_a_roster_says_who_where_when_and_who_leads(opened: Opener) -> None:
    page = opened(facts_of(small_world()))
    assert shown(page, "roster") == [
        ["Mon 30 Nov\n09:00–11:00", "探访\nvisitor", "ann ★\nleads the team", "r1"],
        ["Mon 30 Nov\n09:00–11:00", "探访\nvisitor", "bo", "r1"],
        ["Tue 1 Dec\n10:00–13:00", "lunch\ncook", "cy", "r2"],
    ]
    # A column of one value is no column.
    assert "All services are proposed." in page.inner_text("#rosters")
    headings = page.eval_on_selector_all(
        "tbody th[scope=rowgroup]", "all => all.map(o => o.innerText)"
    )
    assert headings == ["North", "South"]
    nobody = ["Mon 30 Nov\n09:00–11:00", "repair\nvolunteer\nwithout a station", "0/1"]
    assert shown(page, "unfilled")[0] == [*nobody, "Nobody holds what is asked", "r3"]


@pytest.mark.slow
def test_worlds_with_nothing_to_show(opened: Opener) -> None:
    plan = pl.DataFrame(schema=dict.fromkeys(("request_id", "post", "volunteer_id"), pl.String))
    tables = small_world()
    del tables["stations"]
    tables["requests"] = tables["requests"].drop("station_id")
    page = opened(facts_of(tables, ({"plan": plan}, {})))
    # Nothing is drawn of what there is not.
    assert not page.query_selector("#hours, #map, #coverage")
    assert page.inner_text(".first") == "0 of 5 seats filled; 5 open; 3 orders with nobody"
    assert told(page, "roster") == "Nothing matches these filters."
    # Nobody else asked for anything: all seats are filled.
    only = small_world() | {"requests": small_world()["requests"].head(1)}
    del only["posts"], only["post_qualifications"]
    page = opened(facts_of(only))
    assert page.inner_text(".first") == "2 of 2 seats filled"
    assert not page.query_selector("#unfilled, #shortages")


# --- the week -------------------------------------------------------------------------------------


def grid(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.eval_on_selector_all(
        ".grid tr", "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )
    return found


def recurring() -> dict[str, pl.DataFrame]:
    """Packing on two mornings and driving on two afternoons; nobody drives on Tuesday."""
    days = ("2026-11-30", "2026-12-01")
    orders = [
        {
            "request_id": f"{name} {day}",
            "name": name,
            "start": f"{day}T{start}",
            "end": f"{day}T{end}",
        }
        for day in days
        for name, start, end in (("Packing", "09:00", "11:30"), ("Driving", "13:00", "15:00"))
    ]
    posts = [
        {"request_id": order["request_id"], "post": "volunteer", "seats": "2"}
        for order in orders
        if order["name"] == "Packing"
    ]
    posts += [
        {"request_id": order["request_id"], "post": "driver", "seats": "1"}
        for order in orders
        if order["name"] == "Driving"
    ]
    free = [
        {"volunteer_id": who, "start": f"{day}T08:00", "end": f"{day}T{end}"}
        for day, who, end in (
            (days[0], "ann", "12:00"),
            (days[0], "bo", "12:00"),
            (days[0], "cy", "16:00"),
            (days[1], "ann", "12:00"),
            (days[1], "bo", "12:00"),
        )
    ]
    return {
        "volunteers": rows(*({"volunteer_id": who} for who in ("ann", "bo", "cy"))),
        "availability": rows(*free),
        "requests": rows(*orders),
        "posts": rows(*posts),
    }


@pytest.mark.slow
def test_the_week_is_a_grid_of_shifts_and_days(opened: Opener) -> None:
    page = opened(facts_of(recurring()))
    assert grid(page) == [
        ["Shift", "Mon 30 Nov", "Tue 1 Dec"],
        ["09:00–11:30 Packing", "ann, bo", "ann, bo"],
        ["13:00–15:00 Driving", "driver cy", "1 open driver"],
    ]
    assert page.is_hidden("#week-filter"), "one station is no choice"
    red = page.eval_on_selector(".open", "one => getComputedStyle(one).color")
    assert red == "rgb(156, 28, 19)"
    page.click(".open")
    focused = page.evaluate("document.activeElement.innerText")
    assert focused.startswith("Tue 1 Dec\n13:00–15:00")
    assert page.is_hidden("[data-listing=unfilled] .filters"), "one row needs no search"


@pytest.mark.slow
def test_shifts_that_do_not_recur_stand_by_the_part_of_the_day(opened: Opener) -> None:
    page = opened(facts_of(small_world()))
    visit = "09:00–11:00 探访 North\nvisitor ann ★, bo"
    monday = f"09:00–11:00 repair without a station\n1 open\n{visit}"
    tuesday = "10:00–13:00 lunch South\ncook cy\n1 open cook"
    assert grid(page) == [["Shift", "Mon 30 Nov", "Tue 1 Dec"], ["morning", monday, tuesday]]
    page.select_option("#week-station", label="South")
    assert grid(page)[1] == ["morning", "10:00–13:00 lunch\ncook cy\n1 open cook"]


@pytest.mark.parametrize(
    ("locale", "first"),
    [
        ("en-US", ["Tue, Dec 1", "10:00 AM–1:00 PM"]),
        ("en-GB", ["Tue 1 Dec", "10:00–13:00"]),
        ("zh-CN", ["12月1日 周二", "10:00–13:00"]),
    ],
)
def test_days_and_clocks_are_those_of_the_region(
    opened: Opener, locale: str, first: list[str]
) -> None:
    page = opened(facts_of(small_world()), locale=locale)
    assert shown(page, "roster")[2][0].replace("\u00a0", " ").split("\n") == first
    assert grid(page)[0][2] == first[0]


@pytest.mark.slow
def test_a_phone_shows_the_week_day_by_day(opened: Opener, facts: Facts) -> None:
    page = opened(facts, viewport=PHONE)
    assert not page.query_selector(".grid")
    days = page.eval_on_selector_all(".oneday h3", "all => all.map(one => one.innerText)")
    assert days == [f"{day:%a} {day.day} {day:%b}" for day in week_of(facts)]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    wide = "all => all.filter(one => one.getBoundingClientRect().right > innerWidth + 1).length"
    assert page.eval_on_selector_all("#week *, #needs *, #unfilled *:not(option)", wide) == 0


def week_of(facts: Facts) -> list[Any]:
    return sorted({*facts.roster["day"], *facts.unfilled["day"]})


@pytest.mark.slow
def test_a_week_of_many_services_is_shown_by_station(opened: Opener, facts: Facts) -> None:
    """Six copies of 30 services are more than 150: no reader looks through all at once."""
    many = facts.roster.join(pl.DataFrame({"copy": range(6)}), how="cross")
    many = many.with_columns(request_id=pl.format("{}-{}", "request_id", "copy"))
    page = opened(replace(facts, roster=many))
    # It begins with the station that has most open seats.
    most = facts.unfilled.group_by("station").agg(pl.col("empty").sum())
    most = most.filter(pl.col("empty") == pl.col("empty").max())["station"].to_list()
    assert page.eval_on_selector("#week-station", "one => one.selectedOptions[0].text") in most
    assert 0 < len(page.query_selector_all(".shift")) < 150
    chosen = page.eval_on_selector("#week-station", "one => one.selectedOptions[0].text")
    served = many.filter(pl.col("station") == chosen)["request_id"].n_unique()
    open_there = facts.unfilled.filter(pl.col("station") == chosen)["request_id"].n_unique()
    assert served <= len(page.query_selector_all(".shift")) <= served + open_there


# --- answers --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_empty_seat_says_why_and_who_could_come(opened: Opener, asked: Facts) -> None:
    page = opened(asked)
    answers = asked.answers
    assert answers is not None
    (key, *_) = answers.could_come.select("request_id", "post").rows()
    search(page, "unfilled", key[0])
    row = page.locator("[data-listing=unfilled] tbody tr").filter(has_text=key[1]).first
    row.locator("summary").click()
    told = answers.told.filter(request_id=key[0], post=key[1])["en"].to_list()
    assert row.locator("ul li").all_inner_texts() == told
    could = answers.could_come.filter(request_id=key[0], post=key[1])
    listed = row.locator("ol li").all_inner_texts()
    assert [text.split()[0] for text in listed] == could["volunteer_id"].head(6).to_list()
    for text, km, busy in zip(listed, could["km"], could["busy"], strict=False):
        assert f"{round(km, 1):g} km" in text
        assert ("free" in text) == (busy is None)
        assert ("would give up" in text) == (busy is not None)


@pytest.mark.slow
def test_what_needs_somebody_leads_there(opened: Opener, asked: Facts) -> None:
    page = opened(asked)
    lines = page.locator(".needs > li").all_inner_texts()
    assert lines[0].startswith("Orders with nobody: 3.")
    assert any("would" not in line and "gave no time" not in line for line in lines)
    answers = asked.answers
    assert answers is not None
    unused = answers.unused.group_by("why").len().rows()
    assert unused
    for why, people in unused:
        start = texts()[f"unused_{why}"]["en"].replace("{}", str(people))
        assert sum(line.startswith(start) for line in lines) == 1
    page.locator(".needs button").first.click()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    row = page.locator("[data-listing=unfilled] tr:has(:focus)").inner_text()
    when = page.locator(".needs button").first.inner_text()
    assert row.split("\n")[0] in when
    assert told(page, "unfilled") == f"{asked.unfilled.height} found", "all others stay"


@pytest.mark.slow
def test_more_empty_posts_than_are_told_of_are_counted(
    opened: Opener, asked: Facts, result: Result
) -> None:
    few = replace(asked, answers=answers_of(result, asked, most=2))
    page = opened(few)
    left = asked.unfilled.height - 2
    assert f"Of the last {left} posts only the reason is told." in page.inner_text("#unfilled")
    assert len(page.query_selector_all("[data-listing=unfilled] details")) == 2


@pytest.mark.slow
def test_a_plan_without_prices_says_who_could_come_and_not_why(opened: Opener) -> None:
    """Bo cooks nowhere, though he may: the lunch has a seat for him on Tuesday."""
    tables = small_world()
    free = {"volunteer_id": "bo", "start": "2026-12-01T09:00", "end": "2026-12-01T14:00"}
    tables["availability"] = pl.concat([tables["availability"], rows(free)])
    plan = rows({"request_id": "r2", "post": "cook", "volunteer_id": "cy"})
    facts = facts_of(tables, ({"plan": plan}, {}))
    problem = Problem.from_tables(tables, MONDAY)
    page = opened(answered(facts, problem, ({"plan": plan}, {})))
    row = page.locator("[data-listing=unfilled] tbody tr").filter(has_text="lunch")
    row.locator("summary").click()
    assert row.locator("ol li").all_inner_texts() == ["bo free"]
    assert row.locator("ul").count() == 0


def test_a_plan_that_breaks_a_rule_has_no_answers(opened: Opener) -> None:
    """Cy is not there on Monday."""
    plan = rows({"request_id": "r1", "post": "visitor", "volunteer_id": "cy"})
    tables = small_world()
    facts = facts_of(tables, ({"plan": plan}, {}))
    with pytest.warns(DataWarning, match="does not say who could come: the plan breaks the rule"):
        same = answered(facts, Problem.from_tables(tables, MONDAY), ({"plan": plan}, {}))
    assert same.answers is None


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_people_have_names_where_somebody_gave_them(opened: Opener) -> None:
    """Two are called alike, so their ids stand with the name; of Cy nothing is known."""
    contacts = pl.DataFrame(
        {
            "volunteer_id": ["ann", "bo", "zoe"],
            "name": ["Kim Lee", "kim lee", "Nobody Here"],
            "phone": ["555-0199", None, None],
            "language": pl.Series([None] * 3, dtype=pl.String),
        }
    )
    with pytest.warns(DataWarning, match="nothing of 1 of 3 people who serve: cy"):
        facts = addressed(facts_of(small_world()), contacts)
    page = opened(facts)
    assert [row[2].split("\n")[0] for row in shown(page, "roster")] == [
        "Kim Lee (ann) ★",
        "kim lee (bo)",
        "cy",
    ]
    assert "Kim Lee (ann) ★, kim lee (bo)" in grid(page)[1][1]
    search(page, "roster", "KIM")
    assert len(shown(page, "roster")) == 2
    search(page, "roster", "ann")
    assert len(shown(page, "roster")) == 1
    html = page.content()
    assert "555-0199" not in html, "a page needs no phone"
    assert "Nobody Here" not in html, "nor who has no part in it"


# --- filters, pages, languages --------------------------------------------------------------------


@pytest.mark.slow
def test_filters(opened: Opener, facts: Facts) -> None:
    page = opened(facts)
    someone = facts.roster["volunteer_id"][5]
    search(page, "roster", someone.upper())
    theirs = facts.roster.filter(pl.col("volunteer_id") == someone)
    assert [row[2].split()[0] for row in shown(page, "roster")] == theirs["volunteer_id"].to_list()
    search(page, "roster", f"{someone} no-such-word")
    assert shown(page, "roster") == []
    search(page, "roster", "")
    name = facts.roster["station"][0]
    choose(page, "roster", "station", name)
    there = facts.roster.filter(pl.col("station") == name)
    assert told(page, "roster").startswith(f"{there.height} found")
    day = there["day"][0]
    choose(page, "roster", "day", f"{day:%a} {day.day} {day:%b}")
    then = there.filter(pl.col("day") == day)
    assert [row[3] for row in shown(page, "roster")] == then["request_id"].to_list()
    reason = facts.unfilled["reason"][0]
    choose(page, "unfilled", "reason", texts()[f"reason_{reason}"]["en"])
    count = facts.unfilled.filter(pl.col("reason") == reason).height
    assert told(page, "unfilled").startswith(f"{count} found")


@pytest.mark.slow
def test_pages_turn_and_stop_at_the_ends(opened: Opener, facts: Facts) -> None:
    page = opened(facts)
    forward, back = (f"[data-listing=roster] [data-turn='{step}']" for step in (1, -1))
    seen = [row[2].split()[0] for row in shown(page, "roster")]
    page.click(back, force=True)
    pages = -(-facts.roster.height // 25)
    for _ in range(pages + 1):
        page.click(forward, force=True)
        seen += [row[2].split()[0] for row in shown(page, "roster")]
    assert seen[: facts.roster.height] == facts.roster["volunteer_id"].to_list()
    assert told(page, "roster").endswith(f"page {pages} of {pages}")
    assert page.get_attribute(forward, "aria-disabled") == "true"
    assert page.get_attribute(back, "aria-disabled") == "false"


@pytest.mark.slow
def test_a_dot_of_the_map_opens_its_roster(opened: Opener, facts: Facts) -> None:
    page = opened(facts)
    unfold(page)
    page.locator("#dots .mark-symbol path").first.click()
    label = page.inner_text("#dot")
    largest = facts.stations.sort("seats", "station_id", descending=[True, False]).row(
        0, named=True
    )
    assert label == f"{largest['station']}: {largest['filled']} of {largest['seats']} seats filled"
    there = facts.roster.filter(pl.col("station_id") == largest["station_id"]).height
    assert told(page, "roster").startswith(f"{there} found")


@pytest.mark.slow
def test_a_dot_where_nobody_serves_only_says_so(opened: Opener) -> None:
    plan = rows({"request_id": "r2", "post": "cook", "volunteer_id": "cy"})
    page = opened(facts_of(small_world(), ({"plan": plan}, {})))
    unfold(page)
    for dot in page.locator("#dots .mark-symbol path").all():
        dot.click()
        if page.inner_text("#dot") == "North: 0 of 2 seats filled":
            break
    else:
        pytest.fail("no dot is the northern station's")
    assert told(page, "roster") == "1 found"
    assert page.input_value("[data-listing=roster] [data-filter=station]") == ""


@pytest.mark.slow
def test_both_languages(opened: Opener, facts: Facts) -> None:
    page = opened(facts, locale="zh-CN")
    assert page.title() == "志愿服务周计划 2026-11-30"
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.inner_text("#rosters-title") == "排班表"
    unfold(page)
    assert "11月30日 周一" in page.inner_text(".heatmap thead")
    assert shown(page, "roster")[0][0].startswith(("11月", "12月"))
    assert "Seats filled" not in page.inner_text("body")
    page.click("text=English")
    assert page.title() == "Volunteer plan, week of 2026-11-30"
    assert page.get_attribute("html", "lang") == "en"
    assert page.inner_text("#rosters-title") == "Rosters"
    assert page.get_attribute("[data-language=en]", "aria-pressed") == "true"
    assert not re.search("岗位名额|排班表|满足率", page.inner_text("body"))
    page.reload()
    assert page.get_attribute("html", "lang") == "en"


def test_every_text_is_there_in_both_languages() -> None:
    every = texts()
    assert all(text.keys() == LANGUAGES.keys() and all(text.values()) for text in every.values())
    for text in every.values():
        assert text["en"].count("{}") == text["zh"].count("{}")
    assert {f"reason_{reason}" for reason in REASONS} <= every.keys()
    assert {f"unused_{why}" for why in UNUSED} <= every.keys()


# --- paper, keyboard, screen readers --------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("paper", "points"), [("A4", (596, 843)), ("Letter", (612, 792))])
def test_it_prints_on_the_printers_paper_with_all_rows(
    opened: Opener, facts: Facts, paper: str, points: tuple[int, int]
) -> None:
    page = opened(facts)
    printed = page.pdf(prefer_css_page_size=True, format=paper)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert len(boxes) > 2
    assert {(round(float(wide)), round(float(high))) for wide, high in boxes} == {points}
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(shown(page, "roster")) == facts.roster.height
    assert told(page, "roster") == f"{facts.roster.height} found"
    assert not page.is_visible("nav")
    assert not page.is_visible("[data-listing=roster] .filters")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(shown(page, "roster")) == 25


# The words of the grid that do not stand on one line.
BROKEN = r"""() => [...document.querySelectorAll(".grid")].flatMap(grid => {
  const found = [], walk = document.createTreeWalker(grid, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) for (const word of walk.currentNode.data.matchAll(/\p{L}+/gu)) {
    const range = document.createRange();
    range.setStart(walk.currentNode, word.index);
    range.setEnd(walk.currentNode, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1)
      found.push(word[0]);
  }
  return found;
})"""


@pytest.mark.slow
@pytest.mark.parametrize(("media", "width"), [("screen", 1280), ("print", 703), ("print", 726)])
def test_seven_days_break_no_name_inside(opened: Opener, media: Any, width: int) -> None:
    """Between its margins, A4 is 186 mm or 703 px wide, and Letter 192 mm or 726 px."""
    days = [f"2026-12-0{day}" for day in range(1, 7)] + ["2026-11-30"]
    people = ("Milo Wintergreene", "Bram Copperwheat")
    world = {
        "volunteers": rows(*({"volunteer_id": who} for who in people)),
        "availability": rows(
            *(
                {"volunteer_id": who, "start": f"{day}T08:00", "end": f"{day}T19:00"}
                for who in people
                for day in days
            )
        ),
        "requests": rows(
            *(
                {
                    "request_id": day,
                    "name": "Haustürsammlung",
                    "start": f"{day}T15:30",
                    "end": f"{day}T18:30",
                }
                for day in days
            )
        ),
        "posts": rows(*({"request_id": day, "post": "volunteer", "seats": "3"} for day in days)),
    }
    page = opened(facts_of(world))
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(media=media)
    assert len(grid(page)[0]) == 8
    assert "Milo Wintergreene" in page.inner_text(".grid")
    assert page.evaluate(BROKEN) == []


@pytest.mark.slow
def test_the_keyboard_is_enough(opened: Opener, facts: Facts) -> None:
    page = opened(facts)
    focus = "document.activeElement"
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focus}.hash") == "#week"
    assert page.evaluate(f"{focus}.getBoundingClientRect().left") >= 0
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    # A busy browser acts on a key a little after it was pressed.
    page.wait_for_selector("html[lang='zh-CN']", state="attached")
    page.focus("[data-listing=roster] [data-turn='1']")
    page.keyboard.press("Space")
    assert "2 /" in told(page, "roster")
    assert page.evaluate(f"{focus}.dataset.turn") == "1"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("viewport", "scheme", "locale"),
    [(DESK, "light", "en-GB"), (PHONE, "dark", "zh-CN")],
)
def test_axe_finds_nothing(
    opened: Opener, asked: Facts, viewport: Any, scheme: Any, locale: str
) -> None:
    page = opened(asked, locale=locale, viewport=viewport, color_scheme=scheme)
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.slow
@pytest.mark.parametrize("viewport", [DESK, PHONE])
def test_it_is_as_wide_as_the_screen(opened: Opener, facts: Facts, viewport: Any) -> None:
    page = opened(facts, viewport=viewport)
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]


# --- text of the data is text ---------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "</style></title><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}${alert(1)}",
    "=cmd|' /C calc'!A0",
    "javascript:alert(1)",
    "&lt;b&gt;&#x22; <!-- <script>",
)


def hostile(n: int) -> str:
    return f"{HOSTILE[n % len(HOSTILE)]} {n}"


def named(n: int) -> str:
    """A name may turn the text round too; an id with what nobody sees is refused."""
    return f"{hostile(n)} ab\u202ecba\u2066"


def hostile_world() -> dict[str, pl.DataFrame]:
    """Each text of the tables is hostile; half of the requests find nobody."""
    count, monday = range(len(HOSTILE)), ("2026-11-30T09:00", "2026-11-30T11:00")
    people = [hostile(n) for n in count]
    where = [
        {
            "station_id": f"station {hostile(n)}",
            "name": f"name {named(n)}" if n else "long " * 200,
            "region": f"r{hostile(n)}",
            "lat": str(45 + n / 10),
            "lon": str(126 + n / 10),
        }
        for n in count
    ]
    requests = [
        {
            "request_id": f"request {hostile(n)}",
            "menu_item": f"item {hostile(n)}" if n % 2 else None,
            "name": None if n % 2 else f"service {named(n)}",
            "category": f"category {hostile(n)}",
            "station_id": f"station {hostile(n)}",
            "start": monday[0],
            "end": monday[1],
        }
        for n in count
    ]
    posts = [
        {"request_id": f"request {hostile(n)}", "post": f"post {hostile(n)}", "seats": "2"}
        for n in count
    ]
    return {
        "volunteers": rows(
            *({"volunteer_id": who, "organisation_id": f"org {hostile(0)}"} for who in people)
        ),
        "availability": rows(
            *({"volunteer_id": who, "start": monday[0], "end": monday[1]} for who in people)
        ),
        "organisations": rows(
            {"organisation_id": f"org {hostile(0)}", "name": f"club {named(1)}", "max_seats": "5"}
        ),
        "menu": rows(
            *({"menu_item": f"item {hostile(n)}", "name": f"menu {named(n)}"} for n in count)
        ),
        "requests": rows(*requests),
        "posts": rows(*posts),
        "post_qualifications": rows(
            *(
                {key: post[key] for key in ("request_id", "post")}
                | {"qualification": f"asked {hostile(n)}"}
                for n, post in enumerate(posts)
                if n > 5
            )
        ),
        "stations": rows(*where),
    }


@pytest.mark.slow
def test_text_of_the_data_never_becomes_markup(opened: Opener) -> None:
    facts = facts_of(hostile_world())
    result = solve(Problem.from_tables(hostile_world(), MONDAY))
    answers = answers_of(result, facts)
    some = answers.could_come.with_columns(busy=pl.lit(f"busy {hostile(1)}"))
    told = answers.told.with_columns(
        pl.lit(f"told {hostile(2)}").alias(one) for one in ("en", "zh")
    )
    ids = result.problem.volunteers.id
    contacts = pl.DataFrame(
        {
            "volunteer_id": ids,
            "name": [f"person {named(n)}" for n in range(len(ids))],
            "phone": ids,
            "language": ids,
        }
    )
    answers = replace(answers, told=told, could_come=some)
    assert some.height
    assert answers.unused.height
    facts = replace(
        facts,
        roster=facts.roster.with_columns(status=pl.lit(f"status {hostile(1)}")),
        unfilled=facts.unfilled.with_columns(reason=pl.lit(f"reason {hostile(2)}")),
        figures=facts.figures | {"status": hostile(0)},
        answers=answers,
        contacts=contacts,
    )
    assert facts.roster.height
    assert (facts.shortages["kind"] == "quota").any()
    for locale in ("en-GB", "zh-CN"):
        page = opened(facts, locale=locale, viewport=PHONE)
        tags = "script:not(#data), img, svg svg, iframe, object, [onerror], [onload]"
        assert len(page.query_selector_all(tags)) == 1
        texts = page.evaluate("document.body.textContent")
        for frame, columns in (
            (facts.roster, ("station", "service", "post", "request_id", "status")),
            (facts.unfilled, ("station", "service", "post", "request_id", "reason")),
            (facts.shortages.filter(pl.col("kind") != "time"), ("name",)),
            (facts.coverage, ("district",)),
            (told, ("en" if locale == "en-GB" else "zh",)),
            (some, ("busy",)),
            (contacts.join(facts.roster, on="volunteer_id", how="semi"), ("name",)),
        ):
            for column in columns:
                for text in frame[column].drop_nulls():
                    assert text in texts, (column, text)
        unfold(page)
        search(page, "roster", "<script>alert(1)</script>")
        assert len(shown(page, "roster"))
        page.locator("#dots .mark-symbol path").last.click(force=True)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.slow
def test_the_page_allows_no_request_and_no_other_script(
    browser: Browser, facts: Facts, tmp_path: Path
) -> None:
    write_page(facts, tmp_path / "page.html")
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    answered: list[str] = []
    page.on("requestfinished", lambda request: answered.append(request.url))
    # What slips into the page nevertheless is stopped by its own policy.
    for tag, wanted in (("script", "script-src-elem"), ("img", "img-src"), ("iframe", "frame-src")):
        blocked = page.evaluate(
            """tag => new Promise(done => {
                addEventListener("securitypolicyviolation", event => done(event.effectiveDirective),
                    { once: true });
                const element = document.createElement(tag);
                element.src = "https://example.org/";
                document.body.append(element);
            })""",
            tag,
        )
        assert blocked == wanted
    assert not answered
    page.close()


# --- size -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_hundred_thousand_assignments(opened: Opener, facts: Facts) -> None:
    """Copies of the example's rosters, each with people, requests and stations of its own."""
    copies = -(-100_000 // facts.roster.height)
    many = facts.roster.join(pl.DataFrame({"copy": range(copies)}), how="cross")
    names = ("volunteer_id", "request_id", "team_lead")
    number = pl.format("-{}", "copy")
    many = many.with_columns((pl.col(name) + number).alias(name) for name in names)
    large = replace(facts, roster=many.sort("station", "copy", "start").drop("copy"))
    size = len(render(large).encode())
    assert size < 10_000_000
    page = opened(large)
    assert told(page, "roster").startswith(f"{many.height:,} found")
    assert len(shown(page, "roster")) == 25
    search(page, "roster", f"{facts.roster['volunteer_id'][0]}-77")
    found = [row[2] for row in shown(page, "roster")]
    assert found
    assert len(found) < 25
    search(page, "roster", "")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(shown(page, "roster")) == 25
    assert "too many" in told(page, "roster")


# --- parts ----------------------------------------------------------------------------------------


def test_bars_are_whole_hours_wide() -> None:
    hours = pl.DataFrame({"hours": [0.5, 1.0, 1.99, 3.0]})
    assert histogram(hours).rows() == [(0, 1, 1), (1, 2, 2), (2, 3, 0), (3, 4, 1)]
    # 100 hours in at most 40 bars: 3 hours each, the last from 99 to 102.
    assert histogram(pl.DataFrame({"hours": [100.0]})).rows()[-1] == (99, 102, 1)


def test_a_district_is_called_what_its_stations_have_in_common() -> None:
    stations = pl.DataFrame(
        {
            "district": ["a", "a", "b", "b", "c", None],
            "station": ["兆麟街道第1站", "兆麟街道第2站", "North 1", "South 1", "id7", "x"],
            "station_id": ["id1", "id2", "id3", "id4", "id7", "id8"],
        }
    )
    assert district_names(stations) == {"a": "兆麟街道"}


def test_the_data_is_json_that_holds_no_markup(facts: Facts) -> None:
    text = render(replace(facts, roster=facts.roster.with_columns(post=pl.lit("</script>"))))
    (data,) = re.findall(r'id="data">(.*?)</script>', text, flags=re.DOTALL)
    assert json.loads(data)["post"][0] == "</script>"
