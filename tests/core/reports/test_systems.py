"""Reports in the layouts of some fifty mail systems and providers, in our own sentences."""

import json
from pathlib import Path

import pytest

from newsletter.core.reports import parse_report

SYSTEMS = Path(__file__).parents[2] / "fixtures" / "reports" / "systems"
EXPECTED = json.loads((SYSTEMS / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", EXPECTED)
def test_each_system_is_understood(name):
    report = parse_report((SYSTEMS / f"{name}.eml").read_bytes())

    assert [
        {"recipient": record.recipient, "kind": record.kind.value} for record in report.records
    ] == EXPECTED[name]


def test_every_report_in_the_folder_is_expected():
    assert {path.stem for path in SYSTEMS.glob("*.eml")} == set(EXPECTED)
