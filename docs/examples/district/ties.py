"""What is known of single people: whom and what they like, whom they helped, what they answered."""

from __future__ import annotations

from matching.week import Week


def add_ties(week: Week) -> None:
    """Add pairs, preferences, bonds and answers."""
    week.together("v023", "v024")
    week.apart("v051", "v053")
    week.prefer("v016", "station", "s1", weight=30)
    week.prefer("v030", "menu_item", "meals", weight=40)
    week.prefer("v031", "category", "0007", weight=25)
    week.prefer("v085", "menu_item", "homework", weight=50)
    week.prefer("v110", "category", "0013", weight=-30)
    week.never("v033", "menu_item", "meals")
    week.never("v053", "beneficiary", "b08")
    for volunteer, beneficiary, visits, last in (
        ("v001", "b07", 7, "2026-11-16"),
        ("v005", "b03", 4, "2026-11-19"),
        ("v006", "b12", 3, "2026-11-20"),
        ("v053", "b09", 5, "2026-11-23"),
        ("v066", "b01", 6, "2026-11-24"),
        ("v064", "b02", 2, "2026-10-27"),
    ):
        week.bond(volunteer, beneficiary, visits=visits, last_visit=last)
    week.pin("v001", "r13", post="lead")
    week.accept("v005", "r09", post="companion")
    week.decline("v067", "r07", post="companion")
