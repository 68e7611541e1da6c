"""Which pages there are, for search engines: sitemaps.org, version 0.9."""

from collections.abc import Iterable
from datetime import UTC, datetime

from lxml import etree

SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
MOST_PAGES = 50_000  # of one map, says the protocol


def build_sitemap(pages: Iterable[tuple[str, datetime | None]]) -> bytes:
    """The map of these pages as XML: (whole address, when it changed last if that is known).

    Of more than MOST_PAGES the first are named.
    """
    return _build("urlset", "url", pages)


def build_index(maps: Iterable[str]) -> bytes:
    """The map of maps: their whole addresses."""
    return _build("sitemapindex", "sitemap", ((address, None) for address in maps))


def _build(name: str, entry: str, pages: Iterable[tuple[str, datetime | None]]) -> bytes:
    root = etree.fromstring(f'<{name} xmlns="{SCHEMA}"/>'.encode())
    for number, (address, changed_at) in enumerate(pages):
        if number == MOST_PAGES:
            break
        one = etree.SubElement(root, f"{{{SCHEMA}}}{entry}")
        etree.SubElement(one, f"{{{SCHEMA}}}loc").text = address
        if changed_at is not None:
            at = changed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            etree.SubElement(one, f"{{{SCHEMA}}}lastmod").text = at
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
