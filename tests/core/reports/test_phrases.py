"""Four hundred replies as servers give them, each with our judgement: is the address dead?

Every second line taught the rules; the lines between were only ever measured.
"""

from pathlib import Path

import pytest

from newsletter.core.reports.replies import Said, record_of

FIXTURES = Path(__file__).parents[2] / "fixtures" / "reports"
PHRASES = [
    line.split("\t") for line in (FIXTURES / "phrases.tsv").read_text(encoding="utf-8").splitlines()
]


def wrong_of(phrases: list[list[str]]) -> list[tuple[str, str, str]]:
    read = [
        (kind, record_of(Said(recipient="ada@kelp.example", words=words)), words)
        for kind, words in phrases
    ]
    return [
        (kind, record.cause, words) for kind, record, words in read if record.kind.value != kind
    ]


@pytest.mark.parametrize(("phrases", "least"), [(PHRASES[::2], 0.98), (PHRASES[1::2], 0.95)])
def test_dead_addresses_are_told_by_the_words(phrases, least):
    wrong = wrong_of(phrases)

    assert len(wrong) <= (1 - least) * len(phrases), wrong


def test_no_trouble_is_called_a_dead_address():
    assert [one for one in wrong_of(PHRASES) if one[0] == "soft"] == []


@pytest.mark.parametrize(("file", "kind"), [("dead.txt", "hard"), ("not_dead.txt", "soft")])
def test_words_that_sound_alike_are_told_apart(file, kind):
    lines = (FIXTURES / file).read_text(encoding="utf-8").splitlines()

    assert wrong_of([[kind, line] for line in lines]) == []
