"""The real program in a hurry: its hour has two minutes. Its workers: hasty_workers.py.

Leases, waits, sweeps and patience are minutes, which no test can sit out. So here, and nowhere in
the program, the service's clock runs SPEED times as fast, and what it measures in true seconds is
divided by SPEED. Everything else is the program's own.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsletter.adapters.smtp import SmtpTransport, parse_smtp_url
from newsletter.adapters.smtp.wire import Patience
from newsletter.adapters.store import Store
from newsletter.app import Newsletter
from newsletter.settings import Settings

SPEED = int(os.environ.get("HASTY_SPEED") or 30)
BEGAN, JUMP, POISON = "HASTY_BEGAN", "HASTY_JUMP", "HASTY_POISON"


def clock() -> datetime:
    """The service's time. BEGAN: when it began to run fast. JUMP: a file with seconds to add."""
    now = time.time()
    began = float(os.environ.get(BEGAN, now))
    jump = os.environ.get(JUMP)
    ahead = float(Path(jump).read_text()) if jump else 0.0
    return datetime.fromtimestamp(began + ahead + (now - began) * SPEED, UTC)


def hurried(span: timedelta) -> float:
    """The true seconds that such a span of the service's time takes."""
    return span.total_seconds() / SPEED


class Hasty(Newsletter):
    """The service by the fast clock."""

    speed = 1

    def __init__(self, settings: Settings, *, store: Store | None = None, **parts) -> None:
        if store is not None:
            store.close()  # it goes by the true clock
        store = Store(settings.database_url, clock=clock)
        super().__init__(settings, store=store, clock=clock, **parts)
        if settings.smtp_url and "transport" not in parts:
            self.parts.__dict__["transport"] = _transport(settings, self.parts.flow)

    def look_around(self, **values) -> None:
        self.speed = SPEED  # the sweeper has a service of its own
        super().look_around(**values)

    def send_waiting(self, *, seconds=None, **values) -> int:
        return super().send_waiting(seconds=seconds and seconds / self.speed, **values)


class _Poisoned(SmtpTransport):
    """Takes its process down with it when it meets the message to this reader."""

    def send_many(self, letters, *, accepted):
        if any(letter.recipient == os.environ[POISON] for letter in letters):
            os.abort()
        return super().send_many(letters, accepted=accepted)


def _transport(settings: Settings, flow) -> SmtpTransport:
    usual = Patience()
    patience = Patience(
        **{name: getattr(usual, name) / SPEED for name in Patience.__dataclass_fields__}
    )
    kind = _Poisoned if POISON in os.environ else SmtpTransport
    return kind(
        [parse_smtp_url(url) for url in settings.relay_urls],
        flow=flow,
        hello=settings.sending_domain,
        patience=patience,
        start_seconds=60 / SPEED,
        end_seconds=360 / SPEED,
    )
