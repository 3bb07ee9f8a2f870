"""Checks of what comes in and goes out: arguments, dates, characters, URLs, missing libraries."""
