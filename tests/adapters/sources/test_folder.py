"""The folder as a source: recorded or hand-made days, and clear words for what is no day."""

import json
from datetime import date
from pathlib import Path

import pytest

from newsletter.adapters.sources.folder import FolderSource
from newsletter.errors import SourceUnavailable

DAY = date(2026, 6, 16)
FIXTURES = Path(__file__).parents[2] / "fixtures"


def fetch(path: Path, day: date = DAY):
    return FolderSource(path).fetch(day, validators={})


def write(folder: Path, name: str, *titles: str) -> Path:
    path = folder / name
    path.write_text(json.dumps([{"title": title} for title in titles]))
    return path


def test_a_day_is_the_file_of_that_name():
    found = fetch(FIXTURES / "daily")

    assert [paper.id for paper in found.papers] == ["2606.10001", "2606.10002"]
    assert found.papers[0].sources == ("huggingface",)


def test_a_day_without_a_file_has_no_papers():
    assert fetch(FIXTURES / "daily", date(2026, 6, 17)).papers == ()


def test_the_days_that_there_are_can_be_listed(tmp_path):
    for name in ("2026-06-17.json", "2026-06-16.json", "2026-06-16_again.json", "notes.json"):
        write(tmp_path, name)
    (tmp_path / "2026-02-30.json").write_text("[]")
    (tmp_path / "2026-06-18.txt").write_text("[]")

    assert FolderSource(tmp_path).days() == (DAY, date(2026, 6, 17))


def test_feeds_of_arxiv_may_lie_beside_the_days():
    assert [paper.id for paper in fetch(FIXTURES / "arxiv").papers] == [
        "2606.10001",
        "1901.10002",
        "2606.10002",
    ]


def test_several_files_of_a_day_are_one_day(tmp_path):
    write(tmp_path, "2026-06-16_0400.json", "Early Paper of the Day")
    write(tmp_path, "2026-06-16_0600.json", "Early Paper of the Day", "Late Paper of the Day")

    assert [paper.title for paper in fetch(tmp_path).papers] == [
        "Early Paper of the Day",
        "Late Paper of the Day",
    ]


def test_one_file_with_a_date_answers_for_that_day_only():
    file = FIXTURES / "daily" / "2026-06-16.json"

    assert len(fetch(file).papers) == 2
    assert fetch(file, date(2026, 6, 17)).papers == ()


def test_one_file_without_a_date_answers_for_any_day():
    for day in (DAY, date(2030, 1, 1)):
        found = fetch(FIXTURES / "daily" / "older_shapes.json", day)

        assert len(found.papers) == 3
        assert {paper.featured_on for paper in found.papers} == {day}


def test_a_recorders_wrapping_of_an_answer_is_taken_off(tmp_path):
    sent = (FIXTURES / "arxiv" / "api.xml").read_bytes().replace(b"Ada", "Ädä".encode())
    wrapped = tmp_path / "answer.json"

    for body in (sent.decode(), sent.decode("latin-1")):  # rightly and wrongly decoded
        wrapped.write_text(json.dumps({"status_code": 200, "body": body}), encoding="utf-8")

        assert fetch(wrapped).papers[0].authors[0] == "Ädä Lovelace"


def test_a_broken_record_is_named_with_its_file(tmp_path):
    write(tmp_path, "2026-06-16.json", "A Good Paper", "")

    assert fetch(tmp_path).skipped == ("2026-06-16.json: entry 2: no title",)


def test_a_broken_file_stops_no_other(tmp_path):
    write(tmp_path, "2026-06-16_a.json", "A Good Paper")
    (tmp_path / "2026-06-16_b.json").write_text('[{"title": "A Cut')

    found = fetch(tmp_path)

    assert len(found.papers) == 1
    assert "2026-06-16_b.json" in found.skipped[0]
    assert "cut off" in found.skipped[0]


def test_a_day_of_one_broken_file_is_no_day_without_papers(tmp_path):
    (tmp_path / "2026-06-16.json").write_text('[{"title": "A Cut')

    with pytest.raises(SourceUnavailable, match="cut off"):
        fetch(tmp_path)


@pytest.mark.parametrize("name", ["absent", "absent/2026-06-16.json", "nul\0"])
def test_a_path_that_does_not_exist_is_one_sentence(tmp_path, name):
    source = FolderSource(tmp_path / name)

    for ask in (source.days, lambda: source.fetch(DAY, validators={})):
        with pytest.raises(SourceUnavailable, match=r"cannot be read .* give a folder"):
            ask()


def test_a_folder_in_place_of_a_file_is_named(tmp_path):
    (tmp_path / "2026-06-16.json").mkdir()

    with pytest.raises(SourceUnavailable, match=r"2026-06-16\.json cannot be read"):
        fetch(tmp_path)


def test_every_recorded_day_is_whole(recorded):
    source = FolderSource(recorded("hf_daily_papers"))

    counts = [len(source.fetch(day, validators={}).papers) for day in source.days()]

    assert (len(counts), sum(counts)) == (40, 935)


def test_the_recorded_page_is_whole(recorded):
    found = fetch(recorded("seed_papers.json"))

    assert (len(found.papers), found.skipped) == (38, ())
    assert sum(paper.organization is not None for paper in found.papers) == 2
    assert sum(paper.author_count > 0 for paper in found.papers) == 35
    assert sum(paper.comments is not None for paper in found.papers) == 11
    assert sum(paper.published_at is not None for paper in found.papers) == 37
    assert all(paper.id.startswith("title:") and paper.abstract for paper in found.papers)


def test_every_recorded_file_of_arxiv_is_whole(recorded):
    files = sorted(recorded("arxiv/api").glob("*.*")) + sorted(recorded("arxiv/feed").glob("*.xml"))
    files = [file for file in files if "id_abc" not in file.name]  # a refusal, not papers

    counts = [len(fetch(file, date(2025, 8, 20)).papers) for file in files]

    assert sorted(counts) == [0, 1, 1, 10, 10, 10, 10, 56]
