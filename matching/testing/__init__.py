"""A kit that proves an adapter: inherit from `SourceKit`, `SinkKit` or both, and run pytest.

::

    class TestMyStore(SourceKit, SinkKit):
        def make_source(self, tables, place):
            fill_my_store(place / "store", tables)
            return MySource(place / "store")

        def make_sink(self, place):
            return MySink(place / "store")
"""

from matching.testing.kit import SinkKit, SourceKit

__all__ = ["SinkKit", "SourceKit"]
