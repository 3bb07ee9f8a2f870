"""What people call the methods."""

NAMES = {
    "engine": "engine, default weights",
    "even": "engine, even weights",
    "nearest": "nearest first",
    "first_come": "first come",
}
