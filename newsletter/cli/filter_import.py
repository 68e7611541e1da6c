"""`newsletter filter import`: a query of another search service as a filter."""

from typing import Annotated

import typer

from newsletter.cli.choices import Json
from newsletter.cli.words import print_json, result, say

EPILOG = (
    """Example: newsletter filter import --from arxiv 'ti:diffusion AND au:ho_j ANDNOT cat:cs.CV'"""
)


def import_filter(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="In quotes; the address of its results will do.")
    ],
    dialect: Annotated[
        str, typer.Option("--from", metavar="SERVICE", help="arxiv, pubmed, scholar or ads.")
    ],
    is_json: Json = False,
) -> None:
    """Turn a query of another search service into a filter; say what could not be carried over."""
    from newsletter.core.dialects import import_query

    imported = import_query(query, dialect.lower())
    if is_json:
        print_json({"filter": imported.filter.text, "dropped": imported.dropped})
        return
    for one in imported.dropped:
        say(f"{one.text}: {one.because}.")
    result(imported.filter.text)
