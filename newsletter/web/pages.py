"""Pages for everybody: landing, subscribe, recover, archive. No GET or HEAD changes anything."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException as AnyHTTPException

from newsletter.app import Newsletter
from newsletter.core.addresses import parse_address
from newsletter.core.subscribers import Wishes
from newsletter.errors import AddressError, NewsletterError
from newsletter.web.cards import cards_of
from newsletter.web.forms import EXAMPLES, TopicField, WishesForm, read_form
from newsletter.web.previews import preview_of
from newsletter.web.shield import is_from_here
from newsletter.web.view import View
from newsletter.web.widgets import choices

log = logging.getLogger(__name__)

READ = ["GET", "HEAD"]
LANDING_PAPERS = 10
ARCHIVE_DAYS = 120
NEWS = {"Cache-Control": "public, max-age=60"}
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
    """The subscribe form as it stands."""

    address: str = ""
    form: WishesForm = NEW_FORM
    errors: Mapping[str, NewsletterError] = field(default_factory=dict)
    previews: Mapping[int, object] = field(default_factory=dict)

    def values(self) -> dict[str, object]:
        return {
            "address": self.address,
            "form": self.form,
            "errors": self.errors,
            "previews": self.previews,
            "examples": EXAMPLES,
            **choices(),
        }


def public_router(newsletter: Newsletter, view: View) -> APIRouter:
    """Routes that need no link."""
    router = APIRouter(include_in_schema=False, default_response_class=Response)

    @router.api_route("/", methods=READ)
    def landing() -> Response:
        days = newsletter.paper_days(limit=1)
        values: dict[str, object] = Subscribing().values()
        values |= {"day": None, "cards": [], "total": 0}
        if days:
            day, total = days[0]
            papers = newsletter.papers(day)[:LANDING_PAPERS]
            values |= {"day": day, "cards": cards_of(papers), "total": total}
        return view.page("landing.html", values, headers=NEWS)

    @router.api_route("/subscribe", methods=READ)
    def subscribe_form() -> Response:
        return view.page("subscribe.html", Subscribing().values(), headers=NEWS)

    @router.post("/subscribe")
    def subscribe(request: Request, fields: Fields) -> Response:
        _check_origin(request, newsletter)
        if fields.get("website"):  # a person does not see this field
            log.info("trap_sprung page=subscribe")
            return view.page("check_inbox.html")
        subscribing, wishes = _read_subscribing(newsletter, fields)
        if wishes is None:
            status = 422 if subscribing.errors else 200
            return view.page("subscribe.html", subscribing.values(), status=status)
        newsletter.subscribe(subscribing.address, wishes)
        return view.page("check_inbox.html")

    @router.api_route("/recover", methods=READ)
    def recover_form() -> Response:
        return view.page("recover.html", {"address": "", "error": None})

    @router.post("/recover")
    def recover(request: Request, fields: Fields) -> Response:
        _check_origin(request, newsletter)
        address = fields.get("address", "").strip()
        try:
            newsletter.recover(address)
        except AddressError as error:
            values = {"address": address, "error": error}
            return view.page("recover.html", values, status=422)
        return view.page("recover_sent.html")

    @router.api_route("/archive", methods=READ)
    def archive() -> Response:
        days = newsletter.paper_days(limit=ARCHIVE_DAYS)
        return view.page("archive.html", {"days": days}, headers=NEWS)

    @router.api_route("/papers/{day}", methods=READ)
    def papers(day: str) -> Response:
        found = _day(day)
        cards = cards_of(newsletter.papers(found)) if found else []
        if not cards:
            raise HTTPException(404, "No papers are kept for that day: see the archive.")
        return view.page("papers.html", {"day": found, "cards": cards}, headers=NEWS)

    return router


def _read_subscribing(
    newsletter: Newsletter, fields: Mapping[str, str]
) -> tuple[Subscribing, Wishes | None]:
    """The form as typed; its wishes when it was sent off and is right, else None."""
    form = read_form(fields, before=NEW_FORM)
    subscribing = Subscribing(address=fields.get("address", "").strip(), form=form)
    button = fields.get("do", "subscribe")
    if button.startswith("example-"):
        number = button.removeprefix("example-")
        for example in EXAMPLES[int(number) : int(number) + 1] if number.isdecimal() else ():
            subscribing = replace(subscribing, form=form.with_topic(example))
        return subscribing, None
    if button.startswith("preview-"):
        errors, previews = preview_of(newsletter, form, button)
        return replace(subscribing, errors=errors, previews=previews), None
    if button != "subscribe":
        return replace(subscribing, form=form.pressed(button)), None
    wishes, errors = form.wishes(today=newsletter.today())
    problems: dict[str, NewsletterError] = {}
    try:
        parse_address(subscribing.address)
    except AddressError as error:
        problems["address"] = error
    problems |= errors
    shown = form if form.topics else NEW_FORM
    return replace(subscribing, form=shown, errors=problems), None if problems else wishes


def _check_origin(request: Request, newsletter: Newsletter) -> None:
    if not is_from_here(request, newsletter.settings.base_url):
        raise HTTPException(403, "For your safety, forms are taken from our own pages only.")


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None
