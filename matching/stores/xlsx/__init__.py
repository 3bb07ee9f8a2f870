"""The sheets of a workbook as text, and every cell that text does not tell the truth of."""

from matching.stores.xlsx.reading import Book

__all__ = ["Book"]
