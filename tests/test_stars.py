"""Stars from hours and reviews."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from matching.records.policy import RecordPolicy
from matching.records.stars import marks_of, national, quality_of, stars
from tests.support.commands import run

NOBODY = quality_of([], 5)


def hours(**people: float) -> pl.DataFrame:
    return pl.DataFrame(
        {"volunteer_id": list(people), "hours": [float(h) for h in people.values()]}
    )


def reviews(*rows: tuple[str, int, int, int]) -> pl.DataFrame:
    names = ["volunteer_id", "punctuality", "attitude", "professionalism"]
    return pl.DataFrame(rows, names, orient="row")


@pytest.mark.parametrize(
    ("served", "star"),
    [(0, 0), (99.99, 0), (100, 1), (299.99, 1), (300, 2), (600, 3), (1000, 4), (1500, 5), (9e4, 5)],
)
def test_the_national_thresholds_include_their_hours(served: float, star: int) -> None:
    found = stars(hours(ada=served), NOBODY, national(RecordPolicy()))
    assert found["star"].to_list() == [star]


def test_a_mean_of_few_reviews_is_drawn_to_that_of_all() -> None:
    # Ada: (5 + 5 + 5) / 3 once; Ben: 1 nine times. The mean of all is (5 + 9) / 10 = 1.4.
    rows = reviews(("ada", 5, 5, 5), *[("ben", 1, 1, 1)] * 9)
    found = quality_of([marks_of(rows)], 5)
    # Ada: (5 + 5 x 1.4) / (1 + 5) = 2; Ben: (9 + 5 x 1.4) / (9 + 5) = 16 / 14.
    assert found["quality"].to_list() == pytest.approx([2, 16 / 14])
    # A mark that is not given does not count, and parts of the reviews add up.
    some = reviews(("ada", 4, 2, None))
    assert marks_of(some)["marks"].item() == 3
    apart = quality_of([marks_of(rows[:4]), marks_of(rows[4:])], 5)
    assert_frame_equal(apart, found)


def test_quality_bites_from_the_fourth_star_on_and_never_on_who_was_not_reviewed() -> None:
    rows = reviews(*[(name, 1, 2, 1) for name in ("ben", "eva") for _ in range(30)])
    quality = quality_of([marks_of(rows)], 5)
    people = hours(ada=1600, ben=1600, eva=700)
    found = stars(people, quality, national(RecordPolicy()))
    # Ben's mean is 4/3, as is that of all: three stars, which his hours alone give.
    assert dict(found.select("volunteer_id", "star").iter_rows()) == {"ada": 5, "ben": 3, "eva": 3}
    without = stars(people, quality, national(RecordPolicy(quality_from=0)))
    assert without["star"].to_list() == [5, 5, 3]


def test_another_rule_is_a_function() -> None:
    def generous(people: pl.DataFrame) -> pl.Series:
        return (people["hours"] // 10).cast(pl.Int64)

    assert stars(hours(ada=35), NOBODY, generous)["star"].to_list() == [3]


def test_the_command_says_who_is_held_back_and_why(tmp_path) -> None:
    (tmp_path / "records.csv").write_text(
        "record_id,volunteer_id,start,end,status\n"
        "r1,ada,2026-06-01T09:00,2026-06-01T12:00,done\n"
        "r2,ben,2026-06-01T09:00,2026-06-01T12:00,done\n"
    )
    policy = tmp_path / "records.toml"
    policy.write_text("star_hours = [1, 3]\nquality_from = 2\n")
    done = run("records", "stars", tmp_path, "--policy", policy)
    assert "stars are given by hours alone" in done.stderr
    assert "  2 stars: 2 volunteers" in done.stdout
    (tmp_path / "reviews.csv").write_text(
        "volunteer_id,punctuality\nben,1\nben,1\nada,5\nada,5\nada,5\nada,5\nada,5\n"
    )
    # The mean of all is 27 / 7; Ben's is (2 + 5 x 27 / 7) / 7 = 3.04, and with weight 0 it is 1.
    policy.write_text("star_hours = [1, 3]\nquality_from = 2\nreview_weight = 0\n")
    done = run("records", "stars", tmp_path, "--policy", policy)
    assert "ben: 1 stars; 3.00 hours would give 2, and 2 reviews come to 1.00" in done.stdout
    assert "ada: 2 stars for 3.00 hours" in done.stdout
    (tmp_path / "reviews.csv").write_text("volunteer_id,punctuality\nben,6\n")
    done = run("records", "stars", tmp_path)
    assert done.exit_code == 2
    assert "reviews row 1, punctuality = '6'" in done.stderr
