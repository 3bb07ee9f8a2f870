"""What an expert would write without this library, to be measured beside it."""
