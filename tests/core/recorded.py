"""The recorded days beside the project, as papers. Read in place; a test without them skips."""

import json
from datetime import date, datetime
from functools import cache
from pathlib import Path

import pytest

from newsletter.core.papers import Organization, Paper

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "hf_daily_papers"


@cache
def recorded_papers():
    """All papers of all recorded days, each as its day has it."""
    if not RECORDED.is_dir():
        pytest.skip(f"the recorded days are not at {RECORDED}")
    return tuple(
        _converted(entry, day.stem)
        for day in sorted(RECORDED.glob("*.json"))
        for entry in json.loads(day.read_text(encoding="utf-8"))
    )


def _converted(entry, day):
    paper = entry["paper"]
    org = paper.get("organization")
    return Paper(
        id=paper["id"],
        title=paper["title"],
        abstract=paper["summary"],
        featured_on=date.fromisoformat(day),
        authors=tuple(author["name"] for author in paper["authors"]),
        organization=org and Organization(name=org["name"], full_name=org["fullname"]),
        upvotes=paper["upvotes"],
        published_at=datetime.fromisoformat(paper["publishedAt"]),
        keywords=tuple(paper.get("ai_keywords", ())),
        code_url=paper.get("githubRepo", ""),
        sources=("huggingface",),
    )
