"""The account of one paper and one reader, in words."""

from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter.core.accounts import Circumstances, account
from newsletter.core.delivery.states import Kind, State
from newsletter.core.digests import Digest, Pick, Section, Topic
from newsletter.core.filters import parse_filter
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper
from newsletter.core.results import DeliveryView
from newsletter.core.tracing import Situation, settled, why

DAY = date(2026, 6, 18)
AT = datetime(2026, 6, 18, 7, tzinfo=UTC)
PAPERS = [
    Paper(id=str(n), title="Agents", upvotes=n, featured_on=DAY, sources=("arxiv",)) for n in (1, 2)
]


def told(paper_id="1", *, digest=None, state=State.SENT, seen=(), **choices):
    index = PaperIndex(PAPERS)
    given = {
        "topics": [Topic("Agents", parse_filter("agent"))],
        "window": index.everything,
        "seen": index.bits(seen),
        "cap": 9,
    }
    situation = Situation(index=index, **(given | choices))
    around = Circumstances(
        address="ada@example.org",
        edition=DAY,
        first_on=DAY - timedelta(days=2),
        paper=index.papers[index.position(paper_id)],
        situation=situation,
        made_at=AT,
        seen_in=DAY - timedelta(days=1) if seen else None,
        delivery=None if digest is None else a_delivery(digest, state),
    )
    trace = why(situation, paper_id)
    return account(trace if digest is None else settled(trace, digest), around)


def a_digest(*picked, left_out=()):
    picks = tuple(Pick(paper_id=paper_id, words=("agent",)) for paper_id in picked)
    return Digest(
        sections=(Section(topic="Agents", picks=picks),),
        left_out=tuple(Pick(paper_id=paper_id) for paper_id in left_out),
    )


def a_delivery(digest, state):
    return DeliveryView(
        id=7, edition=DAY, kind=Kind.DIGEST, address="ada@example.org", state=state, resend_no=0,
        message_id="<7@example.org>", attempts=1, planned_at=AT, next_at=AT, sent_at=None,
        last_code=550, last_text="no such mailbox", because="", digest=digest,
    )  # fmt: skip


@pytest.mark.parametrize("state", State)
def test_every_state_of_a_delivery_has_its_words(state):
    found = told(digest=a_digest("1"), state=state)

    assert found.came
    assert "It is in the digest of 2026-06-18 under topic Agents, " in found.conclusion


def test_a_refused_mail_is_told_with_the_reply():
    found = told(digest=a_digest("1"), state=State.FAILED)

    assert "the mail was refused (550 no such mailbox)" in found.conclusion


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"cap": 1}, "With 2 papers a digest instead of 1 it would come under topic Agents."),
        ({"seen": "1"}, "The reader had it in the digest of 2026-06-17: no paper comes twice."),
        (
            {"mutes": [parse_filter("agent")], "cap": 1},
            "Muted by `agent`: without that mute it would still not fit into the digest of 1.",
        ),
        (
            {"topics": [Topic("Agents", parse_filter("agent"), 1)]},
            "With a cap of 2, or none, on topic Agents it would come under topic Agents.",
        ),
        ({"topics": []}, "The reader has no topic that is on: add one, or switch one on."),
        (
            {"topics": [], "off": [Topic("Agents", parse_filter("agent"))]},
            "No topic that is on wants it: topic Agents would, switched on.",
        ),
        (
            {"topics": [Topic("Robots", parse_filter("robot"))]},
            "No topic wants it. Nearest is Robots: it would match without `robot`.",
        ),
        ({"window": 0}, "It belongs to another day"),
    ],
)
def test_the_conclusion_says_what_the_reader_could_change(choices, says):
    assert told(**choices).conclusion.startswith(says)


def test_the_steps_end_where_the_paper_was_stopped():
    found = told(cap=1)

    assert [step.is_passed for step in found.steps] == [True] * 7 + [False]
    assert found.steps[-1].words == "better papers fill the digest, which takes 1"


def test_what_the_ledger_has_otherwise_than_today_is_told_as_that():
    found = told(digest=a_digest("1"), topics=[Topic("Robots", parse_filter("robot"))])

    assert [step.name for step in found.steps] == ["work", "topic", "digest cap", "ledger"]
    assert all(step.is_passed for step in found.steps)


def test_a_paper_at_the_foot_of_the_mail_is_told_so():
    found = told(digest=a_digest("2", left_out="1"), cap=1)

    assert not found.came
    assert found.notes == ("The mail names this paper at its foot, without its abstract.",)
