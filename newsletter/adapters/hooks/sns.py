"""What must be asked of Amazon SNS itself: its certificates, and to begin to call."""

from newsletter.adapters.http import Http, Manners

MOST_CERTIFICATES = 16  # SNS has one a region, and a new one every year or so

_CERTIFICATE = Manners(
    source="sns certificate", is_whole=lambda body: b"-----END CERTIFICATE-----" in body
)
_CONFIRM = Manners(source="sns subscription")


class HttpSns:
    """Asks over HTTPS. Whoever calls it has looked where the addresses lead."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._certificates: dict[str, bytes] = {}

    def certificate(self, url: str) -> bytes:
        """The certificate in PEM, asked for once. Raises SourceUnavailable."""
        found = self._certificates.get(url)
        if found is None:
            found = self._http.get(url, _CERTIFICATE).body
            if len(self._certificates) >= MOST_CERTIFICATES:
                self._certificates.clear()
            self._certificates[url] = found
        return found

    def confirm(self, url: str) -> None:
        """Agree to be called for a topic. Raises SourceUnavailable."""
        self._http.get(url, _CONFIRM)
