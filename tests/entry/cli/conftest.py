"""What the commands' tests share: running one, and the places in which it finds itself."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from builders import Clock, MemorySource, a_newsletter, a_paper, add_reader, settings_for
from bundled_day import DAY, DEMO_DAY
from ledger_day import NOW, OUTCOMES, SENT

from newsletter.adapters.smtp import MemoryTransport
from newsletter.cli.root import run

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def newsletter(capsys) -> Command:
    """Run a command in this process: its exit code, stdout and stderr."""

    def command(*words: object) -> tuple[int, str, str]:
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def bundled_day(monkeypatch, tmp_path) -> None:
    """An empty data folder, whose source is the day that comes with the program."""
    monkeypatch.setenv("NEWSLETTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("NEWSLETTER_SOURCES", f"folder:{DEMO_DAY}")
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def by_relay(bundled_day, monkeypatch, smtp_sink) -> None:
    """The same, with a real relay."""
    monkeypatch.setenv("NEWSLETTER_SMTP_URL", smtp_sink.url)
    monkeypatch.setenv("NEWSLETTER_FROM", "Papers <papers@example.org>")
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def ada(by_relay, newsletter) -> str:
    code, _, err = newsletter("subscribers", "add", "ada@example.org", "--topic", "Agents=agent*")
    assert code == 0, err
    return "ada@example.org"


@pytest.fixture
def mailed(newsletter, ada) -> str:
    """Ada, who has her digest of the day."""
    code, _, err = newsletter("run", "--date", DAY, "--everyone")
    assert code == 0, err
    return ada


@pytest.fixture
def service(tmp_path, monkeypatch):
    """Ada has her digest of the ledger's day, Bob's waits for another try, Eve's was refused."""
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", f"sqlite:///{tmp_path / 'newsletter.db'}")
    monkeypatch.setenv("NEWSLETTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWSLETTER_SOURCES", f"folder:{tmp_path}")
    monkeypatch.setenv("COLUMNS", "80")
    made = a_newsletter(
        tmp_path,
        sources=(MemorySource({NOW.date(): [a_paper(1, featured_on=NOW.date())]}),),
        clock=Clock(datetime.now(UTC)),  # not NOW: where tests take long, Bob's wait is over
        settings=settings_for(tmp_path),
        transport=MemoryTransport(lambda letter: OUTCOMES.get(letter.recipient, SENT)),
    )
    for name in ("ada", "bob", "eve"):
        add_reader(made, name)
    made.run(NOW.date(), everyone=True)
    yield made
    made.close()
