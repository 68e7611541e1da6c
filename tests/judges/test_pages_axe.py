"""axe finds no barrier in any page: WCAG 2.2 AA and good practice, light and dark.

The pages are those that a walk over the site finds, and those that come of pressing each button.
"""

import socket
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper, settings_for
from fastapi.responses import HTMLResponse
from fastapi.testclient import TestClient
from pages_walk import fill, forms_of, is_page, pressed, starts, walk

from newsletter.adapters.queue import MemoryQueue
from newsletter.cli.site import Site
from newsletter.web import create_app
from newsletter.web.shield import Timing

BUSY = Timing(answer_seconds=20.0)  # a test machine may be

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
RUN = """async (tags) => {
  const found = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${rule.help}: ${node.html.slice(0, 160)}: ${node.failureSummary}`));
}"""
WATCH = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("violates " + event.violatedDirective + ": " + event.blockedURI));"""
PHONE, DESK = {"width": 375, "height": 800}, {"width": 1200, "height": 900}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[tuple[str, list[str]]]:
    """(base address, addresses): each page as it was when it was found, or came of a button."""
    folder, listening = tmp_path_factory.mktemp("axe"), socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    papers = [a_paper(number) for number in range(1, 13)]
    with a_newsletter(
        folder, papers=papers, clock=Clock(), queue=MemoryQueue(),
        settings=settings_for(folder, base_url=base),
    ) as newsletter:  # fmt: skip
        newsletter.pull(MONDAY.date())
        app = create_app(newsletter, timing=BUSY)
        with TestClient(app, base_url=base, raise_server_exceptions=False) as client:
            fill(newsletter, client)
            pages = walk(client, starts(newsletter, app))
            shown = {a: one for a, one in pages.items() if is_page(one) and one.status_code == 200}
            states = {name: shown[name].text for name in one_of_each(shown)}
            states |= pressed(client, forms_of(pages))
            states |= {"bad link": client.get("/confirm/x").text, "404": client.get("/x").text}
        app = create_app(newsletter, timing=BUSY)

        @app.get("/state/{name:path}")
        def state(name: str) -> HTMLResponse:
            return HTMLResponse(states[name])

        with Site(app, listening):
            yield base, [f"/state/{quote(name)}" for name in states]


def one_of_each(pages) -> dict[str, str]:
    """An address of each kind: of papers, days and filters any will do."""
    kinds: dict[str, str] = {}
    for address in pages:
        first = address.partition("?")[0].split("/")[1:3]
        if first[0] == "view":  # judged as the mail that it is
            continue
        kind = "/".join(first if first[0] not in ("paper", "papers") else first[:1])
        kinds.setdefault(kind + ("?" if "?" in address else ""), address)
    return {address: kind for kind, address in kinds.items()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_in_any_page_and_no_page_breaks_its_policy(browser, axe, site, scheme):
    base, addresses = site
    assert len(addresses) > 30
    found: list[str] = []
    for number, address in enumerate(addresses):
        context = browser.new_context(
            base_url=base, color_scheme=scheme, viewport=PHONE if number % 2 else DESK
        )
        context.add_init_script(WATCH)
        page = context.new_page()
        page.on("console", lambda said, where=address: found.append(f"{where}: {said.text}"))
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found.append(f"{address}: {wide} pixels stand out at the side")
        # The page's policy lets in no script that is not its own, as it should.
        page.evaluate(axe)
        found.extend(f"{address}: {words}" for words in page.evaluate(RUN, TAGS))
        context.close()

    # What was typed is shown again, also where a number was meant.
    found = [one for one in found if "The specified value" not in one]
    assert not found, "\n".join(found)
