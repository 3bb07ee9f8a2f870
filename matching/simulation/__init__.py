"""A city from day to day, made up: how people answer, and what a way of planning comes to."""

from matching.simulation.assumptions import Assumptions
from matching.simulation.choosing import METHODS, Weights
from matching.simulation.varying import vary
from matching.simulation.year import Year, run

__all__ = ["METHODS", "Assumptions", "Weights", "Year", "run", "vary"]
