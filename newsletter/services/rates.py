"""Bounces and complaints as shares of what was sent."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from newsletter.adapters.store import rates as store
from newsletter.adapters.store import tallies
from newsletter.core.breaker import REFUSED
from newsletter.core.delivery import State
from newsletter.core.rates import Rate, Rates
from newsletter.core.reports import Kind
from newsletter.core.results import EditionView

_FIELDS = {Kind.HARD: "hard", Kind.SOFT: "soft", Kind.COMPLAINT: "complaints"}


def of_editions(session: Session, editions: Sequence[EditionView]) -> tuple[Rate, ...]:
    """One for each edition, in the same order."""
    found = store.reported_by_edition(session, [one.id for one in editions])
    return tuple(
        _counted(
            Rate(name=one.edition.isoformat(), sent=one.counts.get(State.SENT, 0)),
            found.get(one.id, ()),
        )
        for one in editions
    )


def rates(session: Session, editions: Sequence[EditionView], *, now: datetime) -> Rates:
    """By edition, and by domain for all of these together."""
    sent: dict[str, int] = {}
    for one in editions:
        for each in tallies.by_domain(session, one.id, now=now):
            sent[each.domain] = sent.get(each.domain, 0) + each.tally.of(State.SENT)
    found = store.reported_by_domain(session, [one.id for one in editions])
    domains = (
        _counted(Rate(name=name, sent=number), found.get(name, ())) for name, number in sent.items()
    )
    return Rates(
        editions=of_editions(session, editions),
        domains=tuple(
            sorted(domains, key=lambda one: (-one.complaints, -one.hard - one.soft, -one.sent))
        ),
    )


def _counted(rate: Rate, reported: Iterable[tuple[Kind, str, int]]) -> Rate:
    for kind, cause, count in reported:
        rate = replace(rate, **{_FIELDS[kind]: getattr(rate, _FIELDS[kind]) + count})
        if kind is Kind.SOFT and cause in REFUSED:
            rate = replace(rate, refused=rate.refused + count)
    return rate
