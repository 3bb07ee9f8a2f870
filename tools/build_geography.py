"""Derive the geography that the synthetic worlds ship from the public sources.

Usage: python tools/build_geography.py SOURCE_FOLDER

The folder holds ``counties.csv`` and ``townships.csv`` as ``matching/synthetic/data/SOURCES.md``
describes them; the two small files beside that text are written anew.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import polars as pl

PROVINCE = "23"
TARGET = Path(__file__).resolve().parents[1] / "matching" / "synthetic" / "data"

# The seventh digit of a township code: 0 subdistrict, 1 town, 2 township. The rest (forestry
# bureaus, state farms, development zones) are no towns.
TOWN_CLASSES = ["0", "1", "2"]

# A place farther from its county seat than this is a namesake elsewhere, wrongly joined.
MAX_KM_IN_URBAN_COUNTY = 30.0
MAX_KM_OF_SUBDISTRICT = 20.0
URBAN_SHARE = 0.75


def counties(source: Path) -> pl.DataFrame:
    """Return one row per county of the province, coordinates in degrees."""
    codes = {"county_code": pl.String, "province_code": pl.String}
    table = pl.read_csv(source / "counties.csv", schema_overrides=codes)
    return table.filter(pl.col("province_code") == PROVINCE).select(
        pl.col("county_code").alias("code"),
        pl.col("county").alias("name"),
        pl.col("lon", "lat").round(5),
        "pop2020",
        "pop60plus",
        (pl.col("urban") / pl.col("pop2020")).round(3).alias("urban_share"),
    )


def townships(source: Path, of: pl.DataFrame) -> pl.DataFrame:
    """Return one row per town of these counties; coordinates only where they can be right."""
    codes = {"township_code": pl.String, "county_code": pl.String}
    table = pl.read_csv(source / "townships.csv", schema_overrides=codes)
    town_class = pl.col("township_code").str.slice(6, 1)
    limit = pl.min_horizontal(
        pl.when(pl.col("urban_share") > URBAN_SHARE).then(MAX_KM_IN_URBAN_COUNTY),
        pl.when(town_class == "0").then(MAX_KM_OF_SUBDISTRICT),
    ).fill_null(float("inf"))
    believable = pl.col("km_from_county_seat") <= limit
    urban_share = of.select(pl.col("code").alias("county_code"), "urban_share")
    return (
        table.filter(town_class.is_in(TOWN_CLASSES))
        .join(urban_share, on="county_code", maintain_order="left")
        .select(
            pl.col("township_code").alias("code"),
            pl.col("township").alias("name"),
            "county_code",
            "n_communities",
            pl.when(believable).then(pl.col("lon", "lat").round(5)),
        )
    )


def main() -> None:
    """Read the folder named on the command line and write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="folder of counties.csv and townships.csv")
    source = parser.parse_args().source
    county_table = counties(source)
    county_table.write_csv(TARGET / "counties.csv")
    townships(source, county_table).write_csv(TARGET / "townships.csv")


if __name__ == "__main__":
    main()
