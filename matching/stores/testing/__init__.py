"""A kit that proves an adapter: inherit from `SourceKit`, `SinkKit` or both, and run pytest.

::

    class TestMyStore(SourceKit, SinkKit):
        def make_source(self, tables, place):
            fill_my_store(place / "store", tables)
            return MySource(place / "store")

        def make_sink(self, place):
            return MySink(place / "store")
"""

import pytest

# What an assertion compared is told in full, as in a test file.
pytest.register_assert_rewrite("matching.stores.testing.kit")

from matching.stores.testing.kit import SinkKit, SourceKit  # noqa: E402

__all__ = ["SinkKit", "SourceKit"]
