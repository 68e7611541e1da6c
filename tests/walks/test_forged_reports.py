"""Reports that nobody signed: whatever they say, however they are torn, they end nobody's mail."""

import random
from pathlib import Path

import pytest
from builders import Clock, a_newsletter, a_paper, a_renderer, add_reader, settings_for

from newsletter.core.addresses import return_path
from newsletter.core.feedback.arriving import CameBy, Fate

REPORTS = sorted((Path(__file__).parents[1] / "fixtures" / "reports").glob("*.eml"))
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@pytest.fixture
def service(tmp_path):
    """Ada and ben were each sent a letter."""
    settings = settings_for(tmp_path)
    with a_newsletter(
        tmp_path, papers=[a_paper()], clock=Clock(), settings=settings, renderer=a_renderer()
    ) as service:
        for name in ("ada", "ben"):
            add_reader(service, name)
        service.run(everyone=True)
        yield service


def forged(service, message_id: str, seed: int) -> tuple[bytes, str]:
    """A report in a stranger's hand that names ada, and the address it was sent to.

    The stranger has seen ada's path, and knows the Message-ID of ben's letter: message_id.
    """
    lots = random.Random(seed)
    ada, _ = service.parts.transport.sent
    path = lots.choice(
        (
            changed(ada.return_path, lots),
            return_path(ada.delivery_id, secret=b"somebody else's", domain="example.org"),
            return_path(7_000 + seed, secret=service.letterhead.keys.secrets[0], domain="x.org"),
            f"b+{ada.delivery_id}@example.org",
            "c" + ada.return_path[1:],
            "papers@example.org",
        )
    )
    raw = lots.choice(REPORTS).read_bytes()
    for address in (b"ada@kelp.example", b"ben@kelp.example"):
        raw = raw.replace(address, b"ada@example.org")
    raw = raw.replace(b"b+token@letters.example", path.encode())
    raw += f"\nReturn-Path: <{path}>\nMessage-ID: {message_id}\n".encode()
    head = f"Delivered-To: {path}\nX-Number: {seed}\n".encode()
    return head + (torn(raw, lots) if seed % 2 else raw), lots.choice((path, ""))


def changed(path: str, lots: random.Random) -> str:
    """The path with one letter of its signature changed."""
    at = lots.randrange(2, 16)
    others = LETTERS.replace(path[at], "")
    return path[:at] + lots.choice(others) + path[at + 1 :]


def torn(raw: bytes, lots: random.Random) -> bytes:
    """Cut, shuffled, doubled or sprinkled with bytes that belong in no mail."""
    lines = raw.split(b"\n")
    begin, end = sorted(lots.randrange(len(lines) + 1) for _ in range(2))
    some = lines[begin:end]
    match lots.randrange(4):
        case 0:
            return b"\n".join(lines[:begin] + lines[end:])
        case 1:
            lots.shuffle(some)
            return b"\n".join(lines[:begin] + some + lines[end:])
        case 2:
            return b"\n".join(lines + some * lots.randrange(1, 50))
        case _:
            letters = bytearray(raw)
            for _ in range(lots.randrange(1, 100)):
                letters[lots.randrange(len(letters))] = lots.choice((0, 13, 10, 255, 0x1B, 60))
            return bytes(letters)


def hold(service, seeds) -> None:
    """Take in a forged report for each seed."""
    ben = service.parts.transport.sent[1]
    message_id = service.delivery(str(ben.delivery_id)).delivery.message_id
    for seed in seeds:
        raw, envelope_to = forged(service, message_id, seed)
        taken = service.take_in_report(raw, came_by=CameBy.LMTP, envelope_to=envelope_to)
        assert taken.fate is not Fate.COUNTED, f"seed {seed}"
        assert taken.delivery_id is None, f"seed {seed}"
    for letter in service.parts.transport.sent:
        assert service.delivery(str(letter.delivery_id)).suppressed_because == ""


def test_a_forged_report_ends_nobodys_mail(service):
    hold(service, range(200))

    assert {one.fate for one in service.report_counts()} >= {Fate.UNCLAIMED, Fate.UNREAD}


@pytest.mark.campaign
@pytest.mark.timeout(1_800)
def test_ten_thousand_forged_reports_end_nobodys_mail(service):
    print("seeds 1000 to 10999")

    hold(service, range(1_000, 11_000))
