"""What volunteers hold and what services ask for, with how common each is; the week's periods."""

from __future__ import annotations

import numpy as np

from matching.synthetic.sources import read

SOCIAL_WORKER = "role:social_worker"

# From the commonest to the rarest. The skills are the codes of the national system.
QUALIFICATIONS = read("qualifications")["qualification"].to_list()
NUMBER = {name: index for index, name in enumerate(QUALIFICATIONS)}

_rank = np.arange(1, len(QUALIFICATIONS) + 1, dtype=np.float64)
_drawn = np.array([name != SOCIAL_WORKER for name in QUALIFICATIONS])
# Zipf's law. Social workers are few and counted, so they are not drawn with the rest.
HELD_WEIGHTS = np.where(_drawn, 1 / _rank, 0.0)

# What a post may ask for besides a skill: formalities that many volunteers fulfil.
FORMALITIES = ("insured", "trained:home_visit", "adult", "cert:first_aid", "trained:elderly_care")
FORMALITY_WEIGHTS = (4.0, 3.0, 1.5, 1.0, 1.0)
_is_formality = np.isin(np.array(QUALIFICATIONS), [*FORMALITIES, "guardian_consent"])
# Demand is flatter than supply: this is what makes some skills short.
ASKED_WEIGHTS = np.where(_drawn & ~_is_formality, _rank**-0.4, 0.0)

CATEGORIES = read("categories")
CATEGORY_WEIGHTS = CATEGORIES["weight"].to_numpy()

# The national system's 21 half days, Monday morning first: minutes from midnight.
PERIODS = 21
DAY = 24 * 60
WEEK = 7 * DAY
WINDOW_START, WINDOW_END = np.array([420, 720, 1110]), np.array([720, 1110, 1290])
SERVICE_START, SERVICE_END = np.array([540, 840, 1140]), np.array([660, 960, 1230])

# Volunteers are free in the evening and at the weekend; services are wanted by day.
_weekend = np.repeat([False, True], [15, 6])
FREE_WEIGHTS = np.where(_weekend, 1.5, 1.0) * np.tile([0.9, 1.0, 1.1], 7)
WANTED_WEIGHTS = np.where(_weekend, 1.2, 1.0) * np.tile([1.4, 1.2, 0.5], 7)
