"""How many whole messages one core makes in a second, each for a reader of its own.

It goes through what the workers go through, `press.letters_for`, in batches of their size: links
signed, digests laid out, headers and both bodies as bytes that are ready for the wire. Beside it,
on a sample of the same readers, the obvious way; what both made is compared.
"""

import email
import random
import resource
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.message import EmailMessage
from email.policy import default
from time import process_time

from newsletter.adapters.templates import template_loader
from newsletter.bench.crowd import DAY, SEED
from newsletter.bench.papers import Language, made_papers
from newsletter.bench.plain import PlainWay
from newsletter.core.delivery.states import Kind
from newsletter.core.digests import Digest, Pick, Section
from newsletter.core.mail.links import Letterhead
from newsletter.core.mail.mails import Brand
from newsletter.core.mail.messages import message_id
from newsletter.core.mail.press import letters_for
from newsletter.core.mail.rendering import Renderer
from newsletter.core.memory import prepare_for_many_mails
from newsletter.core.papers import Paper
from newsletter.core.ports import Letter
from newsletter.core.tokens import Keys
from newsletter.errors import Refused, Unavailable

BATCH = 500  # as many as a worker claims at once
SAMPLE = 50  # readers for whom the obvious way is taken: 60 ms each
SHOWN = 10  # papers in a digest
TOPICS, WORDS = 300, 400
PLANNED_AT = datetime.combine(DAY, time(7), UTC)
DOMAIN = "papers.newsletter.localhost"

Show = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Seconds are those of this process's CPU. html, text and message: bytes in the mean.

    peak_mb: of the whole process. verified: messages of the sample that the obvious way made with
    the same headers and the same bodies, to the byte; all of it, or the measurement fails.
    """

    readers: int
    papers: int
    naive_per_second: float
    per_second: float
    ratio: float
    html_bytes: int
    text_bytes: int
    message_bytes: int
    peak_mb: float
    verified: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message that a made-up delivery wants; see `press.Order`."""

    id: int
    subscriber_id: int
    address: str
    message_id: str
    digest: Digest
    epoch: int = 1
    thumbnails: bool = False
    language: str = "en"
    kind: Kind = Kind.DIGEST
    edition: date = DAY
    planned_at: datetime = PLANNED_AT


def measure(*, readers: int, papers: int, show: Show) -> Measured:
    """Make the mails of so many readers, each with ten of so many papers, no two alike.

    Raises Refused where there are too few papers, Unavailable when the two ways differ.
    """
    if papers < SHOWN:
        raise Refused(f"A digest here has {SHOWN} papers: {papers} are not enough.")
    prepare_for_many_mails()
    day = {paper.id: paper for paper in made_papers(papers, DAY)}
    templates = template_loader(None)
    renderer, letterhead = Renderer(templates), _letterhead()
    letters_for(
        next(_batches(BATCH, day, seed=SEED + 1)), day, renderer=renderer, letterhead=letterhead
    )  # what is made once for an edition is not measured
    seconds, size = 0.0, 0
    sample: list[tuple[Wanted, Letter]] = []
    for number, batch in enumerate(_batches(readers, day, seed=SEED)):
        show("Mails", number * BATCH, readers)
        began = process_time()
        letters, broken = letters_for(batch, day, renderer=renderer, letterhead=letterhead)
        size += sum(len(letter.content) for letter in letters)  # joined one by one, as they leave
        seconds += process_time() - began
        for problem in broken.values():
            raise problem
        sample += zip(batch, letters, strict=True) if len(sample) < SAMPLE else ()
    sample = sample[:SAMPLE]
    show("Obvious way", 0, len(sample))
    naive, naive_seconds = _obvious_way(sample, day, PlainWay(templates, letterhead), show)
    bodies = [_verified(letter, other) for (_, letter), other in zip(sample, naive, strict=True)]
    return Measured(
        readers=readers,
        papers=papers,
        naive_per_second=round(len(sample) / naive_seconds, 1),
        per_second=round(readers / seconds, 1),
        ratio=round(readers / seconds * naive_seconds / len(sample), 1),
        html_bytes=sum(len(html) for html, _ in bodies) // len(bodies),
        text_bytes=sum(len(text) for _, text in bodies) // len(bodies),
        message_bytes=size // readers,
        peak_mb=round(_peak_mb(), 1),
        verified=len(bodies),
    )


def _obvious_way(
    sample: Sequence[tuple[Wanted, Letter]], day: Mapping[str, Paper], way: PlainWay, show: Show
) -> tuple[list[EmailMessage], float]:
    """The same messages, and the seconds it took to make their bytes."""
    messages, seconds = [], 0.0
    for number, (one, _) in enumerate(sample):
        show("Obvious way", number, len(sample))
        began = process_time()
        message = way.message(one, day)
        message.as_bytes()
        seconds += process_time() - began
        messages.append(message)
    return messages, seconds


def _verified(letter: Letter, other: EmailMessage) -> tuple[bytes, bytes]:
    """The html and the text that a reader's program has. Raises Unavailable where they differ."""
    ours = email.message_from_bytes(letter.content, policy=default.clone(raise_on_defect=True))
    theirs = email.message_from_bytes(other.as_bytes(), policy=default)
    html, text = (_body(ours, kind) for kind in ("html", "plain"))
    if (html, text) != tuple(_body(theirs, kind) for kind in ("html", "plain")):
        raise Unavailable(f"The two ways make different bodies for {letter.recipient}.")
    if _headers(ours) != _headers(other):
        raise Unavailable(f"The two ways make different headers for {letter.recipient}.")
    return html, text


def _body(message: EmailMessage, kind: str) -> bytes:
    part = message.get_body((kind,))
    content = part.get_payload(decode=True) if part is not None else b""
    return content if isinstance(content, bytes) else b""


def _headers(message: EmailMessage) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in message.items() if name.lower() != "content-type"]


def _letterhead() -> Letterhead:
    return Letterhead(
        keys=Keys((b"measured on this machine only",)),
        brand=Brand(base_url=f"https://{DOMAIN}", postal_address="Example Lab, 1 Example Street"),
        sender=f"Daily Papers <papers@{DOMAIN}>",
        domain=DOMAIN,
    )


def _batches(readers: int, day: Mapping[str, Paper], *, seed: int) -> Iterator[list[Wanted]]:
    """Readers whose digests are drawn by this seed, from topics and words that are always these."""
    language, lengths = Language(SEED), random.Random(SEED)
    topics = [" ".join(language.words(2)).capitalize() for _ in range(TOPICS)]
    words = [tuple(language.words(lengths.randint(1, 2))) for _ in range(WORDS)]
    chance, ids = random.Random(seed), list(day)
    for start in range(0, readers, BATCH):
        yield [
            Wanted(
                id=number,
                subscriber_id=number,
                address=f"reader{number}@host{number % 50}.example",
                message_id=message_id(
                    b"measured", kind=Kind.DIGEST, edition=DAY.isoformat(),
                    subscriber_id=number, resend_no=0, domain=DOMAIN,
                ),
                digest=_digest(chance, chance.sample(ids, SHOWN), topics, words),
            )
            for number in range(start + 1, min(start + BATCH, readers) + 1)
        ]  # fmt: skip


def _digest(
    chance: random.Random,
    ids: Sequence[str],
    topics: Sequence[str],
    words: Sequence[tuple[str, ...]],
) -> Digest:
    """These papers under one topic to three."""
    ends = [*sorted(chance.sample(range(1, len(ids)), chance.randint(0, 2))), len(ids)]
    names = chance.sample(topics, len(ends))
    picks = [Pick(paper_id=paper_id, words=chance.choice(words)) for paper_id in ids]
    return Digest(
        sections=tuple(
            Section(topic=name, picks=tuple(picks[start:end]))
            for name, start, end in zip(names, [0, *ends], ends, strict=False)
        )
    )


def _peak_mb() -> float:
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
