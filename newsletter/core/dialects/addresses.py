"""Addresses of result pages: whoever copies from the browser pastes the query with them."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

# What holds the query in an address of each service; the years of Google Scholar's side bar.
PARAMETERS = {"arxiv": "search_query", "pubmed": "term", "scholar": "q", "ads": "q"}
_IDS = "id_list"
_YEARS = {"as_ylo": "after:{}", "as_yhi": "before:{}"}


def query_of(text: str, dialect: str) -> str:
    """The query within an address; any other text as it is."""
    if not re.match(r"\s*https?://", text):
        return text
    try:
        address = urlsplit(text.strip())
    except ValueError:  # brackets that are no IPv6 address
        return text
    # ADS writes `/search/q=…&sort=…` in the path.
    asked = address.query or unquote(address.path.rpartition("/")[2]) * (dialect == "ads")
    fields = {key: values[0] for key, values in parse_qs(asked).items()}
    query = fields.get(PARAMETERS[dialect], "")
    if dialect == "arxiv" and fields.get(_IDS):
        ids = " OR ".join(f"id:{one.strip()}" for one in fields[_IDS].split(",") if one.strip())
        query = f"({query}) AND ({ids})" if query else ids
    if dialect == "scholar":
        query = " ".join([query, *(_YEARS[key].format(_year(fields[key], key)) for key in _YEARS
                                   if fields.get(key, "").isdecimal())])  # fmt: skip
    return query or text


def _year(text: str, key: str) -> int:
    """The year for `after:` and `before:`; the side bar's last year is included."""
    return int(text[:4]) + (key == "as_yhi")
