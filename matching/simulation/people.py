"""How people are, answer, come and judge. Every draw is the same under every method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, expit, ndtri

from matching.arcs.eligibility import Arcs
from matching.arcs.value import terms
from matching.policy import READ_WITH, Policy
from matching.problem import Problem
from matching.problem import columns as c
from matching.simulation.assumptions import Assumptions
from matching.simulation.draws import Draw, uniform
from matching.simulation.world import World

# Of the odds to come: as of so many promises seen.
_CONCENTRATION = 20.0
_DEFAULT = Policy()


@dataclass(frozen=True, eq=False)
class People:
    """What is true of each volunteer, and no method knows.

    Attributes
    ----------
    keenness : float64 array, shape (volunteers,)
        Log-odds of a yes, above those of a usual person; infinite for who always says yes.
    self_service : bool array, shape (volunteers,)
    reliability : float64 array, shape (volunteers,)
        Odds to come, once promised.
    """

    assumed: Assumptions
    seed: int
    keenness: c.Floats
    self_service: c.Bools
    reliability: c.Floats

    @classmethod
    def of(cls, world: World, assumed: Assumptions, seed: int) -> People:
        """Draw the people of a world."""
        who = np.arange(len(world.folded.volunteers))
        keenness = assumed.keenness * ndtri(uniform(seed, Draw.KEENNESS, who))
        # So high that the odds are the assumed ones whatever else speaks for or against it.
        always = world.automatic & (uniform(seed, Draw.KEENNESS, who, 1) < assumed.automatic)
        keenness[always] = np.inf
        odds = uniform(seed, Draw.RELIABILITY, who)
        missed = assumed.no_show
        if 0 < missed < 1:
            missing = betaincinv(missed * _CONCENTRATION, (1 - missed) * _CONCENTRATION, odds)
        else:
            missing = np.full(len(who), missed)
        own = uniform(seed, Draw.SELF_SERVICE, who) < assumed.self_service
        return cls(assumed, seed, keenness, own, 1 - missing)

    def fit(self, problem: Problem, arcs: Arcs) -> c.Floats:
        """Return the log-odds of a yes of a usual person, rested, in each one's place: (arcs,)."""
        assumed, usual = self.assumed, _DEFAULT
        found = terms(problem.under(_weighed_as(problem.policy)), arcs)
        total = assumed.willing + assumed.near * found.distance / usual.distance
        total += assumed.wished * found.wishes / usual.preference_limit
        total += assumed.liked_hour * found.window / usual.window_preference
        total += assumed.known * found.continuity / (usual.visit * usual.visits_limit)
        fit: c.Floats = total
        return fit

    def agree(self, volunteer: c.Ints, order: c.Longs, leaning: c.Floats) -> c.Bools:
        """Tell who says yes, at these log-odds."""
        odds = expit(leaning)
        agreed: c.Bools = uniform(self.seed, Draw.ANSWER, volunteer, order) < odds
        return agreed

    def looking(self, day: int) -> c.Bools:
        """Tell who looks at the menu on a day, by themselves."""
        who = np.flatnonzero(self.self_service)
        looking = np.zeros(len(self.self_service), np.bool_)
        drawn = uniform(self.seed, Draw.LOOKS_TODAY, who, day)
        looking[who] = drawn < 1 / self.assumed.look_days
        return looking

    def taste(self, volunteer: c.Ints, order: c.Longs) -> c.Floats:
        """Return what each likes about each order for no reason that anybody knows."""
        drawn = uniform(self.seed, Draw.TASTE, volunteer, order)
        liked: c.Floats = -self.assumed.taste * np.log(-np.log(drawn))
        return liked

    def come(self, volunteer: c.Ints, order: c.Longs) -> c.Bools:
        """Tell who keeps the promise."""
        came: c.Bools = (
            uniform(self.seed, Draw.SHOW_UP, volunteer, order) < self.reliability[volunteer]
        )
        return came

    def reviews(self, volunteer: c.Ints, order: c.Longs) -> c.Ints:
        """Return 1 to 5 for each service, 0 where nobody reviews it."""
        assumed = self.assumed
        spread = assumed.rating_spread * ndtri(uniform(self.seed, Draw.RATING, volunteer, order))
        stars = np.clip(np.rint(assumed.rating + spread), 1, 5).astype(np.int32)
        given = uniform(self.seed, Draw.REVIEW, volunteer, order) < assumed.reviewed
        return np.where(given, stars, 0).astype(np.int32)


def _weighed_as(policy: Policy) -> Policy:
    """Return the default weights, for tables read under this policy: what people care about."""
    return Policy(**{name: getattr(policy, name) for name in READ_WITH})
