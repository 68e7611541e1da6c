"""Visits of the pages: a reader's own links, a form as it is filled in."""

from html.parser import HTMLParser

from builders import MONDAY
from pages_walk import BASE

from newsletter.core.tokens import Purpose, make_token


def path(url: str) -> str:
    return url.removeprefix(BASE)


def preferences(newsletter, reader) -> str:
    return path(newsletter.pages_of(reader.id).preferences)


def unsubscribe(newsletter, reader) -> str:
    return path(newsletter.pages_of(reader.id).unsubscribe)


def confirmation(newsletter, address: str) -> str:
    reader = newsletter.subscriber(address)
    keys = newsletter.letterhead.keys
    return "/confirm/" + make_token(Purpose.CONFIRM, reader.id, keys=keys, issued_at=MONDAY)


def rows(*topics: tuple[str, str], **values) -> dict[str, str]:
    """A form's fields with these (name, filter) topics."""
    fields = {}
    for number, (name, written) in enumerate(topics):
        fields |= {f"topics-{number}-name": name, f"topics-{number}-filter": written}
    return fields | values


class Filled(HTMLParser):
    """What a browser would send for the page's largest form."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._select: str | None = None
        self._option: list[str] | None = None

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "input" and values.get("name"):
            is_box = values.get("type") == "checkbox"
            if not is_box or "checked" in values:
                self.fields[values["name"]] = values.get("value") or ""
        elif tag == "select":
            self._select = values["name"]
        elif tag == "option" and self._select and "selected" in values:
            self._option = [values.get("value") or ""]

    def handle_data(self, data):
        if self._option is not None and self._select:
            self.fields[self._select] = self._option[0] or data.strip()
            self._option = None


def filled_in(html: str) -> dict[str, str]:
    reader = Filled()
    reader.feed(html)
    return reader.fields


def our_links(newsletter, reader) -> list[str]:
    return [
        preferences(newsletter, reader),
        unsubscribe(newsletter, reader),
        confirmation(newsletter, reader.address),
    ]
