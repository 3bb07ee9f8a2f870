"""The defaults of a search, for the library and the command line alike."""

TIME_LIMIT_SECONDS = 600.0
RELATIVE_GAP = 1e-4
WORKERS = 2
