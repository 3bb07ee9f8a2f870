"""What a search is asked for where nothing is said, by the library and by the command line."""

TIME_LIMIT_SECONDS = 600.0
RELATIVE_GAP = 1e-4
WORKERS = 2
