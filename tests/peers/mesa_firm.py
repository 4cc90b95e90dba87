"""The reduced firm as idiomatic Mesa: a person is an agent, an hour is a step, everybody acts in random order.

Written from the model's description with Mesa's own random numbers; only the population (who sits where and knows what)
is taken from the firm under test. Services begin and end at exact times inside an hour, and who gets a case after her
turn works on it at once, so only the order in which people act inside an hour is approximate.
"""

import math
from bisect import bisect_right, insort
from collections import deque
from dataclasses import dataclass, field
from operator import attrgetter

import mesa

from sim.population import build
from sim.scenario import Design, Scenario
from sim.state import HOURS_A_DAY, Role


@dataclass(slots=True)
class Case:
    """A decision on its way: the people it still has to visit, and what they do to it."""

    asker: "Person"
    birth: float
    topic: int
    quantile: float
    good: bool
    arrived: float = 0.0
    relays: int = 0
    answer: float = 0.0
    height: int = 0
    route: deque = field(default_factory=deque)  # (person, mean hours, what) of the consult


class Person(mesa.Agent):
    """Somebody with one first-come-first-served inbox."""

    def __init__(self, model: "Firm", seat: int) -> None:
        super().__init__(model)
        self.seat = seat
        self.chief: Person | None = None
        self.inbox: list[Case] = []
        self.in_hand: Case | None = None
        self.free_at = 0.0
        self.acted = 0.0  # hour until which she has had her turn
        self.at_work = False
        self.handlings = 0
        self.next_birth = math.inf

    def take(self, case: Case, when: float) -> None:
        case.arrived = when
        insort(self.inbox, case, key=attrgetter("arrived"))
        if self.acted == self.model.hour and not self.at_work:
            self.work()

    def step(self) -> None:
        """One hour of work: what was born, then the inbox until the hour is over."""
        while self.next_birth < self.model.hour:
            self.model.give_birth(self, self.next_birth)
            self.next_birth += self.random.expovariate(self.model.birth_rate)
        self.acted = self.model.hour
        self.work()

    def work(self) -> None:
        self.at_work = True
        while self.in_hand is not None or self.inbox:
            if self.in_hand is None:
                case = self.in_hand = self.inbox.pop(0)
                self.free_at = max(self.free_at, case.arrived) + self.serve(case)
            if self.free_at >= self.model.hour:
                break
            case, self.in_hand = self.in_hand, None
            self.handlings += 1
            self.model.go_on(case, self, self.free_at)
        self.at_work = False

    def serve(self, case: Case) -> float:
        if case.height:
            mean = self.model.world.screen_hours
        elif case.route:
            mean = case.route[0][1]
        else:
            mean = self.model.world.act_hours
        return self.random.expovariate(1.0 / mean)

    def knows(self, topic: int) -> float:
        return self.model.level_of.get((self.seat, topic), self.model.world.other_level)

    def judges(self, case: Case) -> bool:
        world = self.model.world
        expertise = max(self.knows(case.topic), world.answer_weight * case.answer)
        sigma = world.noise * (1.5 - expertise) * math.sqrt(1.0 + world.garbling * case.relays)
        return (1.0 if case.good else -1.0) + self.random.gauss(0.0, sigma) > world.bar


class Firm(mesa.Model):
    """The firm: an hour a step."""

    def __init__(self, scenario: Scenario, seed: int, tick: float = 1.0) -> None:
        super().__init__(seed=seed)
        self.world, self.tick, self.hour = scenario.world, tick, 0.0
        self.birth_rate = self.world.load * self.world.decision_rate / HOURS_A_DAY
        self.hours_of_closed: list[float] = []
        built = build(scenario.world, Design.traditional(), seed=seed, replication=0)
        self.built_seats = built.seats
        self.order, self.cumulative = built.order.tolist(), built.order_weight.tolist()
        self.script = built.script_weight.tolist()
        self.owner, self.scripted = built.topics["team"].tolist(), built.topics["scripted"].tolist()
        self.role = built.seats["role"].tolist()
        self.honest = [self.random.random() < scenario.world.trustworthy for _ in self.role]
        self.owned = {name: built.seats[name].tolist() for name in ("own_low", "own_high", "topic_low", "topic_high")}
        self.level_of = self._knowledge(built.know_topic.tolist(), built.know_level.tolist())
        self.people = [Person(self, seat) for seat in range(len(built.seats))]
        for person, parent in zip(self.people, built.seats["parent"].tolist(), strict=True):
            person.chief = self.people[parent] if parent >= 0 else None
            if self.role[person.seat] in (Role.PRODUCT, Role.DESK):
                person.next_birth = self.random.expovariate(self.birth_rate)
        self.experts: dict[int, list[Person]] = {}
        for (seat, topic), level in self.level_of.items():
            chief = self.people[seat].chief
            if level >= self.world.expert_threshold and chief is not None and chief.seat == self.owner[topic]:
                self.experts.setdefault(topic, []).append(self.people[seat])

    def _knowledge(self, topics: list, levels: list) -> dict[tuple[int, int], float]:
        known: dict[tuple[int, int], float] = {}
        for seat, (row, of) in enumerate(zip(topics, levels, strict=True)):
            for topic, level in zip(row, of, strict=True):
                if topic >= 0:
                    known[seat, topic] = max(known.get((seat, topic), self.world.other_level), level)
            if self.role[seat] == Role.DESK:
                for topic, is_scripted in enumerate(self.scripted):
                    if is_scripted:
                        known[seat, topic] = max(known.get((seat, topic), 0.0), self.world.script_level)
        return known

    def step(self) -> None:
        self.hour += self.tick
        self.agents.shuffle_do("step")

    @property
    def handlings(self) -> int:
        return sum(person.handlings for person in self.people)

    # --- cases ---

    def give_birth(self, asker: Person, when: float) -> None:
        own = self.random.random() >= self.world.interdependence
        topic = self.own_topic(asker.seat) if own else self.foreign_topic(asker)
        good = self.random.random() < self.world.good_share
        asker.take(Case(asker, when, topic, self.random.random(), good), when)

    def go_on(self, case: Case, person: Person, when: float) -> None:
        """A service has ended: the consult, the next screen, or the end."""
        if case.route:
            _, _, what = case.route.popleft()
            if what == "help":
                case.answer = person.knows(case.topic)
            else:
                case.relays += 1
        elif not case.height and not self.can_go_on(person, case.topic):
            case.route = self.consult(case)
        if case.route:
            case.route[0][0].take(case, when)
        elif case.height:
            self.screened(case, person, when)
        else:  # the asker judges her own case before she sends it up
            self.judged_by_asker(case, when)

    def judged_by_asker(self, case: Case, when: float) -> None:
        asker = case.asker
        alone = asker.chief is None or case.quantile <= self.world.authority[0]
        says_yes = asker.judges(case) or (alone and not self.honest[asker.seat] and not case.good)
        self.after_verdict(case, asker, says_yes, when)

    def screened(self, case: Case, person: Person, when: float) -> None:
        self.after_verdict(case, person, person.judges(case), when)

    def after_verdict(self, case: Case, person: Person, says_yes: bool, when: float) -> None:
        authority = self.world.authority
        may = person.chief is None or case.quantile <= authority[min(case.height, len(authority) - 1)]
        if says_yes and not may:
            case.height += 1
            person.chief.take(case, when)
        else:
            self.hours_of_closed.append(when - case.birth)

    def can_go_on(self, person: Person, topic: int) -> bool:
        is_expert = self.level_of.get((person.seat, topic), -1.0) >= self.world.expert_threshold
        return is_expert or (self.role[person.seat] == Role.DESK and bool(self.scripted[topic]))

    def consult(self, case: Case) -> deque:
        """Up to the lowest common manager, down to an expert of the owning team, back the same way."""
        world = self.world
        experts = [one for one in self.experts.get(case.topic, ()) if one is not case.asker]
        way = self.between(case.asker, self.people[self.owner[case.topic]])[1:]
        route = deque((manager, world.relay_hours, "relay") for manager in way)
        if experts:
            helper = self.random.choice(experts)
            route.append((helper, world.help_hours, "help"))
            back = self.between(helper, case.asker)[1:-1]
            route.extend((manager, world.relay_hours, "relay") for manager in back)
        return route

    def chain(self, person: Person) -> list[Person]:
        chain = [person]
        while chain[-1].chief is not None:
            chain.append(chain[-1].chief)
        return chain

    def between(self, start: Person, goal: Person) -> list[Person]:
        up, down = self.chain(start), self.chain(goal)
        common = next(person for person in up if person in down)
        return up[: up.index(common) + 1] + down[: down.index(common)][::-1]

    # --- topics ---

    def own_topic(self, seat: int) -> int:
        low, high = self.owned["own_low"][seat], self.owned["own_high"][seat]
        if high > low:
            place = self.random.uniform(self.cumulative[low], self.cumulative[high])
            return self.order[bisect_right(self.cumulative, place, low, high) - 1]
        return bisect_right(self.script, self.random.random() * self.script[-1]) - 1

    def foreign_topic(self, asker: Person) -> int:
        """Height of the common manager first, P(D) ∝ exp(−D/ξ), then a topic of another team below her by weight."""
        chain = [person.seat for person in self.chain(asker)][1:]
        reach = self.world.interdependence_reach
        heights = [math.exp(-height / reach) for height in range(len(chain) - 1)]
        if not heights:
            return self.own_topic(asker.seat)
        place = self.random.choices(range(len(heights)), heights)[0]
        for below, top in zip(chain[place:], chain[place + 1 :], strict=False):
            rows = [
                *range(self.owned["topic_low"][top], self.owned["topic_low"][below]),
                *range(self.owned["topic_high"][below], self.owned["topic_high"][top]),
            ]
            if rows:
                weights = [self.cumulative[row + 1] - self.cumulative[row] for row in rows]
                return self.order[self.random.choices(rows, weights)[0]]
        return self.own_topic(asker.seat)
