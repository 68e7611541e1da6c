"""Reports in the shapes of many mail systems, each with what must be read in it."""

import json
from pathlib import Path

import pytest

from newsletter.core.reports import parse_report
from newsletter.core.reports.causes import BY_CODE, BY_STATUS, CAUSES
from newsletter.core.reports.wordings import WORDINGS

FIXTURES = Path(__file__).parents[2] / "fixtures" / "reports"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", EXPECTED)
def test_each_dialect_is_read(name):
    report = parse_report((FIXTURES / f"{name}.eml").read_bytes())

    read = [
        {"recipient": one.recipient, "kind": one.kind.value, "cause": one.cause}
        for one in report.records
    ]
    assert {"nature": report.nature.value, "records": read} == EXPECTED[name]


def test_every_report_in_the_folder_is_expected():
    assert {path.stem for path in FIXTURES.glob("*.eml")} == set(EXPECTED)


def test_a_delay_is_marked_as_one():
    report = parse_report((FIXTURES / "exim-delay.eml").read_bytes())

    assert [record.is_delay for record in report.records] == [True]


@pytest.mark.parametrize("name", ["james", "arf-abuse", "dsn-mixed"])
def test_the_return_path_is_among_the_envelope_recipients(name):
    report = parse_report((FIXTURES / f"{name}.eml").read_bytes())

    assert report.envelope_to[0] in ("b+token@letters.example", "feedback@letters.example")
    assert "b+token@letters.example" in report.envelope_to


def test_the_tables_name_only_known_causes_in_small_letters():
    assert {cause for cause, _ in WORDINGS} <= set(CAUSES)
    assert {*BY_STATUS.values(), *BY_CODE.values()} <= set(CAUSES)
    assert len({cause.word for cause in CAUSES}) == len(CAUSES)
    for _, rows in WORDINGS:
        for row in rows:
            assert row.replace(r"\S", "").replace(r"\W", "").replace(r"[\s\S]", "").islower() or (
                not any(letter.isupper() for letter in row.replace(r"\S", ""))
            )
