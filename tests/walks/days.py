"""The days of the daily run's walks, and who was mailed on them."""

from datetime import date, timedelta

TODAY = date(2026, 6, 15)
TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)


def sent_to(newsletter) -> list[str]:
    return sorted(letter.recipient for letter in newsletter.parts.transport.sent)
