"""Every form that sends a mail to an address somebody typed: what strangers can do with it."""

import base64
import hashlib
import json
import re
import statistics
import threading
import time
from ipaddress import ip_network

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper, add_reader, settings_for, wishes
from fastapi.testclient import TestClient
from pages_walk import BASE, Form, dump, fill, forms_in, forms_of, is_private, starts, walk
from sqlalchemy import text

from newsletter.adapters.gate import RedisGate
from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.redis_urls import open_cache
from newsletter.core.addresses import hash_address
from newsletter.core.gate import MAILS_A_DAY, OF_A_NETWORK
from newsletter.core.stamps import make_stamp
from newsletter.parts import InlineQueue
from newsletter.web import create_app
from newsletter.web.shield import Timing

QUICK = Timing(answer_seconds=20.0, even_seconds=0.0)
VICTIM = "victim@example.org"
FAR = "203.0.113.7"


class Hand:
    """Seconds since 1970, that pass when they are told to."""

    def __init__(self) -> None:
        self.now = MONDAY.timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def serve(tmp_path, hand):
    """Makes (the service, a client from this network) with these settings and parts."""
    opened = []

    def made(*, client: str = FAR, timing: Timing = QUICK, parts=None, **values):
        settings = settings_for(tmp_path, **values)
        newsletter = a_newsletter(
            tmp_path,
            papers=[a_paper(number) for number in range(1, 4)],
            clock=Clock(),
            settings=settings,
            queue=MemoryQueue(),
            **(parts or {}),
        )
        newsletter.pull(MONDAY.date())
        opened.append(newsletter)
        app = create_app(newsletter, timing=timing, clock=hand)
        return newsletter, browser(app, client)

    yield made
    for newsletter in opened:
        newsletter.close()


def browser(app, network: str) -> TestClient:
    return TestClient(app, base_url=BASE, client=(network, 4711), raise_server_exceptions=False)


def form(address: str = VICTIM, **values) -> dict[str, str]:
    return {"address": address, "topics-0-filter": "agents"} | values


def entrances(newsletter, client) -> list[Form]:
    """Every form of the site that mails to an address that is typed into it."""
    found = [
        one
        for one in forms_of(walk(client, starts(newsletter, client.app), only_forms=True))
        if one.mails and one.method == "post"
    ]
    for one in found:
        one.fields |= {"topics-0-filter": "agents"} if "topics-0-filter" in one.fields else {}
    return found


def pressed(entrance: Form, address: str) -> dict[str, str]:
    return entrance.filled(**dict.fromkeys(entrance.mails, address))


def mails_to(newsletter, address: str) -> int:
    newsletter.send_waiting()
    return sum(one.recipient == address for one in newsletter.parts.transport.sent)


# How often


def test_one_victim_gets_three_mails_a_day_through_all_entrances_together(serve):
    newsletter, client = serve()
    fill(newsletter, client)
    found = entrances(newsletter, client)
    assert len(found) >= 2

    for number in range(4):
        for place, entrance in enumerate(found):
            visitor = browser(client.app, f"198.51.{number}.{place}")
            assert visitor.post(entrance.action, data=pressed(entrance, VICTIM)).status_code == 200

    assert 1 <= mails_to(newsletter, VICTIM) <= MAILS_A_DAY


@pytest.mark.parametrize("spelling", ["victim+{}@example.org", "VICTIM+{}@Example.org"])
def test_a_victim_is_known_however_they_are_spelled(serve, spelling):
    newsletter, client = serve()
    for number in range(6):
        client.post("/subscribe", data=form(spelling.format(number)))

    newsletter.send_waiting()
    assert len(newsletter.parts.transport.sent) == MAILS_A_DAY


def test_each_entrance_answers_alike_whatever_the_address_is(serve):
    newsletter, client = serve()
    fill(newsletter, client)
    suppress(newsletter, "sam@example.org")
    for entrance in entrances(newsletter, client):
        answers = set()
        own = ["ada"] if not is_private(entrance.action) else []  # a reader knows their address
        for number, name in enumerate([*own, "ida", "lea", "eve", "sam", "new", *["new"] * 4]):
            visitor = browser(client.app, f"198.51.{number}.1")
            answer = visitor.post(entrance.action, data=pressed(entrance, f"{name}@example.org"))
            assert answer.status_code == 200, (entrance.action, name)
            answers.add(answer.content)
        assert len(answers) == 1, entrance.action


def suppress(newsletter, address: str) -> None:
    hashed = hash_address(address, newsletter.letterhead.hash_secret)
    with newsletter.store.write() as session:
        session.execute(
            text("INSERT INTO suppressions (address_hash, reason, since_at) VALUES (:h, :r, :at)"),
            {"h": hashed, "r": "complaint", "at": "2026-06-01 00:00:00"},
        )


def test_a_network_that_tries_too_often_is_told_so_and_loses_nothing_it_typed(serve):
    newsletter, client = serve()
    answers = [
        client.post("/subscribe", data=form(f"reader{n}@d{n}.example", **{"topics-0-name": "Mine"}))
        for n in range(OF_A_NETWORK.burst + 3)
    ]

    assert [one.status_code for one in answers[-4:]] == [200, 429, 429, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert "6 minutes" in answers[-1].text
    (again,) = forms_in(answers[-1].text, "/subscribe")
    assert again.fields["address"] == f"reader{OF_A_NETWORK.burst + 2}@d22.example"
    assert again.fields["topics-0-name"] == "Mine"
    assert len(newsletter.subscribers()) == OF_A_NETWORK.burst
    assert browser(client.app, "198.51.100.1").post("/subscribe", data=form()).status_code == 200


def test_neighbours_and_what_a_stranger_claims_to_be_count_as_one_network(serve):
    _, client = serve()
    for n in range(OF_A_NETWORK.burst + 5):
        claims = {"X-Forwarded-For": f"198.51.{n}.1"}
        visitor = browser(client.app, f"203.0.113.{n}")
        answer = visitor.post("/subscribe", data=form(f"r{n}@d{n}.example"), headers=claims)

    assert answer.status_code == 429


def test_behind_a_proxy_that_was_named_each_visitor_is_one(serve):
    _, client = serve(client="10.0.0.9", trusted_proxies=(ip_network("10.0.0.0/24"),))

    statuses = set()
    for n in range(OF_A_NETWORK.burst + 5):
        claims = {"X-Forwarded-For": f"6.6.6.6, 198.51.{n}.1"}
        answer = client.post("/subscribe", data=form(f"r{n}@d{n}.example"), headers=claims)
        statuses.add(answer.status_code)
    assert statuses == {200}

    for n in range(OF_A_NETWORK.burst + 5):
        claims = {"X-Forwarded-For": f"6.6.{n}.6, 203.0.113.1"}
        answer = client.post("/subscribe", data=form(f"s{n}@d{n}.example"), headers=claims)
    assert answer.status_code == 429


# How fast


def opened(client, address: str = VICTIM) -> tuple[str, dict[str, str]]:
    """The subscribe form as it is shown, filled in."""
    (found,) = [one for one in forms_in(client.get("/subscribe").text, "/subscribe") if one.mails]
    return found.action, found.filled(**form(address), do="subscribe")


def test_who_needs_two_seconds_as_with_a_browser_that_fills_in_comes_through(serve, hand):
    newsletter, client = serve(form_seconds=2.0)
    action, fields = opened(client)
    hand.now += 2.0

    assert "Check your inbox" in client.post(action, data=fields).text
    assert mails_to(newsletter, VICTIM) == 1


def test_a_form_that_comes_back_at_once_has_to_be_sent_once_more(serve, hand):
    newsletter, client = serve(form_seconds=2.0)
    action, fields = opened(client)
    hand.now += 0.5

    early = client.post(action, data=fields)
    (again,) = forms_in(early.text, action)
    hand.now += 1.5

    assert "One more click" in early.text
    assert newsletter.subscribers() == ()
    assert "Check your inbox" in client.post(again.action, data=again.filled()).text
    assert newsletter.subscriber(VICTIM).wishes.topics[0].filter == "agents"


@pytest.mark.parametrize("stamp", [None, "", "a" * 26, "stale"])
def test_a_form_without_a_stamp_or_with_an_old_one_is_shown_once_more(serve, hand, stamp):
    newsletter, client = serve(form_seconds=2.0)
    action, fields = opened(client)
    if stamp == "stale":
        hand.now += 3 * 86_400
    elif stamp is None:
        del fields["stamp"]
    else:
        fields["stamp"] = stamp

    (again,) = forms_in(client.post(action, data=fields).text, action)
    hand.now += 2

    assert newsletter.subscribers() == ()
    assert "Check your inbox" in client.post(again.action, data=again.filled()).text


def test_every_entrance_asks_for_a_stamp_and_sets_a_trap(serve, hand):
    newsletter, client = serve(form_seconds=2.0)
    fill(newsletter, client)
    for entrance in entrances(newsletter, client):
        assert {"stamp", "website"} <= set(entrance.fields), entrance.action
        before = dump(newsletter)
        entrance.fields["stamp"] = make_stamp(newsletter.letterhead.keys.secrets[0], now=hand.now)
        assert "One more click" in client.post(entrance.action, data=pressed(entrance, VICTIM)).text
        hand.now += 5
        trapped = pressed(entrance, VICTIM) | {"website": "http://spam.example"}
        person = pressed(entrance, "person@example.org")
        bot = client.post(entrance.action, data=trapped)
        assert dump(newsletter) == before
        assert bot.content == client.post(entrance.action, data=person).content


def test_the_stamp_makes_no_page_a_new_one(serve, hand):
    _, client = serve(form_seconds=2.0)
    tag = client.get("/subscribe").headers["etag"]
    hand.now += 100

    assert client.get("/subscribe?x=1").headers["etag"] == tag


# Proof of work and disposable domains


def solved(told: dict) -> str:
    """What a browser does."""
    number = next(
        n
        for n in range(told["maxnumber"] + 1)
        if hashlib.sha256(f"{told['salt']}{n}".encode()).hexdigest() == told["challenge"]
    )
    answer = {name: told[name] for name in ("algorithm", "challenge", "salt", "signature")}
    return base64.b64encode(json.dumps(answer | {"number": number}).encode()).decode()


def test_a_proof_of_work_is_asked_for_only_where_it_is_switched_on(serve):
    newsletter, client = serve(proof_of_work=True)
    challenge = re.search(r'data-challenge="([^"]+)"', client.get("/subscribe").text)[1]

    without = client.post("/subscribe", data=form())
    answer = solved(client.get(challenge).json())
    proven = client.post("/subscribe", data=form(altcha=answer))

    assert "small sum" in without.text
    assert "Check your inbox" in proven.text
    assert mails_to(newsletter, VICTIM) == 1
    assert client.get(challenge).headers["cache-control"] == "no-store"


def test_no_page_speaks_of_a_proof_while_it_is_off(serve):
    _, client = serve()

    assert "altcha" not in client.get("/subscribe").text


def test_a_disposable_domain_is_refused_with_a_reason_where_a_file_names_it(serve, tmp_path):
    names = tmp_path / "disposable.txt"
    names.write_text("# thrown away\nThrown.example\n\n")
    newsletter, client = serve(disposable_domains=names)

    refused = client.post("/subscribe", data=form("eve@mail.thrown.example"))

    assert refused.status_code == 422
    assert "thrown away soon" in refused.text
    assert client.post("/recover", data={"address": "a@thrown.example"}).status_code == 422
    assert client.post("/subscribe", data=form()).status_code == 200
    assert [one.address for one in newsletter.subscribers()] == [VICTIM]


# While Redis is away


def test_without_redis_nothing_is_mailed_and_nothing_is_lost(serve, tmp_path):
    gate = RedisGate(open_cache(f"unix://{tmp_path}/none?db=0"))
    newsletter, client = serve(parts={"gate": gate})
    fields = form(**{"topics-0-name": "My own"})
    began = time.monotonic()

    answer = client.post("/subscribe", data=fields)

    assert time.monotonic() - began < 8  # a busy machine adds its own
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 60
    (again,) = forms_in(answer.text, "/subscribe")
    assert fields.items() <= again.fields.items()
    assert newsletter.subscribers() == ()
    assert client.get("/").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, "redis: does not answer" in ready.text) == (503, True)


def test_with_redis_back_the_same_button_works(serve, redis_client):
    _, client = serve(parts={"gate": RedisGate(redis_client)})

    assert "Check your inbox" in client.post("/subscribe", data=form()).text
    assert client.get("/readyz").text.startswith("database: ok\nredis: ok\npapers: fresh")


# How long


def test_how_long_an_answer_takes_is_rounded_up(serve):
    """The last one is thrown off by a fifth of the span at most, whatever the work was."""
    newsletter, client = serve(timing=Timing(answer_seconds=20.0, even_seconds=0.25))
    add_reader(newsletter, "ada", "agents")
    for name in ("ada", "new", "ada", "other"):
        began = time.monotonic()
        client.post("/subscribe", data=form(f"{name}@example.org"))
        assert (time.monotonic() - began) >= 0.24


@pytest.mark.campaign
def test_a_thousand_addresses_known_and_unknown_take_alike(serve):
    """Every other one is an active reader's: the medians differ by 5 ms at most."""
    newsletter, client = serve(timing=Timing())
    for number in range(0, 1000, 2):
        newsletter.add_subscriber(f"r{number}@d{number}.example", wishes(), is_confirmed=True)
    took: dict[bool, list[float]] = {True: [], False: []}
    answers = set()
    for number in range(1000):
        visitor = browser(client.app, f"198.{51 + number // 256}.{number % 256}.1")
        began = time.perf_counter()
        answer = visitor.post("/subscribe", data=form(f"r{number}@d{number}.example"))
        took[number % 2 == 0].append(time.perf_counter() - began)
        answers.add((answer.status_code, answer.content))

    known, unknown = (statistics.median(took[is_known]) for is_known in (True, False))
    print(f"known {known * 1000:.2f} ms, unknown {unknown * 1000:.2f} ms")
    assert len(answers) == 1
    assert len(newsletter.subscribers(limit=2000)) == 1000
    assert abs(known - unknown) <= 0.005


def test_where_there_is_no_queue_no_visitor_waits_for_the_mail_to_be_sent():
    """Else how long it takes would tell that there is one."""
    done, may_go_on = threading.Event(), threading.Event()

    def send(task: str) -> None:
        may_go_on.wait(20)
        done.set()

    InlineQueue(send, is_apart=True).ring("send")

    assert not done.is_set()
    may_go_on.set()
    assert done.wait(20)
