"""A proof of work opens the door once."""

import base64
import hashlib
import json

import pytest
from builders import Clock, a_newsletter, settings_for
from fastapi.testclient import TestClient

from newsletter.adapters.queue import MemoryQueue
from newsletter.web import create_app
from newsletter.web.shield import Timing

BUSY = Timing(answer_seconds=20.0, even_seconds=0.0)  # a test machine may be


@pytest.fixture
def client(tmp_path):
    settings = settings_for(tmp_path, form_seconds=0, proof_of_work=True)
    with (
        a_newsletter(tmp_path, settings=settings, clock=Clock(), queue=MemoryQueue()) as made,
        TestClient(create_app(made, timing=BUSY), base_url="https://papers.example.org") as client,
    ):
        yield client


def solved(told: dict) -> str:
    """What a browser does."""
    number = next(
        n
        for n in range(told["maxnumber"] + 1)
        if hashlib.sha256(f"{told['salt']}{n}".encode()).hexdigest() == told["challenge"]
    )
    answer = {name: told[name] for name in ("algorithm", "challenge", "salt", "signature")}
    return base64.b64encode(json.dumps(answer | {"number": number}).encode()).decode()


def recover(client, *, address: str, proof: str) -> str:
    return client.post("/recover", data={"address": address, "altcha": proof}).text


def test_a_proof_of_work_sends_one_mail_and_no_second_one(client):
    proof = solved(client.get("/altcha").json())

    first = recover(client, address="ada@example.org", proof=proof)
    again = recover(client, address="bob@example.org", proof=proof)
    another = recover(client, address="bob@example.org", proof=solved(client.get("/altcha").json()))

    assert "One more click" not in first
    assert "One more click" in again
    assert 'value="bob@example.org"' in again
    assert "One more click" not in another
