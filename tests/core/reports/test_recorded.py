"""The recorded reports, scored as the issue asks. Read in place; skipped where they are not."""

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from newsletter.core.reports import Kind, Record, parse_report

RECORDED = Path(__file__).parents[4] / "shared" / "data" / "bounces"
DEAD_OR_NOT = {True: Kind.HARD, False: Kind.SOFT}


@dataclass(slots=True)
class Score:
    asked: int = 0
    named: int = 0
    judged: int = 0
    right: int = 0
    soft_called_hard: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@cache
def entries() -> tuple[dict, ...]:
    if not RECORDED.is_dir():
        pytest.skip(f"the recorded reports are not at {RECORDED}")
    lines = (RECORDED / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@cache
def records_of(file: str) -> tuple[Record, ...]:
    return parse_report((RECORDED / "messages" / file).read_bytes()).records


@cache
def score() -> Score:
    total = Score()
    for entry in entries():
        if entry["kind"] == "bounce":
            left = list(records_of(entry["file"]))
            for expected in entry["recipients"]:
                count(total, entry["file"], expected, left)
    return total


def count(total: Score, file: str, expected: dict, left: list[Record]) -> None:
    spellings = {text.lower() for text in (expected["address"], *expected["accept"]) if text}
    found = next((one for one in left if (one.recipient or "").lower() in spellings), None)
    total.asked += 1
    if found is None:
        total.missed.append(file)
        return
    left.remove(found)
    total.named += 1
    if expected["hard"] is None:
        return
    total.judged += 1
    total.right += found.kind is DEAD_OR_NOT[expected["hard"]]
    if found.kind is not DEAD_OR_NOT[expected["hard"]]:
        total.wrong.append(file)
    if found.kind is Kind.HARD and not expected["hard"]:
        total.soft_called_hard.append(file)


def test_recipients_are_named():
    total = score()

    assert total.named >= 0.97 * total.asked, total.missed


def test_dead_addresses_are_told_from_troubles():
    total = score()

    assert total.right >= 0.98 * total.judged, total.wrong


def test_no_trouble_is_taken_for_a_dead_address():
    assert score().soft_called_hard == []


def test_every_complaint_is_heard():
    complaints = [entry for entry in entries() if entry["kind"] == "complaint"]

    for entry in complaints:
        (record,) = records_of(entry["file"])
        assert record.kind is Kind.COMPLAINT
        assert record.recipient == entry["recipients"][0]["address"]


def test_everything_else_acts_on_nobody():
    others = [entry for entry in entries() if entry["kind"] not in ("bounce", "complaint")]

    assert {entry["file"]: records_of(entry["file"]) for entry in others} == {
        entry["file"]: () for entry in others
    }
