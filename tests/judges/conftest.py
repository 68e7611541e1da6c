"""The mails that the judges look at: as they leave, in every kind, size and shape there is.

Each is made once a run. The judges share one worker process, since all of them want all mails.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email import message_from_bytes, policy
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import lxml.html
import pytest
from builders import Clock, a_newsletter
from orders import Wanted, a_message

from newsletter.adapters.smtp import MemoryTransport
from newsletter.adapters.sources import FolderSource
from newsletter.core.delivery.states import Kind
from newsletter.core.digests import Digest, Pick, Section, Topic, compose
from newsletter.core.filters import parse_filter
from newsletter.core.mail.fitting import MAX_HTML
from newsletter.core.mail.links import Letterhead
from newsletter.core.mail.mails import Brand
from newsletter.core.mail.rendering import Renderer
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Organization, Paper
from newsletter.core.subscribers import TopicText, Wishes
from newsletter.core.tokens import Keys

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
RECORDED = ROOT.parent / "shared" / "data" / "hf_daily_papers"
TOOLS = ROOT / ".ci" / "tools" / "node_modules"
DEMO = files("newsletter") / "demo_day"
DEMO_DAY = date(2026, 6, 16)
LETTERHEAD = Letterhead(
    keys=Keys((b"a-key-for-tests-only",)),
    brand=Brand(
        base_url="https://papers.example.org", postal_address="1 Example Street, Exampleby"
    ),
    sender="Daily Papers <papers@example.org>",
    domain="example.org",
)
NASTY = (
    "One\r\nBcc: all@example.org\r\n\r\nTwo",
    "<script>alert(1)</script><b>&amp;</b></table></td>",
    "\" onmouseover=\"alert(1)' style='x",
    "--> <!--[if mso]> <![endif]--> ]]>",
    "{{ 7*7 }} {% raw %} {# x #} ${x} %(x)s",
    "abc\u202edcba\u2066x\u2028y\u2029z",
    "مقالة عن الوكلاء الذين يخططون",
    "量子计算机的语言模型 🤖👩‍🔬",
    "a\ud83db\x00\x01\x7f\ufeffc",
    "word " * 400,
    "x" * 10_000,
    "=?utf-8?q?Hi?= =?utf-8?b?SGk=?=",
    ".\n..\n.",
)
# From one that fits to one that only counts: so many papers, with abstracts of this many words.
STEPS = {"whole": 10, "short": 34, "brief": 60, "lines": 110, "fewer": 260, "counted": 420}


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One message as it leaves. name: what it is of, unique."""

    name: str
    kind: Kind
    content: bytes

    @cached_property
    def message(self):
        return message_from_bytes(self.content, policy=policy.default)

    @cached_property
    def html(self) -> str:
        return self.message.get_body(("html",)).get_content().replace("\r\n", "\n")

    @cached_property
    def text(self) -> str:
        return self.message.get_body(("plain",)).get_content().replace("\r\n", "\n")

    @cached_property
    def page(self) -> lxml.html.HtmlElement:
        parser = lxml.html.HTMLParser(encoding="utf-8")
        return lxml.html.document_fromstring(self.html.encode(), parser=parser)


@pytest.fixture(scope="session")
def shipped_renderer() -> Renderer:
    return Renderer(ROOT / "templates" / "email")


@pytest.fixture(scope="session")
def mails(demo_mails, made_mails, recorded_mails) -> tuple[Mail, ...]:
    """All of them."""
    return (*demo_mails, *made_mails, *recorded_mails)


@pytest.fixture(scope="session")
def few_mails(demo_mails, made_mails, recorded_mails) -> tuple[Mail, ...]:
    """One of each shape, for the judges that take their time: with the fattest recorded day."""
    fattest = sorted(recorded_mails, key=lambda mail: -len(mail.html))[:1]
    return (*demo_mails[:1], *demo_mails[-2:], *made_mails, *fattest)


@pytest.fixture(scope="session")
def demo_mails(tmp_path_factory) -> tuple[Mail, ...]:
    """What the demo day's readers get, by the whole service; last a confirm and a recover mail."""
    clock = Clock(datetime.combine(DEMO_DAY, time(20), UTC))
    transport = MemoryTransport()
    with a_newsletter(
        tmp_path_factory.mktemp("judged"),
        sources=(FolderSource(Path(str(DEMO))),),
        clock=clock,
        transport=transport,
    ) as service:
        told = json.loads((DEMO / "readers.json").read_text("utf-8"))
        for one in told:
            service.add_subscriber(one["address"], _wishes(one), is_confirmed=True)
        service.run(DEMO_DAY, everyone=True)
        digests = len(transport.sent)
        service.subscribe("nele@example.org", _wishes(told[0]))
        service.recover(told[0]["address"])
    kinds = [Kind.DIGEST] * digests + [Kind.CONFIRM, Kind.RECOVER]
    return tuple(
        Mail(name=f"demo {kind} {letter.recipient}", kind=kind, content=letter.content)
        for kind, letter in zip(kinds, transport.sent, strict=True)
    )


def _wishes(told: Mapping) -> Wishes:
    topics = tuple(TopicText(**{k: one[k] for k in ("name", "filter")}) for one in told["topics"])
    return Wishes(topics=topics, mutes=tuple(told["mutes"]), cap=told["cap"])


@pytest.fixture(scope="session")
def recorded_mails(shipped_renderer) -> tuple[Mail, ...]:
    """For each recorded day a digest of everything with a cap of 100; none where there are none."""
    if not RECORDED.is_dir():
        return ()
    source = FolderSource(RECORDED)
    made = []
    for day in source.days():
        papers = source.fetch(day, validators=None).papers
        index = PaperIndex(papers)
        everything = (Topic(name="Everything", filter=parse_filter("*")),)
        digest = compose(index, everything, window=index.everything, cap=100)
        made.append(_a_digest(f"recorded {day}", shipped_renderer, digest, papers, edition=day))
    return tuple(made)


@pytest.fixture(scope="session")
def made_mails(shipped_renderer) -> tuple[Mail, ...]:
    """Every step of size, pictures on, nasty words everywhere, and a test mail."""
    steps = [
        _a_digest(f"step {step}", shipped_renderer, _digest_of(papers), papers)
        for step, count in STEPS.items()
        for papers in [[_a_paper(number) for number in range(count)]]
    ]
    papers = [_a_paper(number) for number in range(8)]
    pictures = _a_digest("pictures", shipped_renderer, _digest_of(papers), papers, thumbnails=True)
    papers = [_a_nasty_paper(number, words) for number, words in enumerate(NASTY)]
    nasty = _a_digest("nasty", shipped_renderer, _nasty_digest(papers), papers, thumbnails=True)
    return (*steps, pictures, nasty, _a_mail("test", shipped_renderer, Wanted(kind=Kind.TEST)))


def _digest_of(papers: Sequence[Paper]) -> Digest:
    """Two topics, a short list past the cap, and more that is only counted."""
    half = len(papers) // 2
    words = ("agent*", '"tool use"')
    picks = [Pick(paper_id=paper.id, words=words) for paper in papers]
    return Digest(
        sections=(
            Section(topic="Agents & planning", picks=tuple(picks[:half])),
            Section(topic="Everything else", picks=tuple(picks[half:-3])),
        ),
        left_out=tuple(picks[-3:]),
        more=170,
    )


def _nasty_digest(papers: Sequence[Paper]) -> Digest:
    return Digest(
        sections=tuple(
            Section(topic=words, picks=(Pick(paper_id=paper.id, words=(words[:200],)),))
            for paper, words in zip(papers, NASTY, strict=True)
        )
    )


def _a_paper(number: int) -> Paper:
    return Paper(
        id=f"2606.{number:05d}",
        title=f"Agents That Plan, Remember and Explain Themselves: Part {number} of a Long Story",
        abstract=f"This is study {number}. We let agents plan a week of work and wrote down how "
        "they fared against people who did the same. They were quick, and wrong in new ways. " * 5,
        authors=("Ada Lovelace", "Charles Babbage", "Mary Somerville"),
        author_count=15,
        organization=Organization(name="engine", full_name="Analytical Engine Society"),
        upvotes=1204 - number,
        comments=6,
        code_stars=88,
        code_url=f"https://code.example.org/plan/{number}",
        project_url=f"https://plan-{number}.example.org/",
        thumbnail_url=f"https://pictures.example.org/{number}.png",
        featured_on=DEMO_DAY,
        sources=("huggingface",),
    )


def _a_nasty_paper(number: int, words: str) -> Paper:
    return Paper(
        id=f"2606.{number:05d}",
        title=words,
        abstract=f"{words} {words}",
        authors=(words, "Ada Lovelace"),
        author_count=2,
        organization=Organization(name=words, full_name=words),
        upvotes=1,
        code_url=f"https://code.example.org/?q={words}",
        project_url=words,
        thumbnail_url=f'https://pictures.example.org/"{number}">.png',
        featured_on=DEMO_DAY,
        sources=("arxiv",),
    )


def _a_digest(
    name: str,
    renderer: Renderer,
    digest: Digest,
    papers: Sequence[Paper],
    *,
    edition: date = DEMO_DAY,
    thumbnails: bool = False,
) -> Mail:
    one = Wanted(digest=digest, edition=edition, thumbnails=thumbnails)
    mail = _a_mail(name, renderer, one, papers)
    assert len(mail.html.encode()) <= MAX_HTML
    return mail


def _a_mail(name: str, renderer: Renderer, one: Wanted, papers: Sequence[Paper] = ()) -> Mail:
    content = a_message(one, papers, renderer=renderer, letterhead=LETTERHEAD)
    return Mail(name=name, kind=one.kind, content=content)
