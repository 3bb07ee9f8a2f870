"""The sheets of a workbook as text, and every cell that text does not tell the truth of."""

from matching.workbooks.reading import Book

__all__ = ["Book"]
