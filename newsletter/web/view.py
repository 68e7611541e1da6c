"""Templates of the pages and the files they need, read once."""

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from newsletter.adapters.templates import template_dirs, template_loader
from newsletter.core.mail.rendering import Brand
from newsletter.core.mail.wording import counted, day_in_words
from newsletter.errors import AddressError
from newsletter.web.answers import Answer

READ = ["GET", "HEAD"]
NEWS = {"Cache-Control": "public, max-age=60"}
HTML = "text/html; charset=utf-8"
LONG = "public, max-age=31536000, immutable"
SHORT = "public, max-age=600"
_CODE = re.compile("`([^`]+)`")


class View:
    """Renders pages. `environment` also serves those who bring pages of their own."""

    def __init__(self, setting: Path | None, *, brand: Brand) -> None:
        self.files = _static_files(template_dirs(setting, "web"))
        version = hashlib.sha256("".join(one.etag for one in self.files.values()).encode())
        self.site = brand.base_url.rstrip("/")
        self.root = root = urlsplit(self.site).path
        # Not select_autoescape: every one of these is a page, whatever its file is called.
        self.environment = Environment(
            loader=template_loader(setting, "web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.environment.filters |= {
            "sentence": sentence,
            "in_words": day_in_words,
            "short_day": short_day,
        }
        self.environment.globals |= {
            "brand": brand.name,
            "postal_address": brand.postal_address,
            "site": self.site,
            "root": root,
            "static_root": f"{root}/static",
            "static_version": f"?v={version.hexdigest()[:12]}",
            "counted": counted,
        }

    def page(
        self,
        template: str,
        values: Mapping[str, object] | None = None,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A whole page. headers: beside those that every answer gets."""
        html = self.environment.get_template(template).render(values or {})
        return HTMLResponse(html, status_code=status, headers=dict(headers or {}))

    def answer(
        self,
        template: str,
        values: Mapping[str, object] | None = None,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        path: str = "",
    ) -> Answer:
        """A page that is alike for everybody. path: the one address of what it shows, if it has."""
        canonical = {"canonical": f"{self.site}{path}"} if path else {}
        html = self.environment.get_template(template).render({**(values or {}), **canonical})
        return Answer.of(html.encode(), HTML, status=status, headers=headers)

    def file(self, name: str, request: Request) -> Response | None:
        """A file beside the pages; None when there is no such file.

        An address with today's version may be kept for good: a change has another address.
        """
        found = self.files.get(name)
        if found is None:
            return None
        is_versioned = f"?{request.url.query}" == self.environment.globals["static_version"]
        return found.to(request, **{"Cache-Control": LONG if is_versioned else SHORT})


def sentence(words: object) -> Markup:
    """An error's words as a sentence: a capital first, a full stop last, `code` set as code.

    An address keeps its first letter as it was typed.
    """
    text = str(words).strip()
    if not isinstance(words, AddressError):
        text = text[:1].upper() + text[1:]
    if text and not text.endswith((".", "?", "!", "…")):
        text += "."
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def short_day(day: date) -> str:
    """ "18 June"."""
    return " ".join(day_in_words(day).split(" ")[1:3])


def _static_files(folders: tuple[Path, ...]) -> dict[str, Answer]:
    """All files by name; those of the first folder count."""
    files: dict[str, Answer] = {}
    for folder in reversed(folders):
        for path in sorted((folder / "static").glob("*")):
            if path.is_file():
                kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
                files[path.name] = Answer.of(path.read_bytes(), kind)
    return files
