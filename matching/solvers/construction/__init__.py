"""Plans made by putting people in: a first one at once, and none with a seat left that gains."""
