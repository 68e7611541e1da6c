"""A digest on the web: what "Read on the web" and "N more on the web" lead to.

Whoever has the link may look; the page holds nothing that acts for its reader, so that a mail or
this page can be passed on.
"""

import base64
import hashlib
import re

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from newsletter.app import Newsletter
from newsletter.errors import LinkError, NotFound
from newsletter.web.link_pages import PRIVATE
from newsletter.web.view import READ

_COMMENT = re.compile("<!--.*?-->", re.DOTALL)  # style for Outlook stands in comments
_STYLE = re.compile("<style>(.*?)</style>", re.DOTALL)


def digest_router(newsletter: Newsletter) -> APIRouter:
    """The one route. Raises LinkError, which the bad-link page answers."""
    router = APIRouter(include_in_schema=False, default_response_class=Response)

    @router.api_route("/view/{token}", methods=READ)
    def digest(token: str) -> Response:
        try:
            html = newsletter.digest_page(token)
        except NotFound as gone:
            raise LinkError(
                "This digest is not kept any more: its papers are in the archive."
            ) from gone
        return HTMLResponse(html, headers=PRIVATE | {"Content-Security-Policy": policy_for(html)})

    return router


def policy_for(html: str) -> str:
    """What the page may load: nothing but the style it holds, told by its hash.

    An inlined mail has style on every tag, which no hash can name: it may stand, as it can neither
    run nor fetch anything. Browsers that do not know the two halves of style-src take the whole.
    """
    styles = _STYLE.findall(_COMMENT.sub("", html))
    hashes = " ".join(f"'sha256-{_digest(style)}'" for style in styles)
    return (
        "default-src 'none'; style-src 'unsafe-inline'; style-src-attr 'unsafe-inline'; "
        f"style-src-elem {hashes}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
