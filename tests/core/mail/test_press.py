"""Whole messages for many readers: each reader's own, whatever they hold."""

from dataclasses import replace

import lxml.html
import pytest
from letters_made import NASTY, a_digest, assert_ready_for_the_wire, bodies
from looks import words_of
from orders import DAY, LETTERHEAD, PLANNED_AT, Wanted, parsed

from newsletter.core.delivery.states import Kind
from newsletter.core.digests import MOST_LEFT_OUT, Digest, Pick, Section
from newsletter.core.mail.fitting import MAX_HTML
from newsletter.core.mail.links import links_of
from newsletter.core.mail.mails import Brand
from newsletter.core.papers import Organization
from newsletter.core.tokens import Purpose, read_token

MOST_PAPERS = 100 + MOST_LEFT_OUT  # the largest cap, and the short list past it


def test_a_preview_shows_what_is_sent(make_one, renderer, mail_paper):
    papers = {paper.id: paper for paper in map(mail_paper, (1, 2, 3))}
    one = Wanted(digest=a_digest(*papers.values(), more=3), thumbnails=True)
    links = links_of(LETTERHEAD, one.subscriber_id, confirm_at=None, edition=DAY)

    shown = renderer.digest(
        one.digest, papers, edition=DAY, links=links, brand=LETTERHEAD.brand, thumbnails=True
    )
    message = parsed(make_one(one, papers).content)

    assert bodies(message) == [shown.html.replace("\n", "\r\n"), shown.text.replace("\n", "\r\n")]
    assert message["Subject"] == shown.subject


def test_links_lead_to_this_readers_pages_only(make, mail_paper):
    digest = a_digest(mail_paper(), more=3)
    papers = {mail_paper().id: mail_paper()}
    ada, ben = Wanted(subscriber_id=7, digest=digest), Wanted(subscriber_id=300, digest=digest)

    letters, _ = make(ada, ben, papers=papers)

    for one, letter in zip((ada, ben), letters, strict=True):
        html, text = bodies(parsed(letter.content))
        links = links_of(LETTERHEAD, one.subscriber_id, confirm_at=None, edition=DAY)
        for link in (links.preferences, links.pause, links.unsubscribe, links.view):
            assert f'"{link}"' in html
            assert f"\r\n{link}\r\n" in text
        token = links.view.rpartition("/")[2]
        read = read_token(Purpose.VIEW, token, keys=LETTERHEAD.keys, now=PLANNED_AT)
        assert (read.subscriber_id, read.extra) == (one.subscriber_id, "2026-06-18")


def test_a_confirmation_link_says_when_it_was_asked_for(make_one):
    message = parsed(make_one(Wanted(kind=Kind.CONFIRM)).content)

    links = links_of(LETTERHEAD, 7, confirm_at=PLANNED_AT)
    assert f"\r\n{links.confirm}\r\n" in bodies(message)[1]


def test_the_same_order_gives_the_same_bytes_whoever_is_in_the_batch(make, mail_paper):
    papers = {paper.id: paper for paper in map(mail_paper, range(1, 9))}
    orders = [
        Wanted(id=number, subscriber_id=number, digest=a_digest(mail_paper(number)))
        for number in range(1, 9)
    ]

    together, _ = make(*orders, papers=papers)
    alone = [make(one, papers=papers)[0][0] for one in reversed(orders)][::-1]

    assert together == alone


def test_waiting_letters_share_all_that_is_not_their_readers_own(make, mail_paper):
    papers = {paper.id: paper for paper in map(mail_paper, range(1, 11))}
    orders = [
        Wanted(id=number, subscriber_id=number, digest=a_digest(*papers.values()))
        for number in range(1, 51)
    ]

    letters, _ = make(*orders, papers=papers)

    whole = sum(len(letter.content) for letter in letters)
    held = {id(part): len(part) for letter in letters for part in letter.parts}
    assert sum(held.values()) < whole / 20


def test_letters_say_that_they_are_ready_for_the_wire(make_one, mail_paper):
    letter = make_one(Wanted(digest=a_digest(mail_paper())), {mail_paper().id: mail_paper()})

    assert letter.is_wire_ready
    assert_ready_for_the_wire(letter.content)


@pytest.mark.parametrize(
    "poison",
    [
        Wanted(id=2, address="ada@example.org\r\nBcc: ben@example.org"),
        Wanted(id=2, subscriber_id=-1),
        Wanted(id=2, digest=Digest(sections=())),
        Wanted(id=2, digest=Digest(sections=(Section(topic="A", picks=(Pick(paper_id="gone"),)),))),
        Wanted(id=2, message_id="<é@papers.example.org>"),
    ],
    ids=["address", "reader", "empty digest", "papers gone", "message id"],
)
def test_one_poisonous_order_does_not_stop_the_others(make, mail_paper, poison):
    digest = a_digest(mail_paper())
    orders = [Wanted(id=1, digest=digest), poison, Wanted(id=3, digest=digest)]
    orders[1] = poison if poison.digest else replace(poison, digest=digest)

    letters, broken = make(*orders, papers={mail_paper().id: mail_paper()})

    assert [letter.delivery_id for letter in letters] == [1, 3]
    assert list(broken) == [2]


def test_a_digest_that_cannot_be_read_is_told_as_such(make):
    letters, broken = make(Wanted(digest=None))

    assert letters == []
    assert "its digest cannot be read" in str(broken[41])


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_no_text_can_break_a_message(make_one, mail_paper, text):
    papers = {
        1: mail_paper(
            1, title=text, abstract=text, authors=(text,), code_url=text,
            organization=Organization(name="x", full_name=text),
            project_url=f"https://example.org/{text}", thumbnail_url=text,
        ),
        2: mail_paper(2, title=text),
        3: mail_paper(3, title=text),
    }  # fmt: skip
    found = {paper.id: paper for paper in papers.values()}
    digest = Digest(
        sections=(
            Section(topic=text, picks=(Pick(paper_id=papers[1].id, words=(text, text)),)),
            Section(topic=text + "2", picks=(Pick(paper_id=papers[2].id, words=(text,)),)),
        ),
        left_out=(Pick(paper_id=papers[3].id),),
    )
    brand = Brand(name=text, base_url="https://papers.example.org", postal_address=text)
    letterhead = replace(LETTERHEAD, brand=brand)

    letter = make_one(Wanted(digest=digest, thumbnails=True), found, letterhead=letterhead)

    assert_ready_for_the_wire(letter.content)
    message = parsed(letter.content)
    assert len(message.items()) == 15
    assert message["Bcc"] is None
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip
    html, plain = bodies(message)
    page = lxml.html.document_fromstring(
        html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8")
    )
    assert page.xpath("//script|//b|//*[@onmouseover]") == []
    assert not set(html + plain) & set("\x00\ufdd0\ufdd1\ufdd2\u202e\u2066\u2028")
    assert len(html.encode()) <= MAX_HTML


@pytest.mark.parametrize("text", ["<b>Bold</b> & {{ 7*7 }}", "=3D =2E =", ". a dot", "é “ü” 論文"])
def test_text_is_shown_as_text(make_one, mail_paper, text):
    paper = mail_paper(title=text)

    html, plain = bodies(
        parsed(make_one(Wanted(digest=a_digest(paper, topic=text)), {paper.id: paper}).content)
    )

    assert words_of(html).count(text) >= 2
    assert plain.count(text) >= 2


@pytest.mark.parametrize(
    "text",
    ["\"&<'" * 60, "語" * 200, "🤖" * 200, "Rather Long and Winding " * 12],
    ids=["escaped", "wide", "outside", "words"],
)
def test_every_paper_that_counts_as_seen_is_named(make_one, mail_paper, text):
    papers = [
        mail_paper(number, title=f"{number}. {text}", page_url="https://example.org/" + "p" * 60)
        for number in range(MOST_PAPERS)
    ]
    sections = tuple(
        Section(
            topic=f"{number} {text}",
            picks=tuple(
                Pick(paper_id=paper.id, words=("w" * 60,) * 8)
                for paper in papers[5 * number : 5 * number + 5]
            ),
        )
        for number in range(20)
    )
    left_out = tuple(Pick(paper_id=paper.id) for paper in papers[100:])
    digest = Digest(sections=sections, left_out=left_out, more=388)

    html, plain = bodies(
        parsed(make_one(Wanted(digest=digest), {paper.id: paper for paper in papers}).content)
    )

    assert len(html.encode()) <= MAX_HTML
    shown = words_of(html)
    assert all(f"{number}. {text[:8]}" in shown for number in range(MOST_PAPERS))
    unwrapped = "".join(plain.split())
    assert all(f"{number}.{text[:6].strip()}" in unwrapped for number in range(MOST_PAPERS))
    assert "388 more on the web" in shown


def test_the_web_shows_everything(renderer, mail_paper, mail_links, mail_brand):
    papers = {
        paper.id: paper
        for paper in (
            mail_paper(number, abstract=f"Abstract {number} begins. " + "It goes on. " * 30)
            for number in range(60)
        )
    }
    given = {"edition": DAY, "links": mail_links(), "brand": mail_brand}

    whole = renderer.digest(a_digest(*papers.values()), papers, **given, max_html=None)

    assert all(f"Abstract {number} begins." in whole.html for number in range(60))
    assert len(whole.html.encode()) > MAX_HTML
