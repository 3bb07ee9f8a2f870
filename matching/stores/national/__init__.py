"""The code tables of China's national volunteer service information system, and its weekly slots.

Where the tables come from stands beside them, in ``data/SOURCES.md``.
"""

from matching.stores.national.books import NAMES, book
from matching.stores.national.slots import SlotRules, slots_of, windows_of

__all__ = ["NAMES", "SlotRules", "book", "slots_of", "windows_of"]
