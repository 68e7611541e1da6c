"""How much of the mail comes back, and who complains."""

from typing import TYPE_CHECKING

from newsletter.cli.choices import Edition, Json
from newsletter.cli.opening import opened
from newsletter.cli.words import add_row, as_json, out, print_json, say, table
from newsletter.core.feedback.rates import Standing, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from newsletter.core.feedback.rates import Rate

MOST_DOMAINS = 15
WORDS = {
    Standing.FEW: "",
    Standing.FINE: "",
    Standing.WARN: "many complaints",
    Standing.HOLD: "too many complaints",
}


def rates(edition: Edition = None, is_json: Json = False) -> None:
    """Show bounces and complaints by edition and by domain, as shares of what was sent."""
    with opened() as newsletter:
        found = newsletter.rates(edition)
    if is_json:
        print_json({"editions": _documents(found.editions), "domains": _documents(found.domains)})
        return
    if not found.editions:
        say("There is no edition yet: `newsletter run` makes one.")
        return
    console = out()
    console.print(rate_table("Edition!", found.editions, title="By edition"))
    told = [one for one in found.domains if one.bounces or one.complaints]
    if told:
        title = "By domain, those with most reports first"
        console.print(rate_table("Domain", told[:MOST_DOMAINS], title=title))
    else:
        say("No bounce and no complaint was reported.")


def rate_table(name: str, found: "Sequence[Rate]", *, title: str) -> "Table":
    columns = ("Sent#", "Hard#", "Soft#", "Bounced#", "Complaints#", "")
    shown = table(name, *columns, title=title, is_tight=True)
    for one in found:
        counts = (f"{number:,}" if number else "" for number in (one.sent, one.hard, one.soft))
        bounced = share(one.bounce_rate) if one.bounces else ""
        complained = f"{one.complaints:,} = {share(one.complaint_rate)}" if one.complaints else ""
        add_row(shown, one.name, *counts, bounced, complained, WORDS[one.standing] or " ")
    return shown


def rate_document(one: "Rate") -> dict[str, object]:
    return {
        **as_json(one),
        "bounce_rate": round(one.bounce_rate, 6),
        "complaint_rate": round(one.complaint_rate, 6),
        "standing": one.standing.value,
    }


def _documents(found: "Sequence[Rate]") -> list[object]:
    return [rate_document(one) for one in found]
