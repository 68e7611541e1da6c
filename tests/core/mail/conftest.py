"""What the tests of whole messages share: letters from orders."""

import pytest
from orders import LETTERHEAD

from newsletter.core.mail.press import letters_for


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
