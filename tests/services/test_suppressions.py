"""Who must not be mailed: by an admin's hand and by the rule, at every entrance, and back again."""

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper, add_reader, settings_for, wishes
from sqlalchemy import text

from newsletter.adapters.templates import template_loader
from newsletter.core.delivery.resends import Wanted
from newsletter.core.delivery.states import Outcome, Result, State
from newsletter.core.feedback.suppression import MOST_BAD_DAYS
from newsletter.core.mail.rendering import Renderer
from newsletter.core.reports import Kind
from newsletter.core.subscribers import Status
from newsletter.core.tokens import Purpose, make_token
from newsletter.errors import NotFound, Refused

ADA = "ada@example.org"
DEAD = Outcome(result=Result.FAILED, code=550, status="5.1.1", text="5.1.1 no such user here")
FULL = Outcome(result=Result.FAILED, code=552, status="5.2.2", text="5.2.2 the mailbox is full")
POLICY = Outcome(result=Result.FAILED, code=550, status="5.7.1", text="5.7.1 our policy says no")


class Transport:
    """Answers each letter with the outcome that was set."""

    def __init__(self):
        self.answer, self.sent = Outcome(result=Result.SENT, code=250), []

    def send_many(self, letters, *, accepted):
        for letter in letters:
            if self.answer.result is Result.SENT:
                accepted([letter])
                self.sent.append(letter)
            yield letter, self.answer

    def close(self): ...


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="module")
def renderer():
    """One for all: it reads the templates."""
    return Renderer(template_loader(None))


@pytest.fixture
def service(request, tmp_path, clock, renderer):
    """On SQLite, or where a test says so on both databases."""
    settings = settings_for(tmp_path)
    if getattr(request, "param", "sqlite") == "postgres":
        settings = settings_for(tmp_path, database_url=request.getfixturevalue("postgres_url"))
    parts = {"transport": Transport(), "renderer": renderer}
    with a_newsletter(tmp_path, clock=clock, settings=settings, **parts) as made:
        yield made


on_both = pytest.mark.parametrize("service", ["sqlite", "postgres"], indirect=True)


def suppress(service, *addresses):
    return service.suppress(addresses or (ADA,), because="asked by telephone", actor="grace")


def edition(service, clock, answer, *, days=1):
    """The next days' digests, each answered so."""
    service.parts.transport.answer = answer
    for _ in range(days):
        clock.move(days=1)
        today = clock().date()
        service.parts.sources[0].days[today] = [a_paper(100 + today.day, featured_on=today)]
        service.run(everyone=True)


def audit(service):
    with service.store.read() as session:
        return session.execute(text("SELECT action, actor, subject, because FROM audit")).all()


# Each entrance


def confirm(service):
    reader = service.subscriber(ADA)
    token = make_token(Purpose.CONFIRM, reader.id, keys=service.letterhead.keys, issued_at=MONDAY)
    service.confirm(token)


def resubscribe(service):
    token = service.pages_of(service.subscriber(ADA).id).unsubscribe.rpartition("/")[2]
    service.resubscribe(token)


def test_a_suppressed_address_that_subscribes_is_not_even_asked(service):
    suppress(service)

    service.subscribe(ADA, wishes())

    service.send_waiting()
    assert not service.parts.transport.sent


def test_a_suppressed_address_cannot_confirm(service):
    service.subscribe(ADA, wishes())
    suppress(service)

    with pytest.raises(Refused, match="returned or reported"):
        confirm(service)
    assert service.subscriber(ADA).status is Status.PENDING


def test_a_suppressed_address_cannot_come_back_by_link(service):
    add_reader(service, "ada")
    token = service.pages_of(service.subscriber(ADA).id).unsubscribe.rpartition("/")[2]
    service.unsubscribe(token, because="page")
    suppress(service)

    with pytest.raises(Refused, match="returned or reported"):
        resubscribe(service)
    assert service.subscriber(ADA).status is Status.ENDED


def test_a_suppressed_address_gets_no_mail_to_recover_its_link(service):
    add_reader(service, "ada")
    suppress(service)

    service.recover(ADA)

    service.send_waiting()
    assert not service.parts.transport.sent


def test_an_admin_cannot_add_a_suppressed_address(service):
    suppress(service)

    with pytest.raises(Refused, match="suppressed"):
        add_reader(service, "ada")


def test_an_import_refuses_a_suppressed_address_and_says_why(service):
    suppress(service)

    taken = service.import_subscribers([(ADA, wishes()), ("bob@example.org", wishes())])

    assert taken.added == 1
    assert taken.refused == ((ADA, "is suppressed (asked by telephone)"),)


def test_a_suppressed_reader_is_not_planned_for(service, clock):
    add_reader(service, "ada")
    suppress(service)

    edition(service, clock, Outcome(result=Result.SENT, code=250))

    assert not service.deliveries()


def test_what_waits_for_an_address_when_it_is_suppressed_does_not_go_out(service, clock):
    add_reader(service, "ada")
    edition(service, clock, Outcome(result=Result.DEFERRED, code=450, text="4.2.0 later"))
    service.parts.transport.answer = Outcome(result=Result.SENT, code=250)

    suppress(service)
    clock.move(hours=1)
    service.send_waiting()

    assert [one.state for one in service.deliveries()] == [State.SKIPPED]
    assert not service.parts.transport.sent


def test_nothing_is_sent_again_to_a_suppressed_address(service, clock):
    add_reader(service, "ada")
    edition(service, clock, Outcome(result=Result.SENT, code=250))
    suppress(service)

    wanted = Wanted(edition=clock().date(), addresses=(ADA,), because="she asked")
    list(service.resend(wanted, actor="grace", is_dry_run=False))

    service.send_waiting()
    assert len(service.parts.transport.sent) == 1


# Adding and lifting


def test_only_the_keyed_hash_of_an_address_is_kept(service):
    suppress(service, "nobody@example.org")

    with service.store.read() as session:
        kept = session.execute(text("SELECT * FROM suppressions")).all()
    assert "nobody" not in str(kept) + str(audit(service))


def test_every_spelling_of_an_address_is_suppressed_once(service):
    assert suppress(service, "Ada@Example.org", "ada@example.ORG") == 1
    assert suppress(service) == 0


@on_both
def test_adding_a_list_is_counted_before_it_is_done(service):
    suppress(service)

    found = service.look_at_suppressing(
        ["bob@example.org", ADA, "Bob@example.org", "no address", "cy@example.org"]
    )

    assert found.new == ("bob@example.org", "cy@example.org")
    assert (found.already, found.twice, len(found.wrong)) == (1, 1, 1)
    assert service.suppression_count() == 1


@on_both
def test_a_long_list_is_suppressed_whole(service):
    addresses = [f"r{number}@example.org" for number in range(601)]

    assert suppress(service, *addresses) == 601
    assert len(list(service.suppressions())) == service.suppression_count() == 601


def test_a_lift_lets_the_address_be_mailed_and_leaves_its_subscription(service, clock):
    add_reader(service, "ada")
    suppress(service)

    service.lift_suppression(ADA, because="her mailbox is back", actor="grace")

    assert service.subscriber(ADA).status is Status.ACTIVE
    edition(service, clock, Outcome(result=Result.SENT, code=250))
    assert [one.recipient for one in service.parts.transport.sent] == [ADA]
    assert [row[0] for row in audit(service)][-2:] == ["add suppression", "lift suppression"]


@pytest.mark.parametrize("because", ["", "  \n"])
def test_without_a_reason_nothing_is_added_and_nothing_lifted(service, because):
    with pytest.raises(Refused, match="--reason"):
        service.suppress([ADA], because=because, actor="grace")
    suppress(service)
    with pytest.raises(Refused, match="--reason"):
        service.lift_suppression(ADA, because=because, actor="grace")

    assert service.suppression_count() == 1


def test_what_is_not_suppressed_cannot_be_lifted(service):
    with pytest.raises(NotFound, match="not suppressed"):
        service.lift_suppression(ADA, because="why not", actor="grace")


# The rule, at hand-over


def test_a_dead_address_is_suppressed_as_soon_as_it_is_refused(service, clock):
    add_reader(service, "ada")

    edition(service, clock, DEAD)

    told = service.why_suppressed(ADA)
    assert told.suppression.reason == "hard bounce: no such mailbox, 5.1.1"
    assert [(one.by, one.kind, one.reply) for one in told.told] == [
        ("the relay", Kind.HARD, "550 5.1.1 no such user here")
    ]


def test_a_full_mailbox_is_suppressed_after_five_days_of_it(service, clock):
    add_reader(service, "ada")

    edition(service, clock, FULL, days=MOST_BAD_DAYS - 1)
    assert service.why_suppressed(ADA).bad_days == MOST_BAD_DAYS - 1
    assert service.why_suppressed(ADA).suppression is None

    edition(service, clock, FULL)
    assert "soft bounces on 5 days" in service.why_suppressed(ADA).suppression.reason


@on_both
def test_a_lift_begins_the_score_anew(service, clock):
    add_reader(service, "ada")
    edition(service, clock, FULL, days=MOST_BAD_DAYS)

    service.lift_suppression(ADA, because="emptied", actor="grace")
    clock.move(minutes=1)
    told = service.why_suppressed(ADA)
    edition(service, clock, FULL)

    assert (told.bad_days, len(told.told)) == (0, MOST_BAD_DAYS)
    assert told.lifted_at is not None
    assert service.why_suppressed(ADA).suppression is None
    assert service.why_suppressed(ADA).bad_days == 1


def test_a_policy_never_counts_against_the_reader(service, clock):
    add_reader(service, "ada")

    edition(service, clock, POLICY, days=MOST_BAD_DAYS + 1)

    told = service.why_suppressed(ADA)
    assert (told.suppression, told.bad_days, len(told.told)) == (None, 0, MOST_BAD_DAYS + 1)


def test_an_unknown_address_has_nothing_against_it(service):
    told = service.why_suppressed("nobody@example.org")

    assert (told.suppression, told.status, told.told) == (None, "", ())
