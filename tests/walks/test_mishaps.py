"""A daily run in which something goes wrong: refused, deferred, killed, poisoned."""

import email

import pytest
from builders import Clock, a_paper, add_reader, wishes
from days import TODAY, TOMORROW, sent_to
from sqlalchemy import text

from newsletter.adapters.smtp import MemoryTransport
from newsletter.core.delivery.states import MAX_RECOVERIES, Outcome, Result, State
from newsletter.services.deliveries import BATCH


def test_a_dead_address_is_suppressed_and_never_mailed_again(service):
    dead = Outcome(result=Result.FAILED, code=550, status="5.1.1", text="no such mailbox")
    newsletter = service([a_paper(1)], transport=MemoryTransport(lambda letter: dead))
    add_reader(newsletter, "ada")
    newsletter.run(TODAY, everyone=True)
    newsletter.parts.__dict__["transport"] = MemoryTransport()

    newsletter.run(TOMORROW, everyone=True)

    assert sent_to(newsletter) == []


REFUSED = Outcome(result=Result.FAILED, code=550, status="5.7.1", text="5.7.1 Looks like spam")


@pytest.fixture
def refused(service):
    """A service whose relay refuses everybody for its policy: more readers than one batch."""
    newsletter = service([a_paper(1)], transport=MemoryTransport(lambda letter: REFUSED))
    newsletter.import_subscribers((f"r{n}@example.org", wishes()) for n in range(BATCH + 20))
    return newsletter


def test_an_edition_that_providers_refuse_is_held_and_nobody_is_suppressed(refused):
    ran = refused.run(TODAY, everyone=True)

    assert ran.counts == {State.FAILED: BATCH, State.PENDING: 20}
    (edition,) = refused.editions()
    assert edition.state == "held"
    assert "Looks like spam" in edition.held_because
    with refused.store.read() as session:
        assert session.execute(text("SELECT count(*) FROM suppressions")).scalar() == 0


def test_an_edition_that_an_admin_released_is_not_held_again(refused):
    refused.run(TODAY, everyone=True)
    refused.release_edition(TODAY, because="they let us in now", actor="ada")
    refused.parts.__dict__["transport"] = MemoryTransport(lambda letter: REFUSED)
    refused._breaker_at = 0.0

    refused.send_waiting()

    assert refused.counts(TODAY) == {State.FAILED: BATCH + 20}
    assert refused.editions()[0].state == "open"


def test_a_deferred_digest_is_tried_again_under_the_same_message_id(service):
    clock = Clock()
    answers = [
        Outcome(result=Result.DEFERRED, code=450, status="4.2.0", text="greylisted"),
        Outcome(result=Result.SENT, code=250, text="ok"),
    ]
    tried = []

    def answer(letter):
        tried.append(email.message_from_bytes(letter.content)["Message-ID"])
        return answers[len(tried) - 1]

    newsletter = service([a_paper(1)], clock=clock, transport=MemoryTransport(answer))
    add_reader(newsletter, "ada")
    newsletter.run(TODAY, everyone=True)
    before = newsletter.counts(TODAY)
    clock.move(hours=1)
    newsletter.send_waiting()

    assert before == {State.PENDING: 1}
    assert newsletter.counts(TODAY) == {State.SENT: 1}
    assert tried[0] == tried[1]


def test_a_worker_that_dies_after_the_claim_loses_nothing(service):
    clock = Clock()
    newsletter = service([a_paper(1)], clock=clock, transport=DyingTransport())
    add_reader(newsletter, "ada")
    with pytest.raises(Killed):
        newsletter.run(TODAY, everyone=True)
    newsletter.parts.__dict__["transport"] = MemoryTransport()

    newsletter.send_waiting()
    before = sent_to(newsletter)
    clock.move(minutes=8)
    newsletter.sweep()
    newsletter.send_waiting()

    assert before == []
    assert sent_to(newsletter) == ["ada@example.org"]


def test_an_acceptance_that_was_noted_is_not_sent_twice(service):
    clock = Clock()
    newsletter = service([a_paper(1)], clock=clock, transport=DyingTransport(after_acceptance=True))
    add_reader(newsletter, "ada")
    with pytest.raises(Killed):
        newsletter.run(TODAY, everyone=True)
    newsletter.parts.__dict__["transport"] = MemoryTransport()

    clock.move(minutes=8)
    newsletter.sweep()
    newsletter.send_waiting()

    assert sent_to(newsletter) == []
    assert newsletter.counts(TODAY) == {State.SENT: 1}


def test_a_delivery_that_kills_every_worker_goes_to_a_person_and_harms_no_other(service):
    clock = Clock()
    newsletter = service([a_paper(1)], clock=clock, transport=PoisonedTransport("ada@example.org"))
    for name in ("ada", "bob", "eve"):
        add_reader(newsletter, name)
    newsletter.pull()
    newsletter.plan_range(0, TODAY, everyone=True)

    for _ in range(MAX_RECOVERIES):
        with pytest.raises(Killed):
            newsletter.send_waiting()
        clock.move(minutes=8)
        newsletter.sweep()
    newsletter.send_waiting()

    assert newsletter.counts(TODAY) == {State.REVIEW: 1, State.SENT: 2}
    assert sent_to(newsletter) == ["bob@example.org", "eve@example.org"]


def test_a_poisonous_row_goes_to_a_person_and_the_rest_goes_out(service):
    newsletter = service([a_paper(1)])
    add_reader(newsletter, "ada")
    add_reader(newsletter, "bob")
    newsletter.pull()
    newsletter.plan_range(0, TODAY, everyone=True)
    with newsletter.store.write() as session:
        session.execute(
            text("UPDATE deliveries SET digest = :broken WHERE subscriber_id = 1"),
            {"broken": '{"sections": [["agents", [["no-such-paper", []]]]]}'},
        )

    newsletter.send_waiting()

    assert sent_to(newsletter) == ["bob@example.org"]
    assert newsletter.counts(TODAY) == {State.REVIEW: 1, State.SENT: 1}


def test_where_no_message_can_be_made_all_of_them_wait(service):
    newsletter = service([a_paper(1)])
    for name in ("ada", "bob", "eve"):
        add_reader(newsletter, name)
    newsletter.pull(TODAY)
    newsletter.plan_range(0, TODAY, everyone=True)
    with newsletter.store.write() as session:
        session.execute(text("UPDATE deliveries SET digest = '{\"sections\": 1}'"))

    newsletter.send_waiting()

    assert newsletter.counts(TODAY) == {State.PENDING: 3}
    assert "cannot be made" in newsletter.deliveries()[0].last_text


class Killed(BaseException):
    """What a kill looks like to the code around it: nothing more of it runs."""


class DyingTransport(MemoryTransport):
    """Dies while it hands over, before or after the relay's acceptance."""

    def __init__(self, *, after_acceptance: bool = False) -> None:
        super().__init__()
        self._after_acceptance = after_acceptance

    def send_many(self, letters, *, accepted):
        if self._after_acceptance:
            accepted(letters)
        raise Killed
        yield


class PoisonedTransport(MemoryTransport):
    """Dies, before it hands over anything, at a batch that holds this recipient."""

    def __init__(self, recipient: str) -> None:
        super().__init__()
        self._recipient = recipient

    def send_many(self, letters, *, accepted):
        if self._recipient in {letter.recipient for letter in letters}:
            raise Killed
        yield from super().send_many(letters, accepted=accepted)
