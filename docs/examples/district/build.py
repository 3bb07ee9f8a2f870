"""Make the tables of one week in a district: the menu, the orders and the people, told one by one.

Orders and menu are written by hand, and so is everybody an order was written for. The other
volunteers are drawn from the groups below; the same seed gives the same files, byte for byte.

    python docs/examples/district/build.py [--out DIR] [--seed 2026]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from orders import add_menu, add_orders
from people import add_organisations, add_stations, add_volunteers
from ties import add_ties

from matching.week import Week

MONDAY = "2026-11-30"


def build(seed: int) -> Week:
    """Return the week, told in the order in which a coordinator would tell it."""
    week = Week(MONDAY)
    add_organisations(week)
    add_stations(week)
    add_menu(week)
    add_orders(week)
    add_volunteers(week, seed)
    add_ties(week)
    return week


def main() -> None:
    """Write the tables as CSV files, and print how many rows each has."""
    parser = argparse.ArgumentParser(description="Build the tables of the week in a district.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to fill")
    parser.add_argument("--seed", type=int, default=2026, help="of everything that is drawn")
    arguments = parser.parse_args()
    folder = arguments.out / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in build(arguments.seed).tables().items():
        (folder / f"{name}.csv").write_bytes(table.write_csv().encode())
        print(f"{name} {table.height}")


if __name__ == "__main__":
    main()
