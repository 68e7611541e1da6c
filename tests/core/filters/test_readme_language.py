"""The README's table of the language is true: each row takes its paper and leaves the other."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newsletter.core.dialects import DIALECTS
from newsletter.core.filters import parse_filter
from newsletter.core.filters.fields import FIELDS, HAS, SHORT
from newsletter.core.filters.parser import MAX_DEPTH, MAX_LENGTH, MAX_TERMS
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Organization, Paper
from newsletter.errors import FilterError

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
TOPICS = README.split("\n## Topics\n")[1].split("\n## ")[0]
ROWS = [
    [cell.replace("\\|", "|") for cell in re.split(r"(?<!\\) \| ", line.strip("| "))]
    for line in TOPICS.splitlines()
    if line.startswith("| `")
]

# What the table says of a paper in brackets behind its title.
FACTS = {
    r"by (.+)": lambda said: {"authors": (said,)},
    r"from (.+)": lambda said: {"organization": Organization(name="", full_name=said)},
    r"in (.+)": lambda said: {"categories": tuple(said.split(", "))},
    r"id (.+)": lambda said: {"id": said},
    r"(\d+) upvotes": lambda said: {"upvotes": int(said)},
    r"on (.+)": lambda said: {"published_at": datetime.fromisoformat(said).replace(tzinfo=UTC)},
    r"with (code)": lambda _: {"code_url": "https://code.example.org"},
    r"abstract: (.+)": lambda said: {"abstract": said},
}


def paper(cell):
    """The paper that a cell of the table describes: `Title`, or `Title (a fact)`."""
    title, _, fact = cell.removesuffix(")").partition(" (")
    found = [
        make(match[1]) for shape, make in FACTS.items() if (match := re.fullmatch(shape, fact))
    ]
    assert len(found) == bool(fact), f"the table says of a paper what is not known here: {fact}"
    values = {"id": "1", "featured_on": date(2026, 6, 18), "title": title}
    return Paper(**(values | dict(*found)))


def is_taken(text, cell):
    return bool(PaperIndex([paper(cell)]).match(parse_filter(text)))


def examples(cell):
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_takes_its_paper_and_leaves_the_other(row):
    written, _, takes, leaves = row
    text = examples(written)[0]

    assert is_taken(text, takes)
    assert leaves == "none" or not is_taken(text, leaves)


def test_the_table_is_on_one_screen():
    assert 15 <= len(ROWS) <= 25


def test_every_field_and_its_short_name_is_in_the_section():
    told = " ".join(examples(TOPICS.replace("\\|", "|")))

    assert not {name for name in [*FIELDS, *SHORT] if not re.search(rf"(?<!\w){name}:", told)}
    assert not {name for name in HAS if f"has:{name}" not in told}


def test_the_limits_are_those_of_the_program():
    limits = f"{MAX_LENGTH:,} characters, {MAX_TERMS} terms and brackets {MAX_DEPTH} deep"

    assert limits in TOPICS.replace("\n", " ")


def test_the_example_of_a_mixture_is_refused_with_both_its_readings():
    with pytest.raises(FilterError, match=re.escape("write `(a b) OR c` or `a (b OR c)`")):
        parse_filter("a b OR c")

    assert "`a b OR c` is refused" in TOPICS


def test_every_service_whose_queries_can_be_imported_is_named():
    assert all(f"`{name}`" in TOPICS for name in DIALECTS)
