"""Where tables come from and plans go to: one module for each kind of store.

The functions here are those of folders. `matching.adapters` chooses among all stores.
"""

from matching.stores.files import read_plan, read_prices, read_summary, read_tables
from matching.stores.names import Names
from matching.stores.writing import write_result, write_tables

__all__ = [
    "Names",
    "read_plan",
    "read_prices",
    "read_summary",
    "read_tables",
    "write_result",
    "write_tables",
]
