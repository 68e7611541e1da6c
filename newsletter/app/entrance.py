"""What stands before a mail to an address that somebody typed, and whether pages can be served."""

from datetime import timedelta

from newsletter.adapters.store.papers import paper_days
from newsletter.app.service import Service
from newsletter.core.addresses import Address, hash_address, parse_address
from newsletter.core.gate import Knock, Passage, is_disposable, mailbox_of
from newsletter.core.results import Finding
from newsletter.errors import AddressError, NewsletterError

FRESH = timedelta(days=4)  # over a long weekend no papers come


class Entrance(Service):
    """One gate for subscribe, recover, change of address, and whatever mails strangers next."""

    def check_address(self, address: str) -> Address:
        """The address, if it may be typed here. Raises AddressError."""
        found = parse_address(address)
        domain = found.key.rpartition("@")[2]
        if is_disposable(domain, self.parts.disposable_domains):
            raise AddressError(
                f"Addresses of {domain} are thrown away soon: type one that you will keep."
            )
        return found

    def let_in(self, address: str, *, network: str) -> Passage:
        """Whether one more mail may go to this address, by whichever entrance; if so, it counts.

        network: `gate.network_of` the visitor. Raises AddressError, QueueUnavailable.
        """
        key = self.check_address(address).key
        mailbox = hash_address(mailbox_of(key), self.letterhead.hash_secret)
        domain = key.rpartition("@")[2]
        return self.parts.gate.take(Knock(mailbox=mailbox, domain=domain, network=network))

    def spend(self, proof: str) -> bool:
        """Whether this proof of work is good: each counts once. Raises QueueUnavailable."""
        return self.parts.gate.spend(proof)

    def ready(self) -> tuple[Finding, ...]:
        """Whether pages can be served. Papers that grew old are told, and keep nobody out."""
        return (*self._answering(), self._freshness())

    def _answering(self) -> tuple[Finding, ...]:
        looks = {"database": self.store.check_tables, "redis": self.parts.gate.look}
        found = []
        for name, look in looks.items():
            try:
                look()
            except NewsletterError:
                found.append(Finding(name=name, is_ok=False, words="does not answer"))
            else:
                found.append(Finding(name=name, is_ok=True, words="ok"))
        return tuple(found)

    def _freshness(self) -> Finding:
        try:
            with self.store.read() as session:
                days = paper_days(session, limit=1)
        except NewsletterError:
            return Finding(name="papers", is_ok=True, words="unknown")
        if not days:
            return Finding(name="papers", is_ok=True, words="none yet")
        newest = days[0][0]
        age = "fresh" if self.today() - newest <= FRESH else "stale"
        return Finding(name="papers", is_ok=True, words=f"{age}, of {newest}")
