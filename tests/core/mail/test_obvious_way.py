"""Whole messages are to the byte what the obvious way makes them."""

import email
import email.policy
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from jinja2 import FileSystemLoader
from letters_made import NASTY, a_digest, assert_ready_for_the_wire, bodies
from orders import DAY, LETTERHEAD, PLANNED_AT, Wanted, parsed

from newsletter.bench.papers import made_papers
from newsletter.bench.plain import PlainWay
from newsletter.core.delivery.states import Kind
from newsletter.core.digests import MOST_LEFT_OUT, Digest, Pick, Section
from newsletter.core.mail.mails import Links
from newsletter.core.papers import Organization, Paper


def some_papers():
    """A day of made-up ones, and some that are like no other."""
    made = [replace(paper, thumbnail_url=f"https://pictures.example.org/{paper.id}.png")
            for paper in made_papers(160, DAY)]  # fmt: skip
    odd = [
        Paper(
            id=f"title:{number}",
            title=text,
            featured_on=DAY,
            abstract=text if number % 2 else "",
            authors=(text,) * (number % 3),
            organization=Organization(name="x", full_name=text) if number % 2 else None,
            project_url="https://example.org/?a=1&b=ü " + text[:50],
        )
        for number, text in enumerate(NASTY.values())
    ]
    bare = Paper(id="title:bare", title="All There Is", featured_on=DAY)
    return {paper.id: paper for paper in (*made, *odd, bare)}


def readers(count, papers, *, seed, large):
    """Readers of every kind. large: how many of a hundred have a digest near the limit or past."""
    chance, ids = random.Random(seed), list(papers)
    topics = [*(f"Topic {number}" for number in range(40)), "Zeitung über Öl", *NASTY.values()]
    words = [("agent*",), (), ("*",), ('"tool use"', "a" * 90), tuple("abcdefgh"), ("é", "=x")]
    words += [(text[:200],) for text in NASTY.values()]
    for number in range(1, count + 1):
        kind = chance.choices(list(Kind), weights=(20, *[1] * (len(Kind) - 1)))[0]
        is_large = chance.randrange(100) < large
        size = chance.randint(20, 120) if is_large else chance.randint(1, 14)
        chosen = chance.sample(ids, size) + ["gone"] * (chance.random() < 0.1)
        ends = sorted({*(chance.randint(1, size) for _ in range(chance.randint(0, 3))), size})
        sections = tuple(
            Section(
                topic=chance.choice(topics),
                picks=tuple(
                    Pick(paper_id=found, words=chance.choice(words)) for found in chosen[start:end]
                ),
            )
            for start, end in zip([0, *ends], ends, strict=False)
        )
        left_out = chance.sample(ids, chance.choice((0, 0, 3, MOST_LEFT_OUT)))
        digest = Digest(
            sections=sections,
            left_out=tuple(Pick(paper_id=found) for found in left_out),
            more=chance.choice((0, 0, 1, 1204)),
        )
        yield Wanted(
            id=number * 1000,
            subscriber_id=number**3,
            address=chance.choice(("ada@example.org", f"{number}@xn--bcher-kva.example")),
            message_id=f"<{number:032x}@papers.example.org>",
            digest=digest if kind is Kind.DIGEST else None,
            thumbnails=chance.random() < 0.3,
            kind=kind,
            planned_at=PLANNED_AT + timedelta(minutes=number % 5),
        )


def assert_same_as_the_obvious_way(make, templates, orders, papers):
    way = PlainWay(FileSystemLoader(templates), LETTERHEAD)
    letters, broken = make(*orders, papers=papers)

    assert broken == {}
    by_id = {letter.delivery_id: letter for letter in letters}
    for one in orders:
        ours, theirs = parsed(by_id[one.id].content), way.message(one, papers)
        assert_ready_for_the_wire(by_id[one.id].content)
        assert headers(ours) == headers(theirs)
        theirs = email.message_from_bytes(theirs.as_bytes(), policy=email.policy.default)
        assert bodies(ours) == bodies(theirs)


def headers(message):
    return [(name, str(value)) for name, value in message.items() if name != "Content-Type"]


def test_messages_are_to_the_byte_what_the_obvious_way_makes(make, mail_templates):
    papers = some_papers()

    orders = list(readers(60, papers, seed=1, large=4))

    assert_same_as_the_obvious_way(make, mail_templates, orders, papers)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_a_thousand_messages_are_to_the_byte_what_the_obvious_way_makes(make, mail_templates):
    papers = some_papers()

    orders = list(readers(1000, papers, seed=2, large=12))

    assert_same_as_the_obvious_way(make, mail_templates, orders, papers)


def test_links_that_there_are_not_are_left_out_as_the_obvious_way_does(
    renderer, mail_templates, mail_paper
):
    few = Links(
        preferences="https://x.org/p?a=1&b=2", unsubscribe="https://x.org/u", unsubscribe_mailto=""
    )
    papers = {paper.id: paper for paper in map(mail_paper, (1, 2))}
    one = Wanted(digest=a_digest(*papers.values(), more=3))
    way = PlainWay(FileSystemLoader(mail_templates), LETTERHEAD)

    ours = renderer.digest(one.digest, papers, edition=DAY, links=few, brand=LETTERHEAD.brand)

    assert ours == way.rendered(one, papers, few)
