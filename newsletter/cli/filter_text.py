"""A filter on the command line, where it may begin with a minus."""

import re
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

FilterText = Annotated[
    str, typer.Argument(metavar="FILTER", help="In quotes, so that it stays whole.")
]

# `-survey` and `-"a survey"`; -5 may belong to an option, and no option of these has one letter.
_EXCLUDES = re.compile(r"-(?!h$)[^-\d]")


class FilterCommand(TyperCommand):
    """A command that takes `-survey agents` for a filter, not for options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        texts = [one for one in args if _EXCLUDES.match(one)]
        if texts and "--" not in args:
            args = [*(one for one in args if one not in texts), "--", *texts]
        return super().parse_args(ctx, args)
