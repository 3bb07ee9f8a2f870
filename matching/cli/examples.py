"""The examples at the end of each command's help."""

from __future__ import annotations


def _page(text: str) -> str:
    """Give a text of comments and commands the look of a help page."""
    lines = ["[bold]Examples[/bold]"]
    for line in text.strip().splitlines():
        lines += ["", f"[dim]{line}[/dim]"] if line.startswith("#") else [f"  {line}"]
    return "\n".join(lines)


ALL = _page("""
# Try it: make a town, plan its week, check the plan
matching generate town --seed 1 --week 2026-11-30 --out town
matching plan town --week 2026-11-30 --out plan
matching check town plan
# Show it to people
matching report plan --out plan.html
# What a command can do, with examples
matching plan --help
# Let the Tab key complete commands and options
matching --install-completion
""")

PLAN = _page("""
# The week of 30 November, from a folder of CSV files
matching plan tables --week 2026-11-30 --out plan
# In at most a minute, with weights and limits of our own
matching plan tables --policy policy.toml --time-limit 60 --out plan
# In spite of faulty rows; what is left out stands in plan/faults.csv
matching plan tables --on-error quarantine --out plan
# With the rosters of an edited workbook
matching plan tables --pins edited.xlsx --out plan
# A workbook in, a workbook out
matching plan week.xlsx --out plan.xlsx
# From a database and back into it
matching plan postgresql://host/platform --out postgresql://host/platform
# For a script: the summary as JSON
matching plan tables --out plan --json
""")

CHECK = _page("""
# The plan that lies in the folder plan
matching check tables plan
# Somebody else's plan: a file with volunteer_id, request_id, post and option
matching check tables edited.csv --week 2026-11-30
# A plan made with the rosters of an edited workbook
matching check tables plan --pins edited.xlsx
# A plan in a database
matching check tables postgresql://host/platform --week 2026-11-30
# For a script: the violations as JSON, exit status 1 if there are any
matching check tables plan --json
""")

GENERATE = _page("""
# A town to begin with, the same for everybody
matching generate town --seed 1 --week 2026-11-30 --out town
# A district with every kind of rule, in files that are read fast
matching generate district --rules full --format parquet --out district
# Half of a city's people, and four times its seats
matching generate city --volunteers 95000 --scarcity 4 --out city
""")

AVAILABILITY = _page("""
# A folder with one calendar per volunteer, such as V7.ics
matching availability calendars --week 2026-11-30 --out tables
# Calendars in which people are busy unless they say that they are free
matching availability calendars --events free --out tables
# Into a database that holds the other tables
matching availability calendars --out postgresql://host/platform
""")

REPORT = _page("""
# One page for any browser, and for paper
matching report plan --out plan.html
# A plan that was edited, with the tables it belongs to
matching report edited.csv --tables tables --week 2026-11-30 --out plan.html
# A workbook to edit; what is edited comes back with matching plan --pins
matching report plan --format xlsx --out plan.xlsx
# Texts to send to volunteers, and a sheet of paper for each station
matching report plan --format slips --out slips
# A calendar for each volunteer, station and request
matching report plan --format ics --out calendars.zip
# A plan in a database
matching report postgresql://host/platform --week 2026-11-30 --out plan.html
""")

MAP = _page("""
# Guess what a workbook's sheets and columns are; read it, and mend it
matching map export.xlsx --out map.toml
# A folder of CSV files in GB18030
matching map export --option encoding=gb18030 --out map.toml
# A database
matching map postgresql://host/platform --out map.toml
""")
