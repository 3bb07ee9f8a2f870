"""Spreadsheets as people keep them: from cells to facts, and from facts to the engine's tables."""

from matching.stores.spreadsheets.reading import Reading, understand

__all__ = ["Reading", "understand"]
