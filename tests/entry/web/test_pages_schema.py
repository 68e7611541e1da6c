"""schemathesis over the description of every route: nothing that can be asked is a failure of ours.

The description that the site publishes is of its interface for programs; here every other route is
described, too, with the fields that its forms have.
"""

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper
from fastapi.openapi.utils import get_openapi
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from pages_walk import BASE, SECRET, fill, forms_of, routes_of, starts, walk

from newsletter.adapters.queue import MemoryQueue
from newsletter.web import create_app
from newsletter.web.shield import Timing

pytestmark = pytest.mark.filterwarnings("ignore")

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """(the pages' app, the description of all its routes)."""
    folder = tmp_path_factory.mktemp("schema")
    papers = [a_paper(number) for number in range(1, 4)]
    with a_newsletter(folder, papers=papers, clock=Clock(), queue=MemoryQueue()) as newsletter:
        newsletter.pull(MONDAY.date())
        app = create_app(newsletter, timing=Timing(answer_seconds=30.0, even_seconds=0.0))
        for route in routes_of(app):  # before the first request, which settles what there is
            route.include_in_schema = hasattr(route, "endpoint")
        with TestClient(app, base_url=BASE) as client:
            fill(newsletter, client)
            forms = forms_of(walk(client, starts(newsletter, app)))
            yield app, described(app, forms)


def described(app, forms) -> dict:
    """OpenAPI 3.1 of every route, with the forms' fields where a page has a form for it."""
    found = get_openapi(title="pages", version="1", routes=app.routes)
    for form in forms:
        path = SECRET.sub("/{token}", form.action).partition("?")[0]
        operation = found["paths"].get(path, {}).get(form.method)
        if operation is None or form.method != "post":
            continue
        names = {*form.fields, "do"}
        schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
        body = operation.setdefault("requestBody", {"content": {}})
        known = body["content"].setdefault(FORM, {"schema": schema})["schema"]
        known["properties"] |= schema["properties"]
    return found


def test_every_route_is_described(site):
    app, description = site
    paths = {one.path.replace(":path}", "}") for one in routes_of(app) if hasattr(one, "endpoint")}

    assert paths - {"/openapi.json"} <= set(description["paths"])
    forms = [
        one["post"]["requestBody"]["content"][FORM]["schema"]["properties"]
        for one in description["paths"].values()
        if FORM in one.get("post", {}).get("requestBody", {}).get("content", {})
    ]
    assert len(forms) >= 5
    assert any("topics-0-filter" in fields for fields in forms)


@pytest.mark.parametrize(
    "examples", [1, pytest.param(30, marks=[pytest.mark.faults, pytest.mark.timeout(600)])]
)
def test_nothing_that_can_be_asked_is_a_failure_of_ours(site, examples):
    # Not at the top: it takes seconds, in each worker process.
    schemathesis = pytest.importorskip("schemathesis", reason="it is in the extra `test`")
    app, description = site
    app.get("/description.json", include_in_schema=False)(lambda: description)
    schema = schemathesis.openapi.from_asgi("/description.json", app)
    asked = 0

    for result in schema.get_all_operations():

        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=result.ok().as_strategy())
        def ask(case) -> None:
            nonlocal asked
            asked += 1
            answer = case.call()
            assert answer.status_code < 500, case.as_curl_command()

        ask()

    assert asked >= 25 * examples
