"""Letters for tests of handing over, and what became of them."""

from newsletter.adapters.smtp import Patience
from newsletter.core.delivery.states import Outcome, Result
from newsletter.core.ports import Letter

CONTENT = b"Subject: papers\r\n\r\nThree new papers.\r\n"
SHORT = Patience(connect=2, greeting=0.3, command=0.3, data=0.3, block=0.3, noop=0.3, dot=0.3)


def a_letter(number: int = 1, **changes) -> Letter:
    fields = {
        "delivery_id": number,
        "epoch": 1,
        "return_path": "b+1@news.example.org",
        "recipient": f"reader{number}@example.org",
        "parts": [changes.pop("content", CONTENT)],
    }
    return Letter(**(fields | changes))


def letters(count: int, **changes) -> list[Letter]:
    return [a_letter(number, **changes) for number in range(count)]


def send(transport, batch: list[Letter]) -> dict[str, Outcome]:
    """Recipient → outcome; sees that each letter is reported once, and noted if it was sent."""
    noted: list[Letter] = []
    reported = []
    for letter, outcome in transport.send_many(batch, accepted=noted.extend):
        assert (letter in noted) == (outcome.result is Result.SENT), "noted before reported"
        reported.append((letter, outcome))
    assert sorted(letter.delivery_id for letter, _ in reported) == sorted(
        letter.delivery_id for letter in batch
    )
    return {letter.recipient: outcome for letter, outcome in reported}


def results(outcomes: dict[str, Outcome]) -> list[Result]:
    return [outcome.result for outcome in outcomes.values()]


def sent_alone(transport, **changes) -> Outcome:
    (outcome,) = send(transport, [a_letter(**changes)]).values()
    return outcome
