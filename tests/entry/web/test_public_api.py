"""Answers for programs, as JSON."""

import pytest
from public_site import DAY, EARLIER


def test_programs_get_a_preview_as_json(visitor):
    found = visitor.get("/api/preview?filter=Kites&limit=1").json()

    assert found["filter"] == "Kites"
    assert (found["total"], found["span_days"], found["per_day"]) == (1, 30, 0.5)
    assert found["days"][0] == {"day": str(EARLIER), "papers": 2, "matches": 1}
    assert found["latest"][0]["paper"]["id"] == "2606.00040"
    assert found["latest"][0]["matched"] == ["Kites"]


def test_programs_get_the_papers_of_a_day(visitor):
    found = visitor.get(f"/api/papers/{EARLIER}").json()

    assert [one["id"] for one in found] == ["2606.00040", "cs/0503050"]
    assert found[0]["categories"] == ["cs.RO", "cs.LG"]


@pytest.mark.parametrize(
    ("address", "status", "column"),
    [
        ("/api/preview?filter=(a", 400, 1),
        ("/api/preview", 422, None),
        ("/api/preview?filter=a&days=91", 422, None),
        ("/api/preview?filter=a&limit=x", 422, None),
        ("/api/papers/2020-01-01", 404, None),
        ("/api/papers/yesterday", 422, None),
        ("/api/nothing", 404, None),
    ],
)
def test_programs_are_told_what_is_wrong_in_json(visitor, address, status, column):
    answer = visitor.get(address)

    assert answer.status_code == status
    assert answer.json()["column"] == column
    assert answer.json()["problem"]


def test_the_description_names_every_answer_that_a_program_can_get(visitor):
    described = visitor.get("/openapi.json").json()["paths"]

    assert set(described) == {"/api/preview", "/api/papers/{day}", "/api/health"}
    assert set(described["/api/preview"]["get"]["responses"]) == {"200", "400", "422", "503"}
    assert set(described["/api/papers/{day}"]["get"]["responses"]) == {"200", "404", "422", "503"}


def test_health_tells_the_last_day_that_has_papers(visitor):
    assert visitor.get("/api/health").json() == {"status": "ok", "latest_day": str(DAY)}
