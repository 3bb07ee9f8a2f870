"""What is let in and what is shown: arguments, dates, characters, URLs, missing libraries."""
