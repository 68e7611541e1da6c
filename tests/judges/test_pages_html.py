"""The html of every page is valid to the W3C's checker: of all that a walk finds, and more."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper
from fastapi.testclient import TestClient
from pages_walk import BASE, fill, forms_of, is_page, pressed, starts, walk

from newsletter.adapters.queue import MemoryQueue
from newsletter.web import create_app
from newsletter.web.shield import Timing

BUSY = Timing(answer_seconds=20.0)  # a test machine may be

pytestmark = pytest.mark.browser  # what judges the looks runs together

CHECKER = Path(__file__).parents[2] / ".ci/tools/node_modules/vnu-jar/build/dist/vnu.jar"
MEANT = (
    r"Attribute “hx-[a-z-]+” not allowed on element “[a-z]+” at this point\."  # htmx's own
    # What was typed is shown again, also where a number or a date was meant.
    r"|Bad value “\(” for attribute “value” on element “input”: "
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    papers = [a_paper(number) for number in range(1, 13)]
    papers.append(a_paper(13, title='A <b>bold</b> & "quoted" title', authors=("<i>",)))
    with a_newsletter(folder, papers=papers, clock=Clock(), queue=MemoryQueue()) as newsletter:
        newsletter.pull(MONDAY.date())
        app = create_app(newsletter, timing=BUSY)
        with TestClient(app, base_url=BASE, raise_server_exceptions=False) as client:
            fill(newsletter, client)
            found = walk(client, starts(newsletter, app))
            shown = {
                address: answer.text
                for address, answer in found.items()
                if is_page(answer) and "/view/" not in address and "<html" in answer.text
            }
            shown |= pressed(client, forms_of(found))
            return shown | {"bad link": client.get("/confirm/x").text, "404": client.get("/x").text}


def test_the_checker_finds_nothing_in_any_page(pages, tmp_path):
    if shutil.which("java") is None or not CHECKER.is_file():
        pytest.skip("the Nu Html Checker needs Java and npm's vnu-jar: `.ci/run` installs them")
    paths = {str(tmp_path / f"{number}.html"): name for number, name in enumerate(pages)}
    for path, name in paths.items():
        Path(path).write_text(pages[name], encoding="utf-8")
    done = subprocess.run(
        ["java", "-Xss4m", "-jar", CHECKER, "--format", "json", "--exit-zero-always", *paths],
        capture_output=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    found = {
        f"{paths[one['url'].removeprefix('file:')]}: {one['message']}"
        for one in json.loads(done.stderr)["messages"]
        if one["type"] == "error" or one.get("subType") == "warning"
        if not re.match(MEANT, one["message"])
    }

    assert len(pages) > 30
    assert not found, "\n".join(sorted(found))


def test_no_id_stands_twice_in_a_page(pages):
    for name, html in pages.items():
        ids = re.findall(r'\sid="([^"]*)"', html)
        assert sorted(ids) == sorted(set(ids)), name
