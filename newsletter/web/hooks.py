"""Where mail providers call. Anybody may, so nothing is believed before it is proved."""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from newsletter.app import Newsletter
from newsletter.core.webhooks.values import Call
from newsletter.errors import NotFound, Refused, Unavailable

log = logging.getLogger(__name__)

WAIT_SECONDS = "60"
MOST_FIELDS, MOST_FILES = 100, 20
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def call_of(request: Request) -> Call:
    """The request as it came, its body whole."""
    body, fields = await request.body(), {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() in FORMS:
        try:
            form = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS)
        except HTTPException as error:
            if error.status_code == 413:
                raise
        else:
            fields = {name: text for name, text in form.multi_items() if isinstance(text, str)}
    return Call(
        body=body,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(request.query_params),
        form=fields,
    )


Called = Annotated[Call, Depends(call_of)]


def hooks_router(newsletter: Newsletter) -> APIRouter:
    """POST /reports/{provider}. The answer tells the provider whether to call again."""
    router = APIRouter(include_in_schema=False, default_response_class=PlainTextResponse)

    @router.post("/reports/{provider}")
    def take_in(provider: str, call: Called) -> Response:
        try:
            taken = newsletter.take_in_call(provider, call)
        except NotFound:
            return PlainTextResponse("no such hook\n", 404)
        except Refused as problem:
            log.warning("hook_refused provider=%s because=%s", provider, problem)
            return PlainTextResponse("refused\n", 403)
        except Unavailable as problem:
            log.warning("hook_waits provider=%s because=%s", provider, problem)
            return PlainTextResponse("call again later\n", 503, {"Retry-After": WAIT_SECONDS})
        return PlainTextResponse(f"{len(taken)} taken in\n")

    return router
