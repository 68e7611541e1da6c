"""What came back of an edition: counted by edition and domain, and held where it is too much."""

import json

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper, add_reader, settings_for
from sqlalchemy import insert

from newsletter.adapters.store.tables import DeliveryRow, EditionRow, SubscriberRow
from newsletter.cli.root import run
from newsletter.core.addresses import return_path
from newsletter.core.feedback.arriving import Arrival
from newsletter.core.feedback.intake import CameBy, Fate
from newsletter.core.feedback.rates import Standing
from newsletter.core.reports import Kind, Nature, Record, Report
from newsletter.core.subscribers import Status
from newsletter.settings import as_environment

DAY = MONDAY.date()
SENT = 1000


@pytest.fixture
def service(request, tmp_path):
    """A thousand digests of Monday are sent, a tenth of them to kelp.example."""
    settings = settings_for(tmp_path)
    if getattr(request, "param", "sqlite") == "postgres":
        settings = settings_for(tmp_path, database_url=request.getfixturevalue("postgres_url"))
    with a_newsletter(tmp_path, clock=Clock(), settings=settings) as made:
        fill(made)
        yield made


on_both = pytest.mark.parametrize("service", ["sqlite", "postgres"], indirect=True)


def fill(made):
    readers = [
        {"address": address, "address_key": address, "address_hash": f"{number:064d}",
         "status": "ended", "created_at": MONDAY, "domain": address.rpartition("@")[2]}
        for number in range(1, SENT + 1)
        for address in [f"r{number}@{'kelp' if number % 10 == 0 else 'moss'}.example"]
    ]  # fmt: skip
    deliveries = [
        {"edition_id": 1, "subscriber_id": number, "message_id": f"<{number}@example.org>",
         "state": "sent", "next_at": MONDAY, "planned_at": MONDAY, "sent_at": MONDAY, "digest": {}}
        for number in range(1, SENT + 1)
    ]  # fmt: skip
    edition = {"kind": "digest", "edition_on": DAY, "created_at": MONDAY, "expires_at": MONDAY}
    with made.store.write() as session:
        session.execute(insert(EditionRow), [edition])
        session.execute(insert(SubscriberRow), readers)
        session.execute(insert(DeliveryRow), deliveries)


def a_report(service, delivery, *, kind=Kind.COMPLAINT, cause="abuse", key="", is_delay=False):
    secret = service.letterhead.keys.secrets[0]
    record = Record(recipient=None, kind=kind, cause=cause, reply="its words", is_delay=is_delay)
    nature = Nature.COMPLAINT if kind is Kind.COMPLAINT else Nature.BOUNCE
    return Arrival(
        key=key or f"{kind}{delivery}",
        came_by=CameBy.STDIN,
        report=Report(nature=nature, records=(record,)),
        envelope_to=return_path(delivery, secret=secret, domain="example.org"),
    )


def take_in(service, numbers, **values):
    return [service.take_in_events([a_report(service, number, **values)]) for number in numbers]


def state(service):
    return service.editions()[0].state


@on_both
def test_an_edition_is_held_at_three_complaints_in_a_thousand(service):
    take_in(service, [1, 2])
    assert state(service) == "open"

    take_in(service, [3])

    assert state(service) == "held"
    assert "3 of 1,000 readers complained (0.30 %)" in service.editions()[0].held_because


def test_an_edition_that_an_admin_released_is_not_held_again(service):
    take_in(service, [1, 2, 3])
    service.release_edition(DAY, because="looked at", actor="grace")

    take_in(service, [4])

    assert state(service) == "open"


def test_policies_that_come_back_hold_the_edition_and_harm_no_reader(service):
    events = [a_report(service, number, kind=Kind.SOFT, cause="policy") for number in range(1, 61)]

    taken = service.take_in_events(events)

    assert {one.fate for one in taken} == {Fate.COUNTED}
    assert state(service) == "held"
    assert service.suppression_count() == 0


def test_a_message_that_is_told_of_by_two_ways_is_counted_once(service):
    take_in(service, [10, 20], key="by mail")
    take_in(service, [10, 20], key="by a call")

    found = service.rates(DAY)

    assert found.editions[0].complaints == 2
    assert state(service) == "open"


@on_both
def test_rates_are_told_by_edition_and_by_domain(service):
    take_in(service, [10, 20])
    take_in(service, [30, 1], kind=Kind.HARD, cause="no such mailbox")
    take_in(service, [2], kind=Kind.SOFT, cause="mailbox full")
    take_in(service, [3], kind=Kind.SOFT, cause="mailbox full", is_delay=True)

    found = service.rates()

    (edition,) = found.editions
    assert (edition.sent, edition.hard, edition.soft, edition.complaints) == (1000, 2, 1, 2)
    assert edition.standing is Standing.WARN
    assert [(one.name, one.sent, one.bounces, one.complaints) for one in found.domains] == [
        ("kelp.example", 100, 1, 2),
        ("moss.example", 900, 2, 0),
    ]


def test_many_complaints_are_no_health(service):
    take_in(service, [1, 2])

    assert [line for line in service.status().stale if "2 of 1,000 readers complained" in line]


def test_an_edition_shows_what_came_back_of_it(service):
    take_in(service, [1, 2])

    assert service.edition_report(DAY).rate.complaints == 2


@pytest.fixture
def command(service, monkeypatch, capsys):
    for name, value in as_environment(service.settings).items():
        monkeypatch.setenv(name, value)

    def call(*words):
        code = run([*words])
        return code, *capsys.readouterr()

    return call


def test_rates_are_printed_for_people_and_programs(service, command):
    take_in(service, [10, 20])

    code, shown, _ = command("reports", "rates")
    _, document, _ = command("reports", "rates", "--edition", str(DAY), "--json")

    assert code == 0
    assert "0.20 %" in shown
    assert "many complaints" in shown
    found = json.loads(document)
    assert found["editions"][0]["complaint_rate"] == 0.002
    assert found["domains"][0]["name"] == "kelp.example"


def test_rates_of_an_edition_that_is_not_there_are_refused_in_one_sentence(command):
    code, shown, words = command("reports", "rates", "--edition", "2020-01-01")

    assert (code, shown) == (1, "")
    assert "There is no edition 2020-01-01" in words


# Mail to the way out


@pytest.fixture
def reading(tmp_path):
    """A service with one active reader, ada."""
    with a_newsletter(tmp_path, papers=[a_paper()], clock=Clock()) as made:
        add_reader(made, "ada")
        yield made


def way_out(service):
    return service.pages_of(service.subscriber("ada@example.org").id).unsubscribe_mailto


def a_mail(to, *, sender="ada@elsewhere.example", more=""):
    words = f"From: {sender}\nTo: {to}\nSubject: unsubscribe\n{more}\n\nPlease stop.\n"
    return words.encode()


def ended(service):
    found = service.subscriber("ada@example.org")
    return found.status is Status.ENDED and found.ended_because


def test_a_mail_to_the_address_of_list_unsubscribe_ends_the_subscription(reading):
    to = way_out(reading).removeprefix("mailto:")

    taken = reading.take_in_report(a_mail(to), came_by=CameBy.STDIN)

    assert taken.fate is Fate.IGNORED
    assert ended(reading) == "mail"


def test_an_automatic_reply_with_the_right_token_ends_it_too(reading):
    to = way_out(reading).removeprefix("mailto:")
    raw = a_mail("someone@example.org", more="Auto-Submitted: auto-replied")

    reading.take_in_report(raw, came_by=CameBy.LMTP, envelope_to=to)

    assert ended(reading) == "mail"


def test_a_made_up_token_ends_nothing_and_the_mail_is_kept(reading):
    to = way_out(reading).removeprefix("mailto:")
    forged = to.replace(to[15:25], "a" * 10)

    taken = reading.take_in_report(a_mail(forged), came_by=CameBy.STDIN)

    assert taken.fate is Fate.UNREAD
    assert not ended(reading)


def test_the_token_of_another_link_ends_nothing(reading):
    links = reading.pages_of(reading.subscriber("ada@example.org").id)
    manage = links.preferences.rpartition("/")[2]

    raw = a_mail(f"unsubscribe+{manage}@example.org")
    reading.take_in_report(raw, came_by=CameBy.STDIN)

    assert not ended(reading)


def test_an_old_mail_that_is_read_again_undoes_no_change_of_mind(reading):
    to = way_out(reading).removeprefix("mailto:")
    reading.take_in_report(a_mail(to), came_by=CameBy.STDIN)
    reading.resubscribe(way_out(reading).removeprefix("mailto:unsubscribe+").partition("@")[0])

    taken = reading.take_in_report(a_mail(to), came_by=CameBy.MAILDIR)

    assert taken.fate is Fate.REPEATED
    assert not ended(reading)
    reading.take_in_report(a_mail(to, more="X-Again: 1\nDate: Tue"), came_by=CameBy.MAILDIR)
    assert ended(reading)


def test_who_is_gone_already_may_still_ask(reading):
    to = way_out(reading).removeprefix("mailto:")
    reading.remove_subscriber("ada@example.org", actor="grace")

    assert reading.take_in_report(a_mail(to), came_by=CameBy.STDIN).fate is Fate.IGNORED
