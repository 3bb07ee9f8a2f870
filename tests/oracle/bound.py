"""bound(p) of the model page for any prices, on tiny worlds: the best weeks and the best teams.

``prices`` is a dataframe or a list of dicts: ``request_id``, ``post``, ``option``,
``volunteer_id``, ``organisation_id``, ``price``. A row without volunteer holds for those without a
row of their own; a row with an organisation alone prices its quota; what has no row costs nothing.
``bound(world, prices)`` is never below the value of a plan that keeps every rule.
"""

from itertools import product
from typing import Any

from tests.oracle.brute import weeks_of
from tests.oracle.judge import team_faults
from tests.oracle.reading import Arc, Request, Row, World


def bound(world: World, prices: Any) -> float:
    p = Prices(world, prices)
    weeks = sum(best_week(world, v, p) for v in world.volunteers)
    teams = sum(best_team(world, request, p) for request in world.requests.values())
    quotas = sum(w * world.quotas[o][0] for o, w in p.of_quota.items() if w)
    return weeks + teams + quotas


class Prices:
    def __init__(self, world: World, prices: Any) -> None:
        rows: list[Row] = prices if isinstance(prices, list) else prices.to_dicts()
        columns = ("request_id", "post", "option", "volunteer_id", "organisation_id")
        table = {tuple(row.get(c) or None for c in columns): float(row["price"]) for row in rows}
        self.of_quota = {key[-1]: w for key, w in table.items() if key[0] is None}
        self.of_arc = {key[:-1]: price for key, price in table.items() if key[0] is not None}
        self.members = {o: members for o, (_, members) in world.quotas.items()}
        assert all(w >= 0 for w in self.of_quota.values())

    def price(self, arc: Arc) -> float:
        post = (arc.service.request, arc.post, arc.service.option)
        return self.of_arc.get((*post, arc.volunteer), self.of_arc.get((*post, None), 0.0))

    def charge(self, volunteer: str) -> float:
        """Return what every service of the volunteer pays to the quotas above."""
        return sum(w for o, w in self.of_quota.items() if w and volunteer in self.members[o])


def best_week(world: World, v: str, p: Prices) -> float:
    charge = p.charge(v)
    return max(
        sum(arc.quality + p.price(arc) - charge - world.load(v, k) for k, arc in enumerate(week, 1))
        for week in weeks_of(world, v)
    )


def best_team(world: World, request: Request, p: Prices) -> float:
    best = 0.0
    for service in request.services:
        # Each volunteer who is eligible comes on one of the posts, or not at all.
        choices: dict[str, list[Arc | None]] = {}
        for arc in world.arcs:
            if arc.service == service:
                choices.setdefault(arc.volunteer, [None]).append(arc)
        for chosen in product(*choices.values()):
            team = [arc for arc in chosen if arc is not None]
            if team and not team_faults(world, request, team):
                on_post = [sum(arc.post == name for arc in team) for name in request.posts]
                posts = zip(request.posts.values(), on_post, strict=True)
                seats = request.bonus + sum(sum(post.values[:many]) for post, many in posts)
                best = max(best, seats - sum(p.price(arc) for arc in team))
    return best
