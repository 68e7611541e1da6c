"""Documents of XML, as feeds and arXiv's API write them: bytes in, elements and their text out.

Nothing outside a document is ever read for it: no entities, no document type, no network.
"""

import re

from lxml import etree

from newsletter.adapters.sources import reading
from newsletter.errors import SourceUnavailable

NAMESPACES = {
    "a": "http://www.w3.org/2005/Atom",
    "arxiv": "http://arxiv.org/schemas/atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "search": "http://a9.com/-/spec/opensearch/1.1/",
}

# XML 1.0 section 2.2 has no place for these, neither as they are nor as a reference.
_NOT_XML = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]"
    rb"|&#x0*(?:[0-8bcef]|1[0-9a-f]|d[89a-f]..|fff[ef]);"
    rb"|&#0*(?:[0-8]|1[124-9]|2[0-9]|3[01]);",
    re.IGNORECASE,
)


def root_of(body: bytes, source: str) -> etree._Element:
    """The document's root. Control characters, which XML forbids and some abstracts have, go."""
    try:
        root = _parse(body)
    except etree.XMLSyntaxError as error:
        try:
            root = _parse(_NOT_XML.sub(b"", body))
        except etree.XMLSyntaxError:
            reason = f"the answer is not well-formed XML, or is cut off: {reading.text(error.msg)}"
            raise SourceUnavailable(source, reason) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise SourceUnavailable(source, "the answer has a document type, which no feed has")
    return root


def _parse(body: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    return etree.fromstring(body, parser)


def text_at(node: etree._Element, *paths: str) -> str:
    """The text at the first of these paths that has any."""
    return reading.first(
        inside(found) for path in paths for found in node.iterfind(path, NAMESPACES)
    )


def inside(node: etree._Element) -> str:
    """All text below a node, without blanks at its ends."""
    return "".join(str(part) for part in node.itertext()).strip()


def tag_of(short: str) -> str:
    """The tag as lxml writes it: "a:feed" → "{http://www.w3.org/2005/Atom}feed"."""
    prefix, _, name = short.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{name}"


def shown(root: etree._Element) -> str:
    """A document by its root, for a sentence: "<html>"."""
    return f"<{reading.text(etree.QName(root).localname, 40)}>"
