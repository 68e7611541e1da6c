"""Pages for everybody: landing, subscribe, recover. No GET or HEAD changes anything."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException as AnyHTTPException

from newsletter.app import Newsletter
from newsletter.core.subscribers import Wishes
from newsletter.errors import AddressError, NewsletterError
from newsletter.web.answers import Answer, Kept
from newsletter.web.cards import cards_of
from newsletter.web.door import Door
from newsletter.web.forms import CADENCES, EXAMPLES, TopicField, WishesForm, read_form
from newsletter.web.previews import picked_examples, preview_of
from newsletter.web.view import NEWS, READ, View
from newsletter.web.widgets import choices

log = logging.getLogger(__name__)

LANDING_PAPERS = 10
NEW_FORM = WishesForm(topics=(TopicField(),))


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form, url-encoded or multipart; of a name that comes twice the last counts.

    A body that is no form, as some mail programs send one, gives no fields.
    """
    try:
        form: FormData = await request.form(max_files=0, max_fields=1000)
    except AnyHTTPException as error:
        if error.status_code == 413:
            raise
        return {}
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


Fields = Annotated[dict[str, str], Depends(form_fields)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribing:
    """The subscribe form as it stands. picked: the numbers of the examples that are ticked."""

    address: str = ""
    form: WishesForm = NEW_FORM
    picked: tuple[int, ...] = ()
    errors: Mapping[str, NewsletterError] = field(default_factory=dict)
    previews: Mapping[int, object] = field(default_factory=dict)

    def values(self) -> dict[str, object]:
        return {
            "address": self.address,
            "form": self.form,
            "errors": self.errors,
            "previews": self.previews,
            "examples": [
                (number, example, number in self.picked) for number, example in enumerate(EXAMPLES)
            ],
            "rhythm": f"{dict(CADENCES)[NEW_FORM.cadence]} at {int(NEW_FORM.hour):02}:00",
            **choices(),
        }


def public_router(newsletter: Newsletter, view: View, kept: Kept, door: Door) -> APIRouter:
    """Routes that need no link."""
    router = APIRouter(include_in_schema=False, default_response_class=Response)

    @router.api_route("/", methods=READ)
    async def landing(request: Request) -> Response:
        return await kept.answer(request, landing_page)

    @router.api_route("/subscribe", methods=READ)
    async def subscribe_form(request: Request) -> Response:
        return await kept.answer(request, lambda: form_page(request.query_params))

    def landing_page() -> Answer:
        days = newsletter.paper_days(limit=1)
        values: dict[str, object] = Subscribing().values()
        values |= {"day": None, "cards": [], "total": 0}
        if days:
            day, total = days[0]
            papers = newsletter.papers(day)[:LANDING_PAPERS]
            values |= {"day": day, "cards": cards_of(papers), "total": total}
        return view.answer("landing.html", values, path="/", headers=NEWS)

    def form_page(query: Mapping[str, str]) -> Answer:
        """The form, with what a link to it names: a filter, and examples to be ticked."""
        row = TopicField(filter=query.get("filter", "").strip())
        form = replace(NEW_FORM, topics=(row,))
        subscribing = Subscribing(form=form, picked=picked_examples(query))
        values = subscribing.values()
        return view.answer("subscribe.html", values, path="/subscribe", headers=NEWS)

    @router.post("/subscribe")
    def subscribe(request: Request, fields: Fields) -> Response:
        subscribing, wishes = _read_subscribing(newsletter, fields)
        if wishes is None:
            status = 422 if subscribing.errors else 200
            return view.page("subscribe.html", subscribing.values(), status=status)
        address = subscribing.address
        return door.mail(
            request,
            fields,
            address,
            send=lambda: newsletter.subscribe(address, wishes),
            done=lambda: view.page("check_inbox.html"),
        )

    @router.api_route("/recover", methods=READ)
    def recover_form() -> Response:
        return view.page("recover.html", {"address": "", "error": None})

    @router.post("/recover")
    def recover(request: Request, fields: Fields) -> Response:
        address = fields.get("address", "").strip()
        try:
            newsletter.check_address(address)
        except AddressError as error:
            values = {"address": address, "error": error}
            return view.page("recover.html", values, status=422)
        return door.mail(
            request,
            fields,
            address,
            send=lambda: newsletter.recover(address),
            done=lambda: view.page("recover_sent.html"),
        )

    return router


def _read_subscribing(
    newsletter: Newsletter, fields: Mapping[str, str]
) -> tuple[Subscribing, Wishes | None]:
    """The form as typed; its wishes when it was sent off and is right, else None."""
    form = read_form(fields, before=NEW_FORM)
    picked = picked_examples(fields)
    address = fields.get("address", "").strip()
    subscribing = Subscribing(address=address, form=form, picked=picked)
    button = fields.get("do", "subscribe")
    if button.startswith("preview-"):
        errors, previews = preview_of(newsletter, form, button)
        return replace(subscribing, errors=errors, previews=previews), None
    if button != "subscribe":
        return replace(subscribing, form=form.pressed(button)), None
    examples = tuple(EXAMPLES[number] for number in picked)  # last: errors name rows by number
    whole = replace(form, topics=(*form.topics, *examples))
    wishes, errors = whole.wishes(today=newsletter.today())
    problems: dict[str, NewsletterError] = {}
    try:
        newsletter.check_address(subscribing.address)
    except AddressError as error:
        problems["address"] = error
    problems |= errors
    shown = form if form.topics else replace(form, topics=NEW_FORM.topics)
    return replace(subscribing, form=shown, errors=problems), None if problems else wishes
