"""A reader's wishes: what is kept, what is refused, and that nothing typed is lost."""

import pytest

from newsletter.core.subscribers import (
    MAX_CAP,
    MAX_MUTES,
    MAX_NAME,
    MAX_TOPICS,
    TopicText,
    Wishes,
    check_wishes,
    review_wishes,
)
from newsletter.errors import ChoiceError, FilterError


def wishes(*filters: str, **values) -> Wishes:
    topics = tuple(TopicText(name=f"Topic {n}", filter=text) for n, text in enumerate(filters))
    return Wishes(**({"topics": topics or (TopicText(name="All", filter="*"),)} | values))


def test_filters_are_kept_in_their_canonical_text():
    checked = check_wishes(wishes("  agents   AND planning ", mutes=("NOT  survey",)))

    assert checked.topics[0].filter == "agents planning"
    assert checked.mutes == ("-survey",)


def test_checking_twice_changes_nothing():
    once = check_wishes(wishes('"a  phrase" OR agent*'))

    assert check_wishes(once) == once


def test_names_are_cleaned_of_what_would_break_a_mail():
    topic = TopicText(name=" Agents\r\nBcc: x\u2028\u202e ", filter="agents")

    assert check_wishes(Wishes(topics=(topic,))).topics[0].name == "Agents Bcc: x"


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"topics": ()}, "topics", "no topic"),
        (
            {"topics": tuple(TopicText(name=str(n), filter="a") for n in range(MAX_TOPICS + 1))},
            "topics",
            f"at most {MAX_TOPICS}",
        ),
        ({"topics": (TopicText(name=" ", filter="a"),)}, "topics-0-name", "no name"),
        (
            {"topics": (TopicText(name="x" * (MAX_NAME + 1), filter="a"),)},
            "topics-0-name",
            f"at most {MAX_NAME}",
        ),
        ({"topics": (TopicText(name="A", filter="a", cap=0),)}, "topics-0-cap", f"1 to {MAX_CAP}"),
        ({"mutes": ("a",) * (MAX_MUTES + 1)}, "mutes", f"at most {MAX_MUTES}"),
        ({"cadence": "hourly"}, "cadence", "hourly"),
        ({"weekday": 7}, "weekday", "7"),
        ({"hour": 24}, "hour", "24"),
        ({"time_zone": "Europe/Berln"}, "time_zone", "Europe/Berlin"),
        ({"cap": MAX_CAP + 1}, "cap", f"1 to {MAX_CAP}"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_choice_out_of_its_range_names_its_field_and_what_is_allowed(values, field, words):
    _, problems = review_wishes(wishes(**values))

    assert [problem.field for problem in problems] == [field]
    assert isinstance(problems[0].error, ChoiceError)
    assert words in str(problems[0].error)


def test_a_wrong_filter_is_pointed_at_in_its_own_row():
    _, problems = review_wishes(wishes("agents", "autor:he", mutes=("(a",)))

    assert [problem.field for problem in problems] == ["topics-1-filter", "mutes-0"]
    assert problems[0].error.column == 1
    assert "author:" in problems[0].error.problem


def test_two_topics_of_one_name_are_refused_whatever_their_capitals():
    topics = (TopicText(name="Ágents", filter="a"), TopicText(name="agents", filter="b"))

    _, problems = review_wishes(Wishes(topics=topics))

    assert [problem.field for problem in problems] == ["topics-1-name"]


def test_every_problem_is_found_at_once_and_what_was_typed_comes_back():
    typed = wishes("(a", "autor:x", hour=99, cap=0)

    reviewed, problems = review_wishes(typed)

    assert len(problems) == 4
    assert reviewed == typed


def test_checking_raises_the_first_problem():
    with pytest.raises(FilterError, match="bracket"):
        check_wishes(wishes("(a", hour=99))


def test_a_topic_may_be_off_and_have_a_cap_of_its_own():
    topic = TopicText(name="A", filter="a", cap=MAX_CAP, is_on=False)

    assert check_wishes(Wishes(topics=(topic,))).topics == (topic,)
