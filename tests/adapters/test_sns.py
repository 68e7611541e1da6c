"""What is asked of Amazon itself: a certificate once, and a confirmation."""

import http.server
import threading

import pytest

from newsletter.adapters.hooks import HttpSns
from newsletter.adapters.http import Http, Limits
from newsletter.errors import SourceUnavailable

PEM = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.fixture
def amazon():
    """A server of this machine that notes what it is asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = PEM if self.path.endswith("good.pem") else b"<html>no</html>"
            self.send_response(404 if "gone" in self.path else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_): ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.fixture
def sns():
    http = Http(limits=Limits(tries=1))
    yield HttpSns(http)
    http.close()


def test_a_certificate_is_asked_for_once(sns, amazon):
    base, asked = amazon

    assert sns.certificate(f"{base}/good.pem") == sns.certificate(f"{base}/good.pem") == PEM
    assert asked == ["/good.pem"]


@pytest.mark.parametrize("path", ["/other.pem", "/gone.pem"])
def test_what_is_no_certificate_is_not_kept(sns, amazon, path):
    base, asked = amazon

    for _ in range(2):
        with pytest.raises(SourceUnavailable):
            sns.certificate(base + path)
    assert asked == [path, path]


def test_a_confirmation_is_one_question(sns, amazon):
    base, asked = amazon

    sns.confirm(f"{base}/?Action=ConfirmSubscription&Token=t")

    assert asked == ["/?Action=ConfirmSubscription&Token=t"]
