"""An edition is held by itself when too much of it is refused."""

import pytest

from newsletter.core.delivery.breaker import LEAST_SETTLED, why_hold

SPAM = (550, "5.7.1 Looks like spam")
DEAD = (550, "5.1.1 No such mailbox")
FULL = (552, "5.2.2 Mailbox full")


@pytest.mark.parametrize(
    ("sent", "failures", "is_held"),
    [
        (1000, [(*SPAM, 40)], False),
        (1000, [(*SPAM, 60)], True),
        (1000, [(550, "Go away", 60)], True),
        (1000, [(*DEAD, 90)], False),
        (1000, [(*DEAD, 150)], True),
        (1000, [(*FULL, 900)], False),
        (1000, [(*SPAM, 40), (*DEAD, 60)], False),
        (0, [(*SPAM, LEAST_SETTLED - 1)], False),
        (0, [(*SPAM, LEAST_SETTLED)], True),
    ],
    ids=[
        "4 % refused",
        "6 % refused",
        "refused without a code",
        "8 % dead addresses",
        "13 % dead addresses",
        "full mailboxes never",
        "some of both",
        "too few to tell",
        "just enough to tell",
    ],
)
def test_an_edition_is_held_when_too_much_of_it_is_refused(sent, failures, is_held):
    assert bool(why_hold(sent, failures)) is is_held


def test_the_reason_names_the_share_and_the_commonest_words():
    because = why_hold(900, [(550, "5.7.1 Rare", 10), (*SPAM, 90)])

    assert because == (
        "100 of 1,000 messages (10.0%) were refused, most often with: 550 5.7.1 Looks like spam"
    )


def test_replies_that_name_each_reader_are_counted_as_one_and_name_nobody():
    named = [(550, f"5.7.1 <r{number}@kelp.example>: our policy", 1) for number in range(60)]

    because = why_hold(900, [*named, (550, "5.7.1 Something else", 40)])

    assert because == (
        "100 of 1,000 messages (10.0%) were refused, most often with: 550 5.7.1 …: our policy"
    )


def test_an_address_that_is_dead_by_its_servers_words_counts_as_dead():
    assert "do not exist" in why_hold(800, [(550, "User unknown in virtual mailbox table", 200)])
