"""The obvious way to make a reader's message: templates, inliner and EmailMessage, for each anew.

It is what `bench render` measures against, and what the tests hold our own way to: the same
headers, and the same html and text to the byte. Nothing of it is kept from one reader to the next
but the compiled templates.
"""

from collections.abc import Mapping
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from jinja2 import BaseLoader, Environment, StrictUndefined

from newsletter.bench.plain_mail import PlainMail
from newsletter.core.delivery.states import Kind
from newsletter.core.mail import wording
from newsletter.core.mail.links import Letterhead, links_of
from newsletter.core.mail.mails import Links, Rendered
from newsletter.core.mail.press import Order
from newsletter.core.papers import Paper


class PlainWay:
    """Makes one message after another. templates: a Jinja2 loader of the mails."""

    def __init__(self, templates: BaseLoader, letterhead: Letterhead) -> None:
        self._letterhead = letterhead
        self._environment = Environment(
            loader=templates,
            autoescape=_is_html,  # noqa: S701 - it is on, for html
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,  # as in our own way: a run takes minutes, and somebody may edit
        )
        self._environment.filters["wrap"] = lambda text, at=0: wording.wrap(text, indent=at)
        self._environment.filters["hang"] = lambda text, at: wording.wrap(text, indent=at)[at:]

    def message(self, one: Order, papers: Mapping[str, Paper]) -> EmailMessage:
        """The message of one delivery. papers: by id; those that are gone are passed over."""
        letterhead = self._letterhead
        links = links_of(
            letterhead,
            one.subscriber_id,
            confirm_at=one.planned_at if one.kind is Kind.CONFIRM else None,
            edition=one.edition if one.kind is Kind.DIGEST else None,
            change=(one.planned_at, one.id) if one.kind is Kind.CHANGE else None,
        )
        mail = self.rendered(one, papers, links)
        message = EmailMessage(policy=SMTP)
        message["MIME-Version"] = "1.0"
        message["From"] = letterhead.sender
        message["Auto-Submitted"] = "auto-generated"
        message["Feedback-ID"] = f"{one.edition.isoformat()}:{one.kind}:{letterhead.domain}"
        if one.kind is Kind.DIGEST:
            message["List-Id"] = letterhead.list_id
            message["Precedence"] = "bulk"
        message["To"] = one.address
        # the text itself would be taken for encoded words wherever it looks like some
        message["Subject"] = Header(mail.subject, "utf-8").encode(linesep="", maxlinelen=10**6)
        message["Date"] = format_datetime(one.planned_at)
        message["Message-ID"] = one.message_id
        if one.kind is Kind.DIGEST:
            ways = (links.unsubscribe, links.unsubscribe_mailto)
            message["List-Unsubscribe"] = ", ".join(f"<{way}>" for way in ways)
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            message["List-Help"] = f"<{links.help}>"
            message["List-Archive"] = f"<{links.archive}>"
        message.set_content(mail.text, cte="quoted-printable")
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
        return message

    def rendered(self, one: Order, papers: Mapping[str, Paper], links: Links) -> Rendered:
        """The same before it is a message, with these links."""
        mail = PlainMail(self._environment, one, papers, links, self._letterhead)
        forms = mail.forms()
        return Rendered(subject=mail.subject(), html=mail.html(forms), text=mail.text(forms))


def _is_html(name: str | None) -> bool:
    return name is not None and name.endswith(".html.j2")
