"""Where tables come from and plans go to: one module for each kind of store.

The functions here are those of folders. `registry` chooses among all stores, by entry points of
the package, and says what a store has to do; the tests in `testing` prove that it does. Names and
codes of somebody's own store need no code: they are a mapping, see `mapping`.
"""

from matching.stores.files.folder import read_plan, read_prices, read_summary, read_tables
from matching.stores.files.writing import write_result, write_tables
from matching.stores.names import Names

__all__ = [
    "Names",
    "read_plan",
    "read_prices",
    "read_summary",
    "read_tables",
    "write_result",
    "write_tables",
]
