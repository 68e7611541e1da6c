"""British and American spellings of one word are one word; what only looks so is left alone."""

import pytest

from newsletter.bench.crowd import DAY
from newsletter.core.filters import parse_filter
from newsletter.core.filters.words import stems
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper


def finds(text, title):
    paper = Paper(id="2606.00001", title=title, featured_on=DAY)
    return PaperIndex([paper]).match(parse_filter(text)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("optimise", "optimize"),
        ("optimisation", "Optimizations"),
        ("normalised", "normalizing"),
        ("tokeniser", "tokenizers"),
        ("quantised", "quantization"),
        ("criticise", "criticized"),
        ("realise", "realizes"),
        ("generalisable", "generalizable"),
        ('"normalised gradients"', "normalizing gradients"),
        ("title:summarisation", "Summarization"),
    ],
)
def test_ise_and_ize_find_each_other(one, other):
    assert finds(one, other)
    assert finds(one.replace("is", "iz"), other.replace("iz", "is"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("precise", "precisely"),
        ("concise", "concisely"),
        ("revise", "revision"),
        ("supervised", "supervision"),
        ("advertise", "advertisement"),
        ("exercise", "exercises"),
        ("promise", "promising"),
        ("compromise", "compromising"),
        ("denoise", "denoising"),
    ],
)
def test_other_words_in_ise_keep_their_families(one, other):
    assert finds(one, other)
    assert finds(other, one)


OTHERS = ["precise", "promise", "premise", "expertise", "noise", "rise", "surprise", "exercise"]


@pytest.mark.parametrize("word", OTHERS)
def test_they_are_not_taken_for_words_in_ize(word):
    assert stems(word) != stems(word.replace("is", "iz"))


def test_an_exact_word_is_spelled_as_it_is():
    assert not finds("=optimise", "optimize")
    assert finds("=optimise", "Optimise")
