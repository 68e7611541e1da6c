"""What is stored about a reader: another address, what was sent, all of it as JSON, and erasing."""

import json

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from newsletter.core.delivery.states import COUNTS_AS_SEEN, State
from newsletter.core.results import DeliveryView
from newsletter.core.subscribers import Subscriber
from newsletter.errors import AddressError
from newsletter.web.door import Door
from newsletter.web.link_pages import PRIVATE, LinkPages, day_in_words, instant_in_words
from newsletter.web.pages import Fields
from newsletter.web.view import READ

DAYS = 90  # of digests that are shown

# Where a digest stands, for its reader; {at} is when it was sent.
STATES = {
    State.PENDING: "On its way: it goes out in the next minutes",
    State.SENDING: "On its way: it is being handed over right now",
    State.SENT: "Sent on {at}",
    State.FAILED: "Could not be sent: your mail server refused it",
    State.SKIPPED: "Not sent: you had left or paused, or mail to you had come back",
    State.EXPIRED: "Not sent: it could not go out in time",
    State.REVIEW: "Perhaps sent: the line broke at the last moment",
}


def add_account(router: APIRouter, pages: LinkPages, door: Door) -> None:
    """The routes below a preferences link."""
    newsletter = pages.newsletter

    def address_page(
        subscriber: Subscriber, typed: str = "", error: AddressError | None = None
    ) -> Response:
        values = {"typed": typed, "errors": {"address": error} if error else {}}
        return pages.page("address.html", subscriber, values, status=422 if error else 200)

    @router.api_route("/preferences/{token}/address", methods=READ)
    def address_form(token: str) -> Response:
        return address_page(newsletter.subscriber_of(token))

    @router.post("/preferences/{token}/address")
    def ask_to_move(token: str, request: Request, fields: Fields) -> Response:
        subscriber = newsletter.subscriber_of(token)
        address = fields.get("address", "").strip()
        try:
            newsletter.check_new_address(token, address)
        except AddressError as error:
            return address_page(subscriber, address, error)
        return door.mail(
            request,
            fields,
            address,
            send=lambda: newsletter.ask_to_move(token, address),
            done=lambda: pages.page("address_asked.html", subscriber),
        )

    @router.api_route("/preferences/{token}/sent", methods=READ)
    def sent(token: str) -> Response:
        subscriber = newsletter.subscriber_of(token)
        digests = [_row(subscriber, one) for one in newsletter.digests_sent(token, days=DAYS)]
        return pages.page("sent.html", subscriber, {"digests": digests, "days": DAYS})

    def _row(subscriber: Subscriber, one: DeliveryView) -> dict[str, object]:
        is_kept = one.state in COUNTS_AS_SEEN and one.papers
        return {
            "day": day_in_words(subscriber, one.edition),
            "papers": len(one.papers),
            "state": _state_of(subscriber, one),
            "view": pages.digest(subscriber, one.edition) if is_kept else "",
        }

    @router.api_route("/preferences/{token}/export", methods=READ)
    def export(token: str) -> Response:
        found = json.dumps(newsletter.export(token).plain(), ensure_ascii=False, indent=2)
        name = f"newsletter-{newsletter.today()}.json"
        headers = PRIVATE | {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(found + "\n", media_type="application/json", headers=headers)

    @router.api_route("/preferences/{token}/erase", methods=READ)
    def erase_page(token: str) -> Response:
        return pages.page("erase.html", newsletter.subscriber_of(token))

    @router.post("/preferences/{token}/erase")
    def erase(token: str, fields: Fields) -> Response:
        never_again = "never" in fields
        newsletter.erase(token, never_again=never_again)
        return pages.plain("erased.html", {"never_again": never_again})


def _state_of(subscriber: Subscriber, one: DeliveryView) -> str:
    words = Markup(STATES[one.state]).format(  # noqa: S704 - our own words
        at=instant_in_words(subscriber, one.sent_at)
    )
    return words + ", once more by hand" if one.resend_no else words
