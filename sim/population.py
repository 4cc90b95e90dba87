"""Who there is on the first day: the tree of seats, desk and brokers, topics and who knows them, ties, customers.

Everything is drawn by (seed, stream, entity), so a person is the same whatever rules she will work under.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, exponential, normal, uniform
from sim.events import size_calendar
from sim.scenario import Design, World
from sim.state import (
    BOOKS,
    CASES,
    CIRCLE,
    CLOCK,
    CUSTOMERS,
    DAY,
    DIMENSIONS,
    LEDGER,
    LOAD_WEEKS,
    MARKET,
    PARTNERS,
    POOLS,
    QUEUES,
    SEATS,
    SOURCES,
    SPELLS,
    TASKS,
    TOPICS,
    TOUCHES,
    YEAR,
    Kind,
    Pool,
    Role,
    State,
    assemble,
    idle_nodes,
    pack,
)

MOST_ON_A_PANEL = 16  # bound of world.panel
FIRST_POOL = 1024  # rows of a pool at the start; it grows when full


def build(world: World, design: Design, *, seed: int, replication: int, tracing: bool = False) -> State:
    """The firm before its first tick: nobody has a case, every source is ready to spend its first draw."""
    key = seed | replication << 32
    seats, teams = _tree(world.staff, world.span)
    _assign_roles(seats, teams, world)
    team_of_topic = _deal_topics(seats, teams, world)
    topics, order = _topics(seats, team_of_topic, world)
    know_topic, know_level = _knowledge(seats, topics, order, world, key)
    roster = _rosters(topics, know_topic, know_level, world.expert_threshold)
    script_weight = _script(topics, world.first_contact, key)
    desk = _desk_in_tree_order(seats)
    customers = np.zeros(round(world.market_per_seat * world.staff), CUSTOMERS)
    _draw_customers(customers, len(topics), world.topic_skew, world.active_share, world.taste_spread,
                    world.first_satisfaction, key)  # fmt: skip
    residents = _residents(topics, customers)
    _expose(topics, world.exposed, key)
    partners = np.zeros(round(world.partners_per_seat * world.staff), PARTNERS)
    _draw_partners(partners, len(topics), world.topic_skew, world.partners_active, key)
    rules = pack(world, design)
    sources = _sources(seats, customers, partners)
    sources["rate"] = source_rates(sources, seats, rules[0])
    circles, circle_low = _circles(world.staff, world.interest_kinds)
    tie_to, tie_weight = _ties(seats, world, key)
    pending = len(sources) + len(seats)
    buckets, shift = size_calendar(pending, 3.0 * float(sources["rate"].sum()))
    clock = np.zeros(1, CLOCK)
    clock["seed"], clock["shift"], clock["tracing"] = key, shift, tracing
    clock["newborn_head"] = clock["newborn_tail"] = -1
    clock["cases_free"] = clock["tasks_free"] = FIRST_POOL
    return assemble(
        rules=rules,
        clock=clock,
        seats=seats,
        know_topic=know_topic,
        know_level=know_level,
        tie_to=tie_to,
        tie_weight=tie_weight,
        loads=np.zeros((len(seats), LOAD_WEEKS), np.int64),
        customers=customers,
        residents=residents,
        partners=partners,
        familiar=np.zeros((len(partners), world.deal_circle)),
        circles=circles,
        circle_low=circle_low,
        market=_market(customers, partners, world),
        books=np.zeros(1, BOOKS),
        topics=topics,
        order=order,
        order_weight=np.concatenate([[0.0], np.cumsum(topics["weight"][order])]),
        script_weight=script_weight,
        roster=roster,
        desk_seats=desk,
        sources=sources,
        nodes=_nodes(sources, seats),
        buckets=np.full(buckets, -1, np.int32),
        queues=_empty(2 * len(seats) + len(Pool), QUEUES, head=-1, tail=-1),
        pools=_pools(seats),
        tasks=_pool(TASKS, "next"),
        cases=_pool(CASES, "free_next"),
        ledger=np.zeros(FIRST_POOL, LEDGER),
        touches=np.zeros(FIRST_POOL if tracing else 1, TOUCHES),
        spells=np.zeros(2 * len(seats), SPELLS),
        invited=np.zeros(MOST_ON_A_PANEL, np.int64),
        audience=np.zeros(len(customers), np.int64),
    )


def _empty(rows: int, dtype: np.dtype, **values: int) -> np.ndarray:  # type: ignore[type-arg]
    table = np.zeros(rows, dtype)
    for column, value in values.items():
        table[column] = value
    return table


def _pools(seats: np.ndarray) -> np.ndarray:
    pools = _empty(len(Pool), POOLS, idle_head=-1, idle_tail=-1, unspent=-1)
    for pool, role in ((Pool.DESK, Role.DESK), (Pool.BROKERS, Role.BROKER)):
        pools["people"][pool] = np.count_nonzero(seats["role"] == role)
    return pools


def _market(customers: np.ndarray, partners: np.ndarray, world: World) -> np.ndarray:
    market = np.zeros(1, MARKET)
    market["active_customers"] = market["first_customers"] = np.count_nonzero(customers["active"])
    market["active_partners"] = market["first_partners"] = np.count_nonzero(partners["active"])
    market["platform"] = market["active_partners"] + world.platform_customers * market["active_customers"]
    return market


def _circles(staff: int, kinds: int) -> tuple[np.ndarray, np.ndarray]:
    """Empty circles, shared out evenly over the interests: room for everybody, a quarter more than needed."""
    each = max(1, math.ceil(1.25 * staff / CIRCLE / kinds))
    return np.full((each * kinds, CIRCLE), -1, np.int64), np.arange(kinds + 1, dtype=np.int64) * each


def _pool(dtype: np.dtype, link: str) -> np.ndarray:  # type: ignore[type-arg]
    """A pool whose rows all stand in its free list."""
    table = np.zeros(FIRST_POOL, dtype)
    table[link] = np.arange(1, FIRST_POOL + 1)
    return table


def _nodes(sources: np.ndarray, seats: np.ndarray) -> np.ndarray:
    """Events: the next birth of every source, what happens at every seat and pool, clocks of cases."""
    people = len(seats) + len(Pool)
    nodes = idle_nodes(len(sources) + people + FIRST_POOL)
    nodes["key"][: len(sources)] = np.arange(len(sources))
    nodes["key"][len(sources) : len(sources) + people] = np.arange(people)
    return nodes


# --- the tree ---------------------------------------------------------------------------------------------------------


def _tree(staff: int, span: int) -> tuple[np.ndarray, list[int]]:
    """Seats of a tree filled breadth first, and the managers of teams of employees, in tree order.

    Seat i reports to seat (i − 1) div span. Who has reports is a manager; a firm of one is a team of its own.
    """
    seats = np.zeros(staff, SEATS)
    rows = np.arange(staff)
    seats["parent"] = (rows - 1) // span
    seats["parent"][0] = -1
    for seat in range(1, staff):
        seats["level"][seat] = seats["level"][seats["parent"][seat]] + 1
    seats["department"] = rows
    for seat in range(1, staff):
        if seats["level"][seat] > 1:
            seats["department"][seat] = seats["department"][seats["parent"][seat]]
    is_manager = rows * span + 1 < staff
    seats["role"] = np.where(is_manager, Role.MANAGER, Role.PRODUCT)
    seats["team"] = np.where(is_manager | (rows == 0), rows, seats["parent"])
    seats["unit"] = np.where(is_manager, rows + staff, seats["team"])
    for column in ("serving", "idle_next", "idle_previous"):
        seats[column] = -1
    has_team = np.zeros(staff, bool)
    has_team[seats["team"][~is_manager]] = True
    return seats, [seat for seat in _in_tree_order(staff, span) if has_team[seat]]


def _in_tree_order(staff: int, span: int) -> Iterator[int]:
    """Seats in depth-first order, so that whoever works below one seat stands together."""
    waiting = [0]
    while waiting:
        seat = waiting.pop()
        yield seat
        waiting.extend(range(min(seat * span + span, staff - 1), seat * span, -1))


def _members_of(seats: np.ndarray, teams: Sequence[int]) -> dict[int, np.ndarray]:
    """Employees of each team, by seat."""
    employees = np.flatnonzero(seats["role"] != Role.MANAGER)
    employees = employees[np.argsort(seats["team"][employees], kind="stable")]
    bounds = np.searchsorted(seats["team"][employees], teams, "left"), np.searchsorted(
        seats["team"][employees], teams, "right"
    )
    return {team: employees[low:high] for team, low, high in zip(teams, *bounds, strict=True)}


def _assign_roles(seats: np.ndarray, teams: Sequence[int], world: World) -> None:
    """Desk and brokers take whole teams first, spread evenly over the tree, so that a desk is near every department."""
    members = _members_of(seats, teams)
    employees = int(np.count_nonzero(seats["role"] != Role.MANAGER))
    free = list(teams)
    for role, share in ((Role.DESK, world.desk), (Role.BROKER, world.brokers)):
        wanted = min(round(share * employees), sum(len(members[team]) for team in free))
        for team in _evenly(free, wanted, members):
            taken = members[team][:wanted]
            seats["role"][taken] = role
            wanted -= len(taken)
            members[team] = members[team][len(taken) :]
        free = [team for team in free if len(members[team])]


def _evenly(teams: Sequence[int], wanted: int, members: dict[int, np.ndarray]) -> Iterator[int]:
    """Enough teams for `wanted` seats, evenly spaced in the order of the tree, then the others in turn."""
    if not wanted:
        return
    count = min(len(teams), math.ceil(wanted * len(teams) / sum(len(members[team]) for team in teams)))
    chosen = [teams[(2 * i + 1) * len(teams) // (2 * count)] for i in range(count)]
    yield from chosen
    others = set(teams) - set(chosen)
    yield from (team for team in teams if team in others)


def _desk_in_tree_order(seats: np.ndarray) -> np.ndarray:
    """Seats of the desk, those below one manager together; fills the columns that say which part is whose."""
    staff = len(seats)
    span = int(np.count_nonzero(seats["parent"] == 0)) or 1
    order = np.fromiter(_in_tree_order(staff, span), np.int64, staff)
    size = np.ones(staff, np.int64)
    for seat in range(staff - 1, 0, -1):
        size[seats["parent"][seat]] += size[seat]
    before = np.concatenate([[0], np.cumsum(seats["role"][order] == Role.DESK)])
    place = np.empty(staff, np.int64)
    place[order] = np.arange(staff)
    seats["desk_low"], seats["desk_high"] = before[place], before[place + size]
    return order[seats["role"][order] == Role.DESK]


# --- topics and knowledge ---------------------------------------------------------------------------------------------


def _deal_topics(seats: np.ndarray, teams: Sequence[int], world: World) -> np.ndarray:
    """Team that owns each topic. Topics are numbered by popularity and dealt to and fro, department after department,

    so that no department owns the popular ones. A firm without product teams has one topic, owned at the top.
    """
    members = _members_of(seats, teams)
    product = [team for team in teams if np.any(seats["role"][members[team]] == Role.PRODUCT)]
    if not product:
        return np.zeros(1, np.int64)
    departments: dict[int, list[int]] = {}
    for team in product:
        departments.setdefault(int(seats["department"][team]), []).append(team)
    longest = max(map(len, departments.values()))
    dealt = [queue[turn] for turn in range(longest) for queue in departments.values() if turn < len(queue)]
    rounds = [dealt[::-1] if turn % 2 else dealt for turn in range(world.topics_per_team)]
    return np.array([team for one in rounds for team in one], np.int64)


def _topics(seats: np.ndarray, team_of_topic: np.ndarray, world: World) -> tuple[np.ndarray, np.ndarray]:
    """Topics with weights such that a draw by weight is ⌊K·u^skew⌋, and their order by the tree.

    Fills the columns of the seats that say which stretch of that order is owned below a seat and by its own team.
    """
    count, staff = len(team_of_topic), len(seats)
    topics = np.zeros(count, TOPICS)
    topics["team"] = team_of_topic
    topics["weight"] = np.diff((np.arange(count + 1) / count) ** (1.0 / world.topic_skew))
    tree = np.fromiter(_in_tree_order(staff, world.span), np.int64, staff)
    place = np.empty(staff, np.int64)
    place[tree] = np.arange(staff)
    order = np.argsort(place[team_of_topic], kind="stable").astype(np.int64)
    owned = np.bincount(place[team_of_topic], minlength=staff)
    before = np.concatenate([[0], np.cumsum(owned)])
    size = np.ones(staff, np.int64)
    for seat in range(staff - 1, 0, -1):
        size[seats["parent"][seat]] += size[seat]
    seats["topic_low"], seats["topic_high"] = before[place], before[place + size]
    own = place[seats["team"]]
    seats["own_low"], seats["own_high"] = before[own], before[own + 1]
    return topics, order


def _knowledge(
    seats: np.ndarray, topics: np.ndarray, order: np.ndarray, world: World, key: int
) -> tuple[np.ndarray, np.ndarray]:
    """What each person knows as an expert: the team's topics, a second field, of managers the former one."""
    own_slots = world.topics_per_team if len(topics) > 1 else 1
    know_topic = np.full((len(seats), own_slots + 2), -1, np.int64)
    know_level = np.zeros((len(seats), own_slots + 2))
    _draw_knowledge(seats, order, know_topic, know_level, len(topics), world.expertise_low, world.expertise_high,
                    world.second_field, world.former_field, key)  # fmt: skip
    return know_topic, know_level


@njit
def _draw_knowledge(seats, order, know_topic, know_level, topics, low, high, second, former, key):
    slots = know_topic.shape[1]
    for seat in range(len(seats)):
        record = seats[seat]
        if record.role == Role.PRODUCT:
            for slot in range(min(slots - 2, record.own_high - record.own_low)):
                know_topic[seat, slot] = order[record.own_low + slot]
                know_level[seat, slot] = low + (high - low) * uniform(key, Stream.EXPERTISE, seat, slot)
        know_topic[seat, slots - 2] = np.int64(topics * uniform(key, Stream.SECOND_FIELD, seat, 0))
        know_level[seat, slots - 2] = second
        if record.role == Role.MANAGER:
            low_row, high_row = record.topic_low, record.topic_high
            u = uniform(key, Stream.FORMER_FIELD, seat, 0)
            if high_row > low_row:  # she rose from a team that now works below her
                know_topic[seat, slots - 1] = order[low_row + np.int64(u * (high_row - low_row))]
                know_level[seat, slots - 1] = former


def _rosters(topics: np.ndarray, know_topic: np.ndarray, know_level: np.ndarray, threshold: float) -> np.ndarray:
    """Experts of each topic, by seat, topic after topic; fills the columns that say which part is whose."""
    seat, slot = np.nonzero((know_topic >= 0) & (know_level >= threshold))
    pairs = np.unique(np.stack([know_topic[seat, slot], seat], axis=1), axis=0)
    topics["roster_low"] = np.searchsorted(pairs[:, 0], np.arange(len(topics)), "left")
    topics["roster_high"] = np.searchsorted(pairs[:, 0], np.arange(len(topics)), "right")
    return pairs[:, 1].astype(np.int64)


def _script(topics: np.ndarray, share: float, key: int) -> np.ndarray:
    """Topics on the desk's script, in an order drawn once: each that brings the covered weight nearer to the share.

    Returns cumulative weights of scripted topics by number.
    """
    topics["scripted"] = _nearest_to(topics["weight"], share, Stream.SCRIPT, key)
    return np.concatenate([[0.0], np.cumsum(topics["weight"] * topics["scripted"])])


# --- outsiders --------------------------------------------------------------------------------------------------------


@njit
def _draw_customers(customers, topics, skew, active_share, spread, satisfaction, key):
    for customer in range(len(customers)):
        person = customers[customer]
        u = uniform(key, Stream.HOME_TOPIC, customer, 0)
        person.topic = min(topics - 1, np.int64(topics * u**skew))
        person.active = uniform(key, Stream.CUSTOMER, customer, 0) < active_share
        for d in range(DIMENSIONS):
            person.taste[d] = spread * normal(key, Stream.TASTE, customer, d)
        person.satisfaction = person.expectation = satisfaction
        person.life = exponential(key, Stream.LIFE, customer, 0)
        person.knows, person.voice_at, person.voice_next = -1, -1, -1


def _residents(topics: np.ndarray, customers: np.ndarray) -> np.ndarray:
    """Market members by home topic; fills the columns that say which part is whose."""
    order = np.argsort(customers["topic"], kind="stable")
    homes = customers["topic"][order]
    topics["home_low"] = np.searchsorted(homes, np.arange(len(topics)), "left")
    topics["home_high"] = np.searchsorted(homes, np.arange(len(topics)), "right")
    return order.astype(np.int64)


def _expose(topics: np.ndarray, share: float, key: int) -> None:
    """Topics whose failures customers feel, in an order drawn once, up to a share of the weight."""
    topics["exposed"] = _nearest_to(topics["weight"], share, Stream.EXPOSED, key)
    topics["idea"] = topics["first_voice"] = -1
    topics["build_left"] = -1.0


def _nearest_to(weights: np.ndarray, share: float, stream: Stream, key: int) -> np.ndarray:
    """Which topics to take, in an order drawn once: each that brings the covered weight nearer to the share."""
    taken, covered = np.zeros(len(weights), np.int8), 0.0
    ranks = [uniform(key, stream, topic, 0) for topic in range(len(weights))]
    for topic in np.argsort(ranks):
        if abs(covered + weights[topic] - share) < abs(covered - share):
            taken[topic] = 1
            covered += weights[topic]
    return taken


@njit
def _draw_partners(partners, topics, skew, active_share, key):
    for partner in range(len(partners)):
        record = partners[partner]
        record.topic = min(topics - 1, np.int64(topics * uniform(key, Stream.CAPABILITY, partner, 0) ** skew))
        record.active = uniform(key, Stream.PARTNER, partner, 0) < active_share
        record.satisfaction, record.left = 0.5, -1
        record.life = exponential(key, Stream.PARTNER_LIFE, partner, 0)


def _sources(seats: np.ndarray, customers: np.ndarray, partners: np.ndarray) -> np.ndarray:
    """Where cases are born of themselves. A source with rate 0 never ticks.

    Decisions of every seat; requests, what a channel adds to them, and moments of every market member; deals of every
    partner.
    """
    groups = (
        (Kind.DECISION, 0, len(seats)),
        (Kind.REQUEST, 0, len(customers)),
        (Kind.REQUEST, 1, len(customers)),
        (Kind.MOMENT, 0, len(customers)),
        (Kind.DEAL, 0, len(partners)),
    )
    sources = np.zeros(sum(count for _, _, count in groups), SOURCES)
    first = 0
    for kind, extra, count in groups:
        theirs = slice(first, first + count)
        sources["kind"][theirs], sources["extra"][theirs] = kind, extra
        sources["opener"][theirs] = np.arange(count)
        first += count
    return sources


def source_rates(sources: np.ndarray, seats: np.ndarray, rules: np.void) -> np.ndarray:
    """Births a tick of every source. Every employee but brokers meets decisions.

    A channel's own requests are drawn at its full rate, and dropped where there is no channel.
    """
    rates = np.zeros(len(sources))
    decides = (seats["role"] == Role.PRODUCT) | (seats["role"] == Role.DESK)
    of = {kind: sources["kind"] == kind for kind in (Kind.DECISION, Kind.REQUEST, Kind.MOMENT, Kind.DEAL)}
    rates[of[Kind.DECISION]] = decides * rules["decision_rate"] / DAY
    rates[of[Kind.REQUEST]] = rules["request_rate"] / YEAR
    rates[sources["extra"] == 1] *= rules["channel_extra"]
    rates[of[Kind.MOMENT]] = rules["moment_rate"] / YEAR
    rates[of[Kind.DEAL]] = rules["deal_rate"] / YEAR
    return rates * rules["load"]


# --- ties -------------------------------------------------------------------------------------------------------------


def _ties(seats: np.ndarray, world: World, key: int) -> tuple[np.ndarray, np.ndarray]:
    """Starting ties of every seat: each slot draws another seat with P(i, j) ∝ exp(−D/λ)·exp(−x/ζ).

    D is the level of the lowest common manager (0 at the top) and x = sqrt(d_i² + d_j² − 2) the distance through it,
    d the depths below it (Dodds, Watts & Sabel, PNAS 100, 2003). A share of the slots looks to other departments only.
    """
    limit = world.tie_limit
    tie_to = np.full((len(seats), limit), -1, np.int64)
    tie_weight = np.zeros((len(seats), limit))
    kept = int(world.tie_reserved * limit)
    depth = int(seats["level"].max(initial=0))
    _draw_ties(seats, world.span, depth, kept, world.tie_depth, world.tie_distance, world.tie_start, tie_to,
               tie_weight, key)  # fmt: skip
    return tie_to, tie_weight


@njit
def _draw_ties(seats, span, depth, kept, scale_depth, scale_distance, start, tie_to, tie_weight, key):
    classes = (depth + 1) * (depth + 1)
    weight = np.zeros(classes)
    for seat in range(len(seats)):
        found = 0
        for slot in range(tie_to.shape[1]):
            away = slot >= tie_to.shape[1] - kept
            total = _class_weights(seats, seat, span, depth, away, scale_depth, scale_distance, weight)
            if total <= 0.0:
                continue
            other = _seat_of_class(seats, seat, span, depth, weight, total, slot, key)
            known = False
            for i in range(found):
                known = known or tie_to[seat, i] == other
            if not known:
                tie_to[seat, found], tie_weight[seat, found] = other, start
                found += 1


@njit
def _below(first, last, span, staff):
    """First and last report of a row of seats of one level (an empty row has last < first)."""
    return first * span + 1, min(last * span + span, staff - 1)


@njit
def _rows(seats, seat, height, down, span):
    """Seats `down` levels below the manager `height` levels above a seat, as (first, last), and those to leave out.

    Left out are the seats that share a lower manager with it (they belong to a smaller height), and itself.
    """
    staff = len(seats)
    top, branch = seat, -1
    for _ in range(height):
        branch, top = top, seats[top].parent
    first, last = top, top
    for _ in range(down):
        first, last = _below(first, last, span, staff)
    out_first, out_last = branch, branch
    if branch < 0:
        out_first, out_last = top, top
    for _ in range(down - 1 if branch >= 0 else down):
        out_first, out_last = _below(out_first, out_last, span, staff)
    if branch >= 0 and down == 0:
        out_first, out_last = 0, -1
    if branch < 0 and down > 0:
        out_first, out_last = 0, -1
    out_last = min(out_last, last)
    return first, last, out_first, out_last


@njit
def _class_weights(seats, seat, span, depth, away, scale_depth, scale_distance, weight):
    total, level = 0.0, seats[seat].level
    weight[:] = 0.0
    for height in range(level + 1):
        if away and height < level:
            continue
        for down in range(depth - (level - height) + 1):
            if height == 0 and down == 0:
                continue
            first, last, out_first, out_last = _rows(seats, seat, height, down, span)
            count = max(0, last - first + 1) - max(0, out_last - out_first + 1)
            if count <= 0:
                continue
            distance = math.sqrt(max(0.0, float(height * height + down * down - 2)))
            value = count * math.exp(-(level - height) / scale_depth) * math.exp(-distance / scale_distance)
            weight[height * (depth + 1) + down] = value
            total += value
    return total


@njit
def _seat_of_class(seats, seat, span, depth, weight, total, slot, key):
    left = uniform(key, Stream.TIE_LEVEL, seat, slot) * total
    chosen = 0
    for i in range(len(weight)):
        if weight[i] > 0.0:
            chosen = i
            left -= weight[i]
            if left < 0.0:
                break
    height, down = chosen // (depth + 1), chosen % (depth + 1)
    first, last, out_first, out_last = _rows(seats, seat, height, down, span)
    left_out = max(0, out_last - out_first + 1)
    row = first + np.int64(uniform(key, Stream.TIE_SEAT, seat, slot) * (last - first + 1 - left_out))
    return row + left_out if left_out > 0 and row >= out_first else row
