"""What mail providers tell by a call, each in its own words, read into records."""

from newsletter.core.webhooks.amazon import SnsMessage, parse_sns, read_amazon
from newsletter.core.webhooks.arriving import arrival_of, token_arrival
from newsletter.core.webhooks.fields import parse_json
from newsletter.core.webhooks.mailgun import MailgunSeal, mailgun_seal, read_mailgun
from newsletter.core.webhooks.postmark import read_postmark
from newsletter.core.webhooks.sendgrid import read_sendgrid
from newsletter.core.webhooks.values import Call, Event, Provider

__all__ = [
    "Call",
    "Event",
    "MailgunSeal",
    "Provider",
    "SnsMessage",
    "arrival_of",
    "mailgun_seal",
    "parse_json",
    "parse_sns",
    "read_amazon",
    "read_mailgun",
    "read_postmark",
    "read_sendgrid",
    "token_arrival",
]
