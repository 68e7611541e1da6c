"""A relay in all its moods: each reader gets the digest once, or the ledger says why not."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field

import pytest
from hasty import hurried
from relay import Rule
from world import CONNECTIONS, EDITION, ROOT, World, dice

from newsletter.adapters.queue import Task
from newsletter.core.delivery.states import FIRST_WAIT, MAX_UNCERTAIN, State
from newsletter.settings import as_environment

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
one_day = pytest.mark.xdist_group("moody_day")  # its day is made once

READERS = 200

# Five readers of each kind, told apart by their names, beside those whom nothing happens to.
MOODS = {
    "greylisted": Rule(at="rcpt", to="greylisted", say="450 4.2.0 come back in five minutes"),
    "busy": Rule(at="dot", to="busy", say="451 4.3.0 try again"),
    "leaving": Rule(at="rcpt", to="leaving", say="421 4.3.2 closing", then="close"),
    "before": Rule(at="content", to="before", then="close"),
    "taken": Rule(at="dot", to="taken", then="close", takes=True),
    "untaken": Rule(at="dot", to="untaken", then="close"),
    "never": Rule(at="dot", to="never", then="close", takes=True, times=0),
    "garbage": Rule(at="dot", to="garbage", say="\\xff\\x00 what?", takes=True),
    "silent": Rule(at="dot", to="silent", then="hang"),
    "deaf": Rule(at="content", to="deaf", then="hang"),
    "slow": Rule(at="dot", to="slow", say="250 2.0.0 ok", takes=True, wait=3.0),
    "unknown": Rule(at="rcpt", to="unknown", say="550 5.1.1 no such user", times=0),
    "full": Rule(at="rcpt", to="full", say="552 5.2.2 mailbox full", times=0),
}
OF_A_KIND = 3


@dataclass
class Day:
    """What became of a day on which the relay had all its moods."""

    world: World
    rows: dict[str, dict] = field(default_factory=dict)

    def of(self, kind: str) -> list[dict]:
        found = [row for name, row in self.rows.items() if re.match(rf"{kind}\d", name)]
        assert len(found) == OF_A_KIND
        return found

    def copies(self, kind: str) -> list[int]:
        taken = self.world.relay.taken
        return [taken[row["message_id"], row["address"]] for row in self.of(kind)]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def moody_day(request, tmp_path_factory):
    values = {}
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        values["postgres"] = (server, server.create())
    world = World(tmp_path_factory.mktemp("moods"), pace=0.0, **values)
    world.relay.play(*MOODS.values())
    world.add_readers(
        *(f"{kind}{number}@example.org" for kind in MOODS for number in range(OF_A_KIND))
    )
    world.plan(READERS)
    world.start()
    world.newsletter.ring(Task.SEND)
    world.settle()
    day = Day(world, {row["address"].partition("@")[0]: row for row in _rows(world)})
    yield day
    world.close()


def _rows(world) -> list[dict]:
    statement = (
        "SELECT address, message_id, state, attempts, uncertain, last_code, last_status, last_text"
        " FROM deliveries JOIN subscribers ON subscribers.id = subscriber_id"
    )
    with world.newsletter.store.read() as session:
        return [
            dict(row) for row in session.connection().exec_driver_sql(statement).mappings().all()
        ]


def states(rows) -> set[str]:
    return {row["state"] for row in rows}


@one_day
def test_no_mood_costs_anybody_else_anything(moody_day):
    verdict = moody_day.world.verdict(may_have=[State.REVIEW])

    assert verdict.missing == verdict.unknown == verdict.unsaid == frozenset()
    usual = [row for name, row in moody_day.rows.items() if name.startswith("reader")]
    assert len(usual) == READERS
    assert states(usual) == {"sent"}
    taken = moody_day.world.relay.taken
    assert {taken[row["message_id"], row["address"]] for row in usual} == {1}


@one_day
@pytest.mark.parametrize("kind", ["greylisted", "busy", "leaving", "before"])
def test_what_was_put_off_comes_once(moody_day, kind):
    assert states(moody_day.of(kind)) == {"sent"}
    assert moody_day.copies(kind) == [1] * OF_A_KIND


@one_day
def test_a_greylisted_message_waits_for_five_minutes(moody_day):
    for number in range(OF_A_KIND):
        first, second = moody_day.world.relay.tries(f"greylisted{number}@example.org")
        assert second.at - first.at >= hurried(FIRST_WAIT)


@one_day
def test_a_message_whose_reply_was_lost_comes_again_with_the_same_message_id(moody_day):
    for kind, copies in (("taken", 2), ("untaken", 1), ("garbage", 2), ("silent", 1)):
        assert states(moody_day.of(kind)) == {"sent"}, kind
        assert moody_day.copies(kind) == [copies] * OF_A_KIND, kind
        assert {row["uncertain"] for row in moody_day.of(kind)} == {1}, kind


@one_day
def test_a_message_whose_reply_is_lost_each_time_is_listed_for_the_admin(moody_day):
    never = moody_day.of("never")

    assert states(never) == {"review"}
    assert moody_day.copies("never") == [MAX_UNCERTAIN + 1] * OF_A_KIND
    listed = _told(moody_day.world, "deliveries", "list", "--state", "review", "--json")
    assert {row["address"] for row in listed["deliveries"]} == {row["address"] for row in never}


@one_day
def test_a_relay_that_stops_reading_is_given_up_and_asked_again(moody_day):
    assert states(moody_day.of("deaf")) == {"sent"}
    assert moody_day.copies("deaf") == [1] * OF_A_KIND


@one_day
def test_a_slow_reply_is_waited_for(moody_day):
    assert states(moody_day.of("slow")) == {"sent"}
    assert moody_day.copies("slow") == [1] * OF_A_KIND
    assert {row["uncertain"] for row in moody_day.of("slow")} == {0}


@one_day
def test_an_unknown_mailbox_is_suppressed_and_a_full_one_is_not(moody_day):
    assert states(moody_day.of("unknown")) == states(moody_day.of("full")) == {"failed"}
    with moody_day.world.newsletter.store.read() as session:
        suppressed = session.connection().exec_driver_sql(
            "SELECT address FROM subscribers JOIN suppressions"
            " ON suppressions.address_hash = subscribers.address_hash"
        )
        addresses = {row[0] for row in suppressed}
    assert addresses == {row["address"] for row in moody_day.of("unknown")}


def test_an_edition_that_a_provider_refuses_is_held_until_an_admin_releases_it(make_world):
    world = make_world("postgres")
    world.relay.play(Rule(at="dot", to=r"reader\d*[13579]@", say="554 5.7.1 spam", times=0))
    world.plan(3000)
    world.start()
    world.newsletter.ring(Task.SEND)
    world.wait(lambda: _edition(world).state == "held")
    world.wait(lambda: State.SENDING not in world.counts())
    held = world.counts()

    assert held[State.PENDING] > 0
    assert "5.7.1 spam" in _edition(world).held_because

    world.relay.play()
    world.newsletter.release_edition(EDITION, because="they have apologised", actor="admin")
    world.newsletter.ring(Task.SEND)
    world.settle()

    assert world.counts() == {
        State.FAILED: held[State.FAILED],
        State.SENT: 3000 - held[State.FAILED],
    }
    assert world.verdict().doubled == 0


@pytest.mark.parametrize("is_polite", [True, False], ids=["421", "refused"])
def test_a_relay_that_is_away_for_a_while_is_left_alone_and_gets_everything_once(
    make_world, is_polite
):
    world = make_world("postgres" if is_polite else "sqlite")
    closed = Rule(at="greeting", say="421 4.3.2 closed for now", then="close", times=0)
    if is_polite:
        world.relay.play(closed)
    else:
        world.relay.kill()
    world.plan(READERS)
    worker = world.start()
    world.newsletter.ring(Task.SEND)
    world.wait(lambda: world.log(worker).count("sent=0") >= 2)
    knocks = world.relay.count("opened")

    assert knocks <= 4 * CONNECTIONS
    if is_polite:
        world.relay.play()
    else:
        world.relay.start()
    world.settle()

    world.assert_holds(readers=READERS)


def test_a_relay_killed_again_and_again_gets_again_only_what_it_did_not_answer(make_world):
    world, chance, kills, readers = make_world(), dice(), 3, 600
    world.plan(readers)
    world.start()
    world.newsletter.ring(Task.SEND)

    for _ in range(kills):
        world.wait_for(min(world.relay.count("taken") + chance.randint(20, 120), readers - 10))
        world.relay.kill()
        world.relay.start()
    world.settle()

    world.assert_holds(readers=readers, copies=kills * CONNECTIONS)


def test_a_line_to_the_relay_that_is_cut_costs_only_what_was_in_hand(make_world):
    world, chance, cuts, readers = make_world("postgres", proxied=["relay"]), dice(), 4, 600
    world.plan(readers)
    world.start()
    world.newsletter.ring(Task.SEND)

    for number in range(cuts):
        world.wait_for(min(world.relay.count("taken") + chance.randint(20, 120), readers - 10))
        world.proxies["relay"].cut(halfway=bool(number % 2))
    world.settle()

    world.assert_holds(readers=readers, copies=cuts * CONNECTIONS)


def test_a_relay_far_away_gets_everything_once(make_world):
    world = make_world("postgres", proxied=["relay"], pace=0.0)
    world.proxies["relay"].delay = 0.05
    world.plan(READERS)
    world.start()
    world.newsletter.ring(Task.SEND)
    world.settle()

    world.assert_holds(readers=READERS)


def _edition(world):
    return world.newsletter.editions(edition=EDITION)[0]


def _told(world, *words: str):
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", *words],
        env=as_environment(world.settings) | {"PATH": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
