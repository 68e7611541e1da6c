"""The local inbox: mails in a folder as pages, for the demo and for one machine.

It shows signed links of every reader, so it answers only requests made to this machine by a
loopback name: a foreign site whose name was turned to 127.0.0.1 reads nothing.
"""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from newsletter.web import stored_mail
from newsletter.web.stored_mail import Mail

PAGE_SIZE = 100

# Our pages: our own sheet, and a frame of our own for the mail.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A mail is a stranger's document: it may bring its looks and show pictures, and nothing else. Its
# links open in a tab of their own, freed from these limits, so that they work as in a mail reader.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
PLAIN_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

VIEWS = ("html", "text", "source")

_HEAD = re.compile(r"<head(\s[^>]*)?>", re.IGNORECASE)


def inbox_router(folder: Path, templates: Environment) -> APIRouter:
    """The pages /inbox, /inbox/NAME and its parts. folder: may not exist yet, may fill up later.

    templates: finds `base.html`, `inbox.html` and `inbox_message.html`; escapes by itself.
    """
    router = APIRouter(include_in_schema=False, dependencies=[Depends(_by_a_loopback_name)])

    def found(name: str) -> Mail:
        mail = stored_mail.mail(folder, name)
        if mail is None:
            raise HTTPException(404, "There is no such mail in this inbox.")
        return mail

    FoundMail = Annotated[Mail, Depends(found)]  # noqa: N806 - a type

    @router.get("/inbox")
    def inbox(page: Annotated[int, Query(ge=1, le=1_000_000)] = 1) -> Response:
        names = stored_mail.names(folder)
        shown = names[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        mails = [line for name in shown if (line := stored_mail.listed(folder, name))]
        return _page(
            templates,
            "inbox.html",
            mails=mails,
            total=len(names),
            folder=str(folder),
            page=page,
            pages=max(1, -(-len(names) // PAGE_SIZE)),
        )

    @router.get("/inbox/{name}")
    def message(mail: FoundMail, view: str = "", width: str = "") -> Response:
        views = [name for name in VIEWS if name == "source" or getattr(mail, name) is not None]
        return _page(
            templates,
            "inbox_message.html",
            mail=mail,
            views=views,
            view=view if view in views else views[0],
            is_narrow=width == "phone",
        )

    @router.get("/inbox/{name}/html")
    def html(mail: FoundMail) -> Response:
        if mail.html is None:
            raise HTTPException(404, "This mail has no HTML part.")
        return _answer(_opening_apart(mail.html), "text/html", policy=MAIL_POLICY)

    @router.get("/inbox/{name}/text")
    def text(mail: FoundMail) -> Response:
        if mail.text is None:
            raise HTTPException(404, "This mail has no text part.")
        return _answer(mail.text, "text/plain", policy=PLAIN_POLICY)

    @router.get("/inbox/{name}/source")
    def source(mail: FoundMail) -> Response:
        return _answer(mail.source, "text/plain", policy=PLAIN_POLICY)

    return router


def _by_a_loopback_name(request: Request) -> None:
    """Refuse a request whose Host header names anything but this machine (DNS rebinding)."""
    name = request.url.hostname or ""
    if name == "localhost" or name.endswith(".localhost") or _is_loopback(name):
        return
    raise HTTPException(
        421,
        "The inbox is shown to its own machine only: open it as http://127.0.0.1, with the port.",
    )


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _page(templates: Environment, template: str, **values: object) -> Response:
    page = templates.get_template(template).render(**values)
    response = HTMLResponse(page)
    response.headers.update(_headers(PAGE_POLICY))
    return response


def _answer(content: str | bytes, kind: str, *, policy: str) -> Response:
    return Response(content, media_type=f"{kind}; charset=utf-8", headers=_headers(policy))


def _headers(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "SAMEORIGIN",  # for what knows no frame-ancestors, which is narrower
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def _opening_apart(html: str) -> str:
    """The mail's own HTML, its links opening beside the inbox: in the frame no page would work."""
    return _HEAD.sub(lambda head: f'{head[0]}<base target="_blank">', html, count=1)
