"""A city from day to day, made up: how people answer, and what a way of planning comes to."""
