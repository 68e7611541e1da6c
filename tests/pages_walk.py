"""What the tests of pages share: a site with every kind of reader, and a walk over all it shows.

Nothing here names a page: new pages, forms and mails are found by the links that lead to them.
"""

import email
import email.policy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from builders import MONDAY, add_reader, wishes
from sqlalchemy import text

from newsletter.adapters.store.tables import Row
from newsletter.web.shield import Timing

BASE = "https://papers.example.org"
BUSY = Timing(answer_seconds=20.0, even_seconds=0.0)  # a test machine may be
SECRET = re.compile(r"/[a-z2-7]{28,}")  # a token in a path
OF_PAPERS = re.compile("/(?:archive|papers?|feed|preview|view|static|api|openapi)")
ADDRESSES = ("href", "src", "action", "hx-get", "hx-post", "data-challenge", "poster")


@dataclass
class Form:
    """A form as a browser would send it. fields: by name, the buttons left out."""

    page: str
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)  # names of the fields that hold an address

    @property
    def shape(self) -> tuple:
        """Alike for forms that differ in what stands in them only."""
        names = sorted(re.sub(r"\d+", "N", name) for name in self.fields)
        buttons = sorted({re.sub(r"\d+", "N", value) for _, value in self.buttons})
        return (SECRET.sub("/TOKEN", self.action), self.method, tuple(names), tuple(buttons))

    def filled(self, **values: str) -> dict[str, str]:
        """All it holds, pressed by its first button."""
        pressed = dict(self.buttons[:1])
        return {name: one for name, one in (self.fields | pressed | values).items() if name}


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.links, self.forms = page, set(), []
        self._form: Form | None = None
        self._select = self._option = self._area = None

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        for name in ADDRESSES:
            if values.get(name, "").startswith(("/", BASE)):
                self.links.add(values[name].removeprefix(BASE).partition("#")[0])
        if tag == "form":
            action = values.get("action", "").removeprefix(BASE) or self.page
            self._form = Form(self.page, action, values.get("method", "get").lower())
            self.forms.append(self._form)
        if self._form is not None:
            self._take(tag, values)

    def _take(self, tag, values):
        name, kind, fields = values.get("name", ""), values.get("type", ""), self._form.fields
        if tag == "button" or kind in ("submit", "image"):
            self._form.buttons.append((name, values.get("value", "")))
        elif tag == "input" and (kind not in ("checkbox", "radio") or "checked" in values):
            fields[name] = values.get("value", "")
            if kind == "email":
                self._form.mails.append(name)
        elif tag == "select":
            self._select = name
            fields[name] = ""
        elif tag == "textarea":
            self._area = name
            fields[name] = ""
        elif (
            tag == "option" and self._select and ("selected" in values or not fields[self._select])
        ):
            fields[self._select] = values.get("value", "")
            self._option = None if "value" in values else self._select

    def handle_data(self, data):
        if self._area and self._form:
            self._form.fields[self._area] += data
        elif self._option and self._form:
            self._form.fields[self._option], self._option = data.strip(), None

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        if tag in ("select", "form"):
            self._select = self._option = None
        if tag in ("textarea", "form"):
            self._area = None


def links_in(html: str, page: str = "/") -> set[str]:
    """Addresses that a page leads to on our own site."""
    reader = _Reader(page)
    reader.feed(html)
    return reader.links


def forms_in(html: str, page: str) -> list[Form]:
    reader = _Reader(page)
    reader.feed(html)
    return reader.forms


def dump(newsletter) -> dict[str, list]:
    """Every row of every table."""
    with newsletter.store.read() as session:
        return {
            name: [tuple(row) for row in session.execute(text(f"SELECT * FROM {name}"))]
            for name in Row.metadata.tables
        }


def routes_of(app) -> Iterator:
    """Every route with a path, whichever router it came from."""
    waiting = list(app.routes)
    for route in waiting:
        if hasattr(route, "path"):
            yield route
        else:
            waiting.extend(route.original_router.routes)


def links_of_mails(letters: Iterable, base: str) -> set[str]:
    """Addresses on our own site in these mails: in their texts, their html and their headers."""
    found = set()
    for letter in letters:
        message = email.message_from_bytes(letter.content, policy=email.policy.default)
        words = " ".join(str(value) for value in message.values())
        for part in message.walk():
            if part.get_content_maintype() == "text":
                words += " " + part.get_content()
        found |= {
            urlsplit(address)._replace(scheme="", netloc="", fragment="").geturl()
            for address in re.findall(rf"{re.escape(base)}[^\s<>\"')]*", words)
        }
    return {link or "/" for link in found}


def fill(newsletter, client) -> dict[str, object]:
    """Readers of every kind, by name; what had to be mailed to them was sent."""
    readers = {
        "active": add_reader(newsletter, "ada", "agents", "robots", time_zone="Europe/Berlin"),
        "idle": add_reader(newsletter, "ida", "nothingmatchesthis", mutes=("survey",)),
    }
    left = add_reader(newsletter, "lea")
    client.post(urlsplit(newsletter.pages_of(left.id).unsubscribe).path)
    newsletter.subscribe("eve@example.org", wishes("agents"))
    newsletter.run(MONDAY.date(), everyone=True)
    newsletter.recover("ada@example.org")
    newsletter.send_waiting()
    return readers | {"left": newsletter.subscriber("lea@example.org")}


def starts(newsletter, app) -> set[str]:
    """Where a walk begins: every page without a name in it, and every link of every mail."""
    plain = {
        route.path
        for route in routes_of(app)
        if "GET" in (route.methods or ()) and "{" not in route.path
    }
    sent = newsletter.parts.transport.sent
    return plain | links_of_mails(sent, newsletter.settings.base_url)


def walk(client, start: Iterable[str], *, only_forms: bool = False) -> dict[str, object]:
    """The answer of every page that can be reached by links, by its address.

    Each is asked for by HEAD too, which must answer alike. only_forms: leave out the papers.
    """
    waiting, found = sorted(start), {}
    for address in waiting:
        if address in found or (only_forms and OF_PAPERS.match(address)):
            continue
        found[address] = answer = client.get(address)
        head = answer if only_forms else client.head(address)
        assert head.status_code in (answer.status_code, 405), address
        assert only_forms or not head.content, address
        if "html" in answer.headers.get("content-type", ""):
            waiting.extend(sorted(links_in(answer.text, address) - set(found)))
    return found


def is_page(answer) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html")


def is_private(address: str) -> bool:
    return SECRET.search(unquote(address)) is not None


def forms_of(pages: Mapping[str, object]) -> list[Form]:
    """One form of each shape."""
    shapes = {
        form.shape: form
        for address, answer in pages.items()
        if is_page(answer)
        for form in forms_in(answer.text, address)
    }
    return list(shapes.values())


def pressed(client, forms: Iterable[Form]) -> dict[str, str]:
    """The pages that come of pressing each button, and of typing what cannot be, by a name.

    What ends a reader comes last.
    """
    found = {}
    for form in sorted(forms, key=lambda one: ("erase" in one.action, one.action)):
        if form.method != "post":
            continue
        wrong = {name: "(" for name in form.fields if name not in ("stamp", "website")}
        posts = {"wrong": form.filled(**wrong)} | {
            value or "button": form.filled() | {name or "do": value} for name, value in form.buttons
        }
        for name, fields in posts.items():
            address = {one: "new@example.org" for one in form.mails if name != "wrong"}
            answer = client.post(form.action, data=fields | address)
            if is_page(answer):
                found[f"{SECRET.sub('/TOKEN', form.action)} {name} {answer.status_code}"] = (
                    answer.text
                )
    return found
