"""Where tables come from and plans go to; so far, folders of CSV and Parquet files."""

from matching.stores.files import read_plan, read_prices, read_summary, read_tables
from matching.stores.writing import write_result, write_tables

__all__ = [
    "read_plan",
    "read_prices",
    "read_summary",
    "read_tables",
    "write_result",
    "write_tables",
]
