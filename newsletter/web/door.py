"""The door before every form that sends a mail to an address somebody typed.

It asks what each form holds beside its own fields, which `door()` puts there: a field that only
programs fill in, a stamp of when the form was shown, and a proof of work where that is switched on.
Then it asks the gate. A visitor may learn that their network or a domain was too busy, and never
anything about the address.
"""

import logging
import math
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from markupsafe import Markup

from newsletter.app import Newsletter
from newsletter.core.gate import Limit, Passage, network_of, visitor_of
from newsletter.core.proof import MOST_TRIES, make_challenge, read_proof
from newsletter.core.stamps import make_stamp, read_stamp
from newsletter.errors import Unavailable
from newsletter.web.shield import make_even
from newsletter.web.view import View

log = logging.getLogger(__name__)

TRAP, STAMP, PROOF = "website", "stamp", "altcha"
AWAY_SECONDS = 120
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}

# What a visitor is asked who has to press the button once more: status, title, words.
ONCE_MORE = {
    "early": (
        200,
        "One more click",
        "We make sure that a person sends this: press the button, and it is done.",
    ),
    "proof": (
        200,
        "One more click",
        "Your browser has to do a small sum first, which keeps out floods of forged requests. "
        "It needs JavaScript for that, here only.",
    ),
    "away": (
        503,
        "Back in a few minutes",
        "Something that this needs does not answer right now. Everything you typed is kept on "
        "this page: press the button in a few minutes.",
    ),
    Limit.NETWORK: (
        429,
        "Too many at once",
        "From your network came more requests than we take in an hour. Everything you typed is "
        "kept on this page: press the button in {minutes}.",
    ),
    Limit.DOMAIN: (
        429,
        "Too many at once",
        "Very many mails to that domain were asked for just now. Everything you typed is kept on "
        "this page: press the button in {minutes}.",
    ),
}


class Door:
    """One for all forms of a site. clock: seconds since 1970."""

    def __init__(
        self, newsletter: Newsletter, view: View, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._newsletter, self._view, self._clock = newsletter, view, clock
        self._settings = newsletter.settings
        self._secrets = newsletter.letterhead.keys.secrets
        view.environment.globals["door"] = self.fields

    def mail(
        self,
        request: Request,
        fields: Mapping[str, str],
        address: str,
        *,
        send: Callable[[], object],
        done: Callable[[], Response],
    ) -> Response:
        """Have the mail sent, if it may be, and answer with `done`; or with what to do first.

        address: one that `check_address` takes. `done` must not depend on what `send` found.
        """
        if fields.get(TRAP):  # a person does not see this field
            log.info("trap_sprung")
            make_even(request)
            return done()
        try:
            why = self._doubts(fields)
            if why:
                return self._once_more(fields, why)
            passage = self._knock(request, address)
            if passage.stopped_by in ONCE_MORE:
                return self._once_more(fields, passage.stopped_by, passage.wait_seconds)
            make_even(request)
            if passage.stopped_by is None:
                send()
        except Unavailable as problem:
            log.warning("door_shut because=%s", type(problem).__name__)
            return self._once_more(fields, "away", AWAY_SECONDS)
        return done()

    def fields(self) -> Markup:
        """What each such form holds beside its own fields."""
        return Markup(  # noqa: S704 - escaped where its template was rendered
            self._view.environment.get_template("_door.html").render(
                stamp=self.stamp(), has_proof=self._settings.proof_of_work
            )
        )

    def stamp(self) -> str:
        """A stamp of now."""
        return make_stamp(self._secrets[0], now=self._clock())

    def router(self) -> APIRouter:
        """Gives out what the browser has to prove, under the name that ALTCHA's widget asks for."""
        router = APIRouter(include_in_schema=False)

        @router.get("/altcha")
        def challenge() -> Response:
            found = make_challenge(
                self._secrets[0],
                salt=secrets.token_hex(12),
                number=secrets.randbelow(MOST_TRIES),
                now=self._clock(),
            )
            return JSONResponse(asdict(found), headers=PRIVATE)

        return router

    def _doubts(self, fields: Mapping[str, str]) -> str:
        """Why the form has to be sent once more; "" where it need not. Raises QueueUnavailable."""
        least, now = self._settings.form_seconds, self._clock()
        if least:
            stamp = read_stamp(fields.get(STAMP, ""), self._secrets)
            if stamp is None or not stamp.is_right(now=now, least=least):
                return "early"
        if self._settings.proof_of_work:
            proof = read_proof(fields.get(PROOF, ""), self._secrets, now=now)
            return "" if proof is not None and self._newsletter.spend(proof) else "proof"
        return ""

    def _knock(self, request: Request, address: str) -> Passage:
        network = network_of(self._visitor(request))
        passage = self._newsletter.let_in(address, network=network)
        if passage.stopped_by is not None:
            log.warning("gate_closed by=%s", passage.stopped_by)
        return passage

    def _visitor(self, request: Request) -> str:
        peer = request.client.host if request.client else ""
        forwarded = request.headers.getlist("x-forwarded-for")
        trusted = self._settings.trusted_proxies
        visitor = visitor_of(peer, forwarded, trusted)
        if forwarded and not trusted:
            log.warning("proxy_unnamed: is it yours? Then name it in NEWSLETTER_TRUSTED_PROXIES.")
        return visitor

    def _once_more(self, fields: Mapping[str, str], why: str, wait_seconds: float = 0) -> Response:
        """A page that keeps everything that was typed, under a button that sends it again."""
        status, title, words = ONCE_MORE[why]
        minutes = max(math.ceil(wait_seconds / 60), 1)
        kept = [pair for pair in fields.items() if pair[0] not in (TRAP, STAMP, PROOF)]
        values = {
            "title": title,
            "words": words.format(minutes="a minute" if minutes == 1 else f"{minutes} minutes"),
            "kept": kept,
            "stamp": self._stamp_again(fields),
            "has_proof": self._settings.proof_of_work,
        }
        headers = dict(PRIVATE)
        if status != 200:
            headers["Retry-After"] = str(math.ceil(wait_seconds))
        return self._view.page("once_more.html", values, status=status, headers=headers)

    def _stamp_again(self, fields: Mapping[str, str]) -> str:
        """The form's own stamp, as long as it is a good one: it may only have come too early."""
        given = fields.get(STAMP, "")
        stamp = read_stamp(given, self._secrets)
        is_good = stamp is not None and stamp.is_right(now=self._clock(), least=0)
        return given if is_good else self.stamp()
