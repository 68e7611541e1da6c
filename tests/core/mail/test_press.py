"""Whole messages for many readers: the same as the obvious way makes them, whatever they hold."""

import email
import email.policy
import random
from dataclasses import replace
from datetime import timedelta

import lxml.html
import pytest
from jinja2 import FileSystemLoader
from orders import DAY, LETTERHEAD, PLANNED_AT, Wanted, parsed

from newsletter.bench.papers import made_papers
from newsletter.bench.plain import PlainWay
from newsletter.core.delivery.states import Kind
from newsletter.core.digests import MOST_LEFT_OUT, Digest, Pick, Section
from newsletter.core.mail.fitting import MAX_HTML
from newsletter.core.mail.links import links_of
from newsletter.core.mail.mails import Brand, Links
from newsletter.core.mail.press import letters_for
from newsletter.core.papers import Organization, Paper
from newsletter.core.tokens import Purpose, read_token

MOST_PAPERS = 100 + MOST_LEFT_OUT  # the largest cap, and the short list past it
NASTY = {
    "line ends": "One\r\nBcc: all@example.org\r\n\r\nTwo",
    "markup": "<script>alert(1)</script><b>&amp;</b>",
    "attribute": "\" onmouseover=\"alert(1)' x='",
    "comment": "--> <!--cut--> <![endif]--> <!-- ]]>",
    "template": "{{ 7*7 }} {% raw %} {# x #} ${x} %(x)s {x} %s",
    "our marks": "\ufdd0links.unsubscribe\ufdd1 %EF%B7%90token.manage%EF%B7%91 <!--\ufdd2-->",
    "turned around": "abc\u202edcba\u2066x",
    "separators": "a\u2028b\u2029c\x0bd\x1ce\x85f",
    "half a pair": "a\ud83db",
    "nothing visible": "\x00\x01\x7f\ufeff x",
    "long": "word " * 2_000,
    "longer": "x" * 10_000,
    "wide": "論文" * 5_000,
    "encoded word": "=?utf-8?q?Hi?= =?utf-8?b?SGk=?=",
    "boundary": "--=_0123456789abcdef0123456789abcdef--",
    "a dot": ".\r\n..\n.",
    "the end": "\r\n.\r\nMAIL FROM:<x@example.org>\r\n",
    "encoded already": "=3D=\n=2E =C3=A9 =",
    "quotes": "“a” 'b' \"c\" \\d",
}


@pytest.fixture(scope="module")
def make(renderer):
    def letters(*orders, papers=None, letterhead=LETTERHEAD, using=renderer):
        return letters_for(orders, papers or {}, renderer=using, letterhead=letterhead)

    return letters


@pytest.fixture(scope="module")
def make_one(make):
    def letter(order, papers=None, **given):
        letters, broken = make(order, papers=papers, **given)
        for problem in broken.values():
            raise problem
        return letters[0]

    return letter


def bodies(message):
    return [
        message.get_body((kind,)).get_payload(decode=True).decode() for kind in ("html", "plain")
    ]


def seen(html):
    page = lxml.html.document_fromstring(
        html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8")
    )
    for hidden in page.xpath("//style|//title|//comment()"):
        hidden.drop_tree()
    return " ".join(page.text_content().split())


def assert_ready_for_the_wire(content):
    assert content.endswith(b"\r\n")
    assert not {b"\r", b"\n"} & set(content.replace(b"\r\n", b"").split())
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\0" not in content
    assert not any(line.startswith(b".") for line in content.split(b"\r\n"))
    body = content.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76


def a_digest(*papers, topic="Agents", words=("agent*",), **values):
    picks = tuple(Pick(paper_id=paper.id, words=tuple(words)) for paper in papers)
    return Digest(sections=(Section(topic=topic, picks=picks),), **values)


# --- The same as the obvious way -------------------------------------------------------------


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


# --- Each reader's own -----------------------------------------------------------------------


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


# --- Poison ----------------------------------------------------------------------------------


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


# --- Strangers' text -------------------------------------------------------------------------


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

    assert seen(html).count(text) >= 2
    assert plain.count(text) >= 2


# --- Size ------------------------------------------------------------------------------------


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
    shown = seen(html)
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
