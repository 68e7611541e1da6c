"""Report mailboxes: the twin in memory, an IMAP server, a Maildir and an mbox keep one promise."""

import pytest
from mailbox_places import RAWS, Imap, Maildir, Mbox, Memory, OldImap, emptied

from newsletter.adapters.mailbox import open_box
from newsletter.core.reports import MAX_REPORT_BYTES
from newsletter.errors import SettingsError


@pytest.fixture(params=[Memory, Imap, OldImap, Maildir, Mbox])
def make(request, tmp_path):
    """make(raws): a place with these messages."""
    made = []

    def make(raws=RAWS):
        made.append(request.param(tmp_path, raws))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def test_what_waits_comes_whole_and_in_order(make):
    place = make()

    assert [mail.raw.rstrip() for mail in place.box.fetch()] == [raw.rstrip() for raw in RAWS]


def test_nothing_leaves_it_unless_it_is_removed(make):
    place = make()

    list(place.box.fetch())
    place.box.close()

    assert place.left() == RAWS


def test_what_is_removed_is_gone(make):
    place = make()

    assert len(emptied(place.box)) == 3

    assert place.left() == []
    assert emptied(place.box) == []


def test_who_is_stopped_half_way_finds_the_rest_again(make):
    place = make()

    fetched = place.box.fetch()
    place.box.remove(next(fetched))
    place.box.close()
    fetched.close()

    assert place.left()[-2:] == RAWS[1:]
    assert {raw.rstrip() for raw in RAWS[1:]} <= set(emptied(place.box))
    assert place.left() == []


def test_an_empty_one_is_no_trouble(make):
    assert emptied(make([]).box) == []


def test_of_a_huge_message_comes_the_beginning(make):
    place = make([b"Subject: x\n\n" + b"y" * (MAX_REPORT_BYTES + 5000)])

    (raw,) = emptied(place.box)

    assert MAX_REPORT_BYTES - 100 < len(raw) <= MAX_REPORT_BYTES
    assert place.left() == []


def test_no_name_shows_a_login(make):
    assert "p@ss" not in make().box.name


@pytest.mark.parametrize(
    "url",
    [
        "pop3://a:b@host",
        "imaps://host/INBOX",
        "imaps://user@host/INBOX",
        "imap://user:secret@host?tls=maybe",
        "imap://user:secret@host?speed=1",
        "imap://user:secret@host:port",
        "maildir://relative/path",
        "mbox:",
        "mbox:///",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(url):
    with pytest.raises(SettingsError, match="NEWSLETTER_REPORTS_URL") as caught:
        open_box(url)

    assert "secret" not in str(caught.value)
