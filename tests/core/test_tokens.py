"""Signed links: for one purpose, for one reader, in every spelling a mail program makes of them."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.core.tokens import MAX_EXTRA, Keys, Purpose, make_token, read_token
from newsletter.errors import LinkError, SettingsError

OLD, NEW = b"the old key, long enough", b"the new key, long enough"
KEYS = Keys((NEW,))
NOW = datetime(2026, 6, 18, 7, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def read(token, purpose=Purpose.UNSUBSCRIBE, *, keys=KEYS, now=NOW, max_age=None):
    return read_token(purpose, token, keys=keys, now=now, max_age=max_age)


@given(
    st.sampled_from(Purpose),
    st.integers(0, 2**63 - 1),
    st.none() | st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)),
    st.text(max_size=90),
)
def test_a_token_says_what_it_was_made_of(purpose, subscriber_id, issued_at, extra):
    issued_at = issued_at and issued_at.replace(tzinfo=UTC, microsecond=0)
    if any("\ud800" <= letter <= "\udfff" for letter in extra):
        extra = ""
    token = make_token(purpose, subscriber_id, keys=KEYS, issued_at=issued_at, extra=extra)

    said = read(token, purpose)

    assert (said.subscriber_id, said.issued_at, said.extra) == (subscriber_id, issued_at, extra)


def test_a_token_is_short_and_holds_only_letters_and_digits():
    token = make_token(Purpose.UNSUBSCRIBE, 1_000_000, keys=KEYS)

    assert len(token) <= 36
    assert token.isalnum()
    assert token.isascii()


def test_a_token_survives_a_gateway_that_writes_it_in_capitals():
    token = make_token(Purpose.UNSUBSCRIBE, 7, keys=KEYS)

    assert read(token.upper()).subscriber_id == 7


@pytest.mark.parametrize("made_for", Purpose)
@pytest.mark.parametrize("used_for", Purpose)
def test_a_token_is_good_for_its_own_purpose_only(made_for, used_for):
    token = make_token(made_for, 7, keys=KEYS)

    if made_for is used_for:
        assert read(token, used_for).subscriber_id == 7
    else:
        with pytest.raises(LinkError):
            read(token, used_for)


def test_after_a_change_of_keys_old_links_still_work():
    token = make_token(Purpose.MANAGE, 7, keys=Keys((OLD,)))

    assert read(token, Purpose.MANAGE, keys=Keys((NEW, OLD))).subscriber_id == 7


def test_the_first_key_signs():
    token = make_token(Purpose.MANAGE, 7, keys=Keys((NEW, OLD)))

    assert read(token, Purpose.MANAGE, keys=Keys((NEW,))).subscriber_id == 7


def test_a_withdrawn_key_is_worth_nothing():
    token = make_token(Purpose.MANAGE, 7, keys=Keys((OLD,)))

    with pytest.raises(LinkError):
        read(token, Purpose.MANAGE, keys=Keys((NEW,)))


def test_an_unsubscribe_link_works_after_a_century():
    token = make_token(Purpose.UNSUBSCRIBE, 7, keys=KEYS, issued_at=NOW)

    assert read(token, now=NOW + 36_525 * DAY).subscriber_id == 7


@pytest.mark.parametrize(
    ("issued_at", "good"),
    [
        (NOW - DAY, True),
        (NOW - DAY - timedelta(seconds=1), False),
        (NOW + timedelta(minutes=5), True),
        (NOW + timedelta(minutes=11), False),
        (None, False),
    ],
    ids=["just in time", "a second too old", "a clock ahead", "from the future", "never stamped"],
)
def test_a_confirmation_link_has_its_time(issued_at, good):
    token = make_token(Purpose.CONFIRM, 7, keys=KEYS, issued_at=issued_at)

    if good:
        assert read(token, Purpose.CONFIRM, max_age=DAY).subscriber_id == 7
    else:
        with pytest.raises(LinkError, match="ask for a new one"):
            read(token, Purpose.CONFIRM, max_age=DAY)


def test_every_change_of_one_letter_is_noticed():
    token = make_token(Purpose.UNSUBSCRIBE, 7, keys=KEYS, extra="2026-06-18")

    for place in range(len(token)):
        for letter in "aq7":
            changed = token[:place] + letter + token[place + 1 :]
            if changed != token:
                with pytest.raises(LinkError):
                    read(changed)


@given(st.text() | st.from_regex(r"[a-z2-7]{20,60}", fullmatch=True))
def test_any_other_text_is_a_broken_link(text):
    with pytest.raises(LinkError):
        read(text)


@pytest.mark.parametrize("text", ["a" * 10_000_000, "é" * 5_000_000, "\x00" * 10_000_000])
def test_ten_megabytes_are_refused_at_once(text):
    start = time.perf_counter()

    with pytest.raises(LinkError):
        read(text)

    assert time.perf_counter() - start < 0.5


def test_a_long_extra_is_refused_when_made():
    with pytest.raises(ValueError, match="not for a token"):
        make_token(Purpose.VIEW, 7, keys=KEYS, extra="x" * (MAX_EXTRA + 1))


@pytest.mark.parametrize("secrets", [(), (b"short",), (NEW, b"short")])
def test_keys_that_could_be_guessed_are_refused(secrets):
    with pytest.raises(SettingsError, match="NEWSLETTER_SECRET_KEYS"):
        Keys(secrets)


def test_secrets_do_not_show_when_keys_are_printed():
    assert "the new key" not in repr(KEYS)
