"""Reviewer assignment: three reviews a paper, at most six a reviewer, the greatest similarity.

Papers are requests one after the other, reviewers volunteers. A filled seat is worth more than all
similarity together; so where not all can be filled, as many as possible are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.public.tables import Instance, tables_of
from benchmarks.public.transport import most

REVIEWS, AT_MOST = 3, 6
# Similarity comes in quarters.
_STEPS = 4


def read(path: Path, known: float, filled: int) -> Instance:
    """Read the similarity of reviewers (rows) to papers, and who has a conflict."""
    with np.load(path) as file:
        similarity, free = file["similarity_matrix"], file["mask_matrix"] == 0
    reviewers, papers = similarity.shape
    score = np.round(_STEPS * similarity).astype(np.int64)
    score += _STEPS * REVIEWS * papers + 1
    shifts, seats = np.full(reviewers, AT_MOST), np.full(papers, REVIEWS)
    return Instance(
        tables=tables_of(score, free, shifts, seats, at_once=False),
        worth=similarity,
        filled=filled,
        known=known,
        accuracy=0,
        specialised=lambda: float(similarity[most(score, free, shifts, seats)].sum()),
    )
