"""The reduced firm in SimPy: decisions up the chain, with the same keyed draws as the engine.

One process a person, one a source of decisions. Written from the model's description; only the population (who sits
where and knows what) is taken from the firm under test. Ties in time fall by (kind, key) as in the engine.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Generator
from typing import Any

import simpy

from sim.draws import Stream, exponential, normal, uniform
from sim.population import build
from sim.scenario import Design, Scenario
from sim.state import DAY, HOURS_OF, TICKS, Activity, Disposition, Event, Role

AT_ONCE = -1  # what happens because of the present event happens before any other event of this tick


class Ticks(simpy.Environment):
    """An environment whose clock counts ticks and whose ties fall by (kind, key)."""

    def schedule(self, event: Any, priority: Any = 1, delay: Any = 0) -> None:
        super().schedule(event, priority if isinstance(priority, tuple) else (AT_ONCE, priority), delay)

    def after(self, ticks: int, kind: Event, key: int) -> simpy.Event:
        event = self.event()
        event._ok, event._value = True, None
        self.schedule(event, (int(kind), key), ticks)
        return event


class Firm:
    """Everything the processes share."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.world, self.key = scenario.world, seed
        built = build(scenario.world, Design.traditional(), seed=seed, replication=0)
        self.parent = built.seats["parent"].tolist()
        self.team = built.seats["team"].tolist()
        self.level = built.seats["level"].tolist()
        self.role = built.seats["role"].tolist()
        self.honest = [self.u(Stream.HONESTY, seat) < scenario.world.trustworthy for seat in range(len(self.parent))]
        self.owned = {name: built.seats[name].tolist() for name in ("own_low", "own_high", "topic_low", "topic_high")}
        self.order, self.cumulative = built.order.tolist(), built.order_weight.tolist()
        self.script = built.script_weight.tolist()
        self.owner = built.topics["team"].tolist()
        self.scripted = built.topics["scripted"].tolist()
        self.level_of: dict[tuple[int, int], float] = {}
        for seat, (topics, levels) in enumerate(zip(built.know_topic, built.know_level, strict=True)):
            for topic, level in zip(topics.tolist(), levels.tolist(), strict=True):
                if topic >= 0:
                    self.level_of[seat, topic] = max(self.level_of.get((seat, topic), 0.0), level)
        self.experts: dict[tuple[int, int], list[int]] = defaultdict(list)  # by chief and topic
        for (seat, topic), level in self.level_of.items():
            if level >= self.world.expert_threshold:
                self.experts[self.parent[seat], topic].append(seat)
        self.env = Ticks()
        self.inbox = [simpy.Store(self.env) for _ in self.parent]
        self.looked = [0] * len(self.parent)
        self.closed: dict[int, tuple[int, int]] = {}  # key -> (tick, disposition)
        for seat, role in enumerate(self.role):
            if role in (Role.PRODUCT, Role.DESK) and self.world.decision_rate > 0:
                self.env.process(self.source(seat))
            self.env.process(self.person(seat))

    def run(self, days: int) -> dict[int, tuple[int, int]]:
        """Disposition of every case that ends before the horizon."""
        self.env.run(until=self.env.after(days * DAY, Event.COMPLETION, -1))
        return self.closed

    def u(self, stream: int, entity: int, ordinal: int = 0) -> float:
        return float(uniform(self.key, int(stream), entity, ordinal))

    def exponential(self, stream: int, entity: int, ordinal: int) -> float:
        return float(exponential(self.key, int(stream), entity, ordinal))

    # --- processes ---

    def source(self, seat: int) -> Generator[Any, Any, None]:
        rate = self.world.load * self.world.decision_rate / DAY
        ordinal = 0
        while True:
            gap = round(self.exponential(Stream.BIRTH, seat, ordinal) / rate)
            yield self.env.after(gap, Event.BIRTH, seat)
            self.env.process(self.decision(seat << 32 | ordinal, seat))
            ordinal += 1

    def person(self, seat: int) -> Generator[Any, Any, None]:
        inbox, mean = self.inbox[seat], self.world.look_up_hours * TICKS
        while True:
            at_routine_work = not inbox.items
            ticks, done = yield inbox.get()
            if at_routine_work:
                wait = round(mean * self.exponential(Stream.LOOK_UP, seat, self.looked[seat]))
                self.looked[seat] += 1
                if mean > 0:
                    yield self.env.after(wait, Event.LOOK_UP, seat)
            yield self.env.after(ticks, Event.COMPLETION, seat)
            done.succeed()
            yield self.env.timeout(0)  # the case goes on first: what comes back to her now needs no look-up

    def serve(self, case: "Case", seat: int, activity: Activity) -> simpy.Event:
        mean = getattr(self.world, HOURS_OF[activity]) * TICKS
        ordinal = case.handled[activity]
        case.handled[activity] += 1
        ticks = round(mean * self.exponential(Stream.SERVICE + activity, case.key, ordinal)) if mean else 0
        done = self.env.event()
        self.inbox[seat].put((ticks, done))
        return done

    def decision(self, key: int, asker: int) -> Generator[Any, Any, None]:
        case = Case(self, key, asker)
        yield self.serve(case, asker, Activity.ACT)
        if not self.can_go_on(asker, case.topic):
            yield from self.consult(case)
        disposition = yield from self.approve(case)
        self.closed[key] = (self.env.now, int(disposition))

    def consult(self, case: "Case") -> Generator[Any, Any, None]:
        """Up to the lowest common manager, down to the owning team, back the same way."""
        team = self.owner[case.topic]
        for manager in self.between(case.asker, team)[1:]:
            yield self.serve(case, manager, Activity.RELAY)
            case.relays += 1
        experts = [seat for seat in self.experts[team, case.topic] if seat != case.asker]
        back = team
        if experts:
            back = min(experts, key=lambda seat: self.u(Stream.HELPER, case.key, seat))
            yield self.serve(case, back, Activity.HELP)
            case.answer = self.knowledge(back, case.topic)
        for manager in self.between(back, case.asker)[1:-1]:
            yield self.serve(case, manager, Activity.RELAY)
            case.relays += 1
        if not experts:
            case.relays = 0

    def approve(self, case: "Case") -> Generator[Any, Any, Disposition]:
        authority = [*self.world.authority, *[self.world.authority[-1]] * 24]
        seat, height = case.asker, 0
        alone = self.parent[seat] < 0 or case.quantile <= authority[0]
        says_yes = self.judges(case, seat) or (alone and not self.honest[seat] and not case.good)
        while says_yes:
            if self.parent[seat] < 0 or case.quantile <= authority[height]:
                return Disposition.ACCEPTED
            seat, height = self.parent[seat], height + 1
            yield self.serve(case, seat, Activity.SCREEN)
            says_yes = self.judges(case, seat)
        return Disposition.REJECTED

    # --- what people know and think ---

    def knowledge(self, seat: int, topic: int) -> float:
        script = self.world.script_level if self.role[seat] == Role.DESK and self.scripted[topic] else 0.0
        return max(self.world.other_level, self.level_of.get((seat, topic), 0.0), script)

    def can_go_on(self, seat: int, topic: int) -> bool:
        is_expert = self.level_of.get((seat, topic), -1.0) >= self.world.expert_threshold
        return is_expert or (self.role[seat] == Role.DESK and bool(self.scripted[topic]))

    def judges(self, case: "Case", seat: int) -> bool:
        expertise = max(self.knowledge(seat, case.topic), self.world.answer_weight * case.answer)
        sigma = self.world.noise * (1.5 - expertise) * math.sqrt(1.0 + self.world.garbling * case.relays)
        merit = 1.0 if case.good else -1.0
        return bool(merit + sigma * normal(self.key, int(Stream.JUDGEMENT), case.key, seat) > self.world.bar)

    # --- the tree ---

    def chain(self, seat: int) -> list[int]:
        """A seat and everybody above it."""
        return [seat] if self.parent[seat] < 0 else [seat, *self.chain(self.parent[seat])]

    def between(self, start: int, goal: int) -> list[int]:
        """Seats along the lines of reporting, both ends included."""
        up, down = self.chain(start), self.chain(goal)
        common = next(seat for seat in up if seat in down)
        return up[: up.index(common) + 1] + down[: down.index(common)][::-1]


class Case:
    """What a decision is about: drawn by its key alone."""

    def __init__(self, firm: Firm, key: int, asker: int) -> None:
        self.key, self.asker = key, asker
        self.handled: dict[Activity, int] = defaultdict(int)
        self.relays, self.answer = 0, 0.0
        self.quantile = firm.u(Stream.STAKE, key)
        self.good = firm.u(Stream.MERIT, key) < firm.world.good_share
        self.topic = self.own_topic(firm)
        if firm.u(Stream.ELSEWHERE, key) < firm.world.interdependence:
            self.topic = self.foreign_topic(firm)

    def own_topic(self, firm: Firm) -> int:
        u = firm.u(Stream.TOPIC, self.key)
        low, high = firm.owned["own_low"][self.asker], firm.owned["own_high"][self.asker]
        if high > low:
            start, end = firm.cumulative[low], firm.cumulative[high]
            return int(firm.order[bisect_right(firm.cumulative, start + u * (end - start), low, high) - 1])
        return bisect_right(firm.script, u * firm.script[-1]) - 1

    def foreign_topic(self, firm: Firm) -> int:
        """Height of the common manager first, P(D) ∝ exp(−D/ξ), then a topic of another team below her by weight."""
        chain = firm.chain(firm.team[self.asker])
        if len(chain) == 1:
            return self.topic
        heights = [math.exp(-height / firm.world.interdependence_reach) for height in range(len(chain) - 1)]
        left, place = firm.u(Stream.HEIGHT, self.key) * sum(heights), 0
        while place < len(heights) - 1 and left >= heights[place]:
            left -= heights[place]
            place += 1
        weights = firm.cumulative
        for below, top in zip(chain[place:], chain[place + 1 :], strict=False):
            low, high = firm.owned["topic_low"][top], firm.owned["topic_high"][top]
            out_low, out_high = firm.owned["topic_low"][below], firm.owned["topic_high"][below]
            rows = [*range(low, out_low), *range(out_high, high)]
            if not rows:
                continue
            left = firm.u(Stream.TOPIC, self.key, 1) * sum(weights[row + 1] - weights[row] for row in rows)
            for row in rows:
                left -= weights[row + 1] - weights[row]
                if left < 0:
                    return int(firm.order[row])
            return int(firm.order[rows[-1]])
        return self.topic
