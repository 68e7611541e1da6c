"""What a filter would have brought lately."""

from datetime import date, timedelta

import pytest

from newsletter.core.backtest import MAX_DAYS, PaperDay, Past, back_test
from newsletter.core.filters import parse_filter
from newsletter.core.papers import Organization, Paper

LAST = date(2026, 6, 18)


def a_paper(name, title, **values):
    given = {"featured_on": LAST, "upvotes": 5, "authors": ("Yu Zhang",)}
    return Paper(id=name, title=title, **(given | values))


def past(days):
    """days: (days before the last one, its papers)."""
    ready = [(LAST - timedelta(days=ago), papers) for ago, papers in days]
    return Past.of(
        [PaperDay.of(on, papers) for on, papers in sorted(ready, key=lambda one: one[0])]
    )


def tried(text, days):
    return back_test(parse_filter(text), past(days), days=30)


def kinds(found):
    return [hint.kind for hint in found.warnings]


def test_each_day_is_counted_also_those_without_a_match():
    found = tried("agent", [(0, [a_paper("1", "Agents"), a_paper("2", "Maps")]),
                             (1, [a_paper("3", "Maps")]),
                             (29, [a_paper("4", "An agent")]),
                             (30, [a_paper("5", "Too old an agent")])])  # fmt: skip

    assert [(LAST - day.date).days for day in found.days] == [29, 1, 0]
    assert [(day.papers, day.matches) for day in found.days] == [(1, 1), (1, 0), (2, 1)]
    assert found.per_day == pytest.approx(2 / 3)


def test_matches_come_newest_first_and_most_upvoted_first():
    today = [a_paper("few", "B", upvotes=1), a_paper("many", "C", upvotes=9)]

    found = tried("*", [(1, [a_paper("old", "A", upvotes=99)]), (0, today)])

    assert [match.paper.id for match in found.matches] == ["many", "few", "old"]


def test_a_match_tells_the_words_their_places_and_where_they_stand_in_the_title():
    paper = a_paper("1", "Agents that plan", abstract="A planner.", keywords=("tool use",),
                    organization=Organization(name="eth", full_name="ETH Zurich"))  # fmt: skip
    (match,) = tried("agent* tool planner author:Zhang org:ETH upvotes:>1", [(0, [paper])]).matches

    assert [(one.words, one.place) for one in match.found] == [
        ("agent*", "title"),
        ("author:Zhang", "authors"),
        ("tool", "keywords"),
        ("planner", "abstract"),
    ]
    assert match.spans == ((0, 6),)


def test_only_the_choice_of_an_or_that_the_paper_passes_is_marked():
    (match,) = tried("(agents zebra) OR plan", [(0, [a_paper("1", "Agents that plan")])]).matches

    assert match.words == ("plan",)
    assert match.spans == ((12, 16),)


def test_a_filter_that_takes_nearly_all_is_called_broad():
    papers = [a_paper(str(n), "Agents" if n < 65 else "Maps") for n in range(100)]

    (hint,) = tried("agent", [(0, papers)]).warnings

    assert (hint.kind, "matches 65 % of all papers" in hint.text) == ("broad", True)
    assert kinds(tried("*", [(0, papers)])) == []
    assert kinds(tried("maps", [(0, papers)])) == []


def test_a_filter_that_found_nothing_in_90_days_is_told_with_what_was_looked_at():
    days = [(0, [a_paper("1", "Maps")]), (80, [a_paper("2", "Charts"), a_paper("3", "Plans")])]

    (hint,) = tried("zebra", days).warnings

    assert hint.text == "never matched in the last 90 days (3 papers on 2 days)"
    assert kinds(tried("charts", days)) == []  # not in 30 days, but before


def test_a_mistyped_word_is_asked_about():
    papers = [a_paper(str(n), "A transformer") for n in range(3)]

    found = tried("transfomer -zebra", [(0, papers)])

    assert "`transfomer`: did you mean `transformer`?" in [hint.text for hint in found.warnings]


def test_a_mistyped_beginning_is_asked_about_with_its_star():
    papers = [a_paper(str(n), "Agents that plan") for n in range(3)]

    found = tried('title:"agnet* plans" OR plannin*', [(0, papers)])

    assert [hint.text for hint in found.warnings if hint.kind == "spelling"] == [
        "`agnet*`: did you mean `agent*`?"
    ]


def test_an_organisation_is_asked_about_whatever_the_texts_say():
    its = Organization(name="eth", full_name="ETH Zurich")
    papers = [a_paper(str(n), "Zurch", organization=its) for n in range(3)]

    found = tried("org:zurch", [(0, papers)])

    assert "`zurch`: did you mean `zurich`?" in [hint.text for hint in found.warnings]


def test_a_word_that_is_found_with_another_ending_is_no_mistake():
    papers = [a_paper(str(n), "Transformers and diffused") for n in range(3)]

    assert kinds(tried("transformer diffuses", [(0, papers)])) == []


def test_a_fact_that_no_source_tells_is_named():
    found = tried("cat:cs.CL OR stars:>3", [(0, [a_paper("1", "Maps")])])

    assert [hint.text for hint in found.warnings if hint.kind == "unknown"] == [
        "no stored paper tells its categories, so `cat:` matches none",
        "no stored paper tells its stars, so `stars:` matches none",
    ]


def test_what_contradicts_itself_is_not_called_never_matched_too():
    assert kinds(tried("maps -maps", [(0, [a_paper("1", "Maps")])])) == ["contradiction"]


def test_without_papers_there_is_nothing_to_tell_but_the_form():
    found = back_test(parse_filter("agent OR agents"), Past.of(()), days=MAX_DAYS)

    assert (found.days, found.matches, found.per_day) == ((), (), 0.0)
    assert kinds(found) == ["redundant"]
