"""Settings: from the environment or from files, and one sentence for each mistake."""

import stat

import pytest

from newsletter.errors import SettingsError
from newsletter.settings import as_environment, is_loopback, read_settings

KEY = "a-key-of-more-than-sixteen"


def read(tmp_path, **values):
    names = {f"NEWSLETTER_{name}": value for name, value in values.items()}
    return read_settings({"NEWSLETTER_DATA_DIR": str(tmp_path), **names})


def test_nothing_needs_to_be_set(tmp_path):
    settings = read_settings({"XDG_DATA_HOME": str(tmp_path)})

    assert settings.database_url == f"sqlite:///{tmp_path}/newsletter/newsletter.db"
    assert settings.sources == "huggingface"


def test_the_signing_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first, second = read(tmp_path), read(tmp_path)

    assert first.secret_keys == second.secret_keys
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_a_secret_is_read_from_its_file(tmp_path):
    (tmp_path / "smtp").write_text("smtp://me:secret@relay.example.org:587\n")

    settings = read(tmp_path, SMTP_URL_FILE=str(tmp_path / "smtp"))

    assert settings.smtp_url == "smtp://me:secret@relay.example.org:587"


def test_settings_never_show_their_passwords(tmp_path):
    settings = read(tmp_path, SMTP_URL="smtp://me:hunter22@relay.example.org")

    assert "hunter22" not in repr(settings)


def test_settings_survive_the_way_to_a_child_process(tmp_path):
    settings = read(tmp_path, SECRET_KEYS=f"{KEY},{KEY}2", POSTAL_ADDRESS="1 Main Street")

    assert read_settings(as_environment(settings)) == settings


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_postgresql_address_gets_the_driver_that_is_shipped(tmp_path, scheme):
    settings = read(tmp_path, DATABASE_URL=f"{scheme}://u:p@db/papers", SECRET_KEYS=KEY)

    assert settings.database_url == "postgresql+psycopg://u:p@db/papers"


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"DATABASE_URL": "mysql://db/papers"}, ["NEWSLETTER_DATABASE_URL", "'mysql'", "sqlite"]),
        ({"DATABASE_URL": "postgresql://db/x"}, ["NEWSLETTER_SECRET_KEYS", "same key"]),
        ({"REDIS_URL": "localhost:6379"}, ["NEWSLETTER_REDIS_URL", "redis://"]),
        ({"SMTP_URL": "mail.example.org"}, ["NEWSLETTER_SMTP_URL", "smtp://"]),
        ({"SMTP_URL": "smtp://host:99999"}, ["NEWSLETTER_SMTP_URL", "smtp://"]),
        ({"BASE_URL": "papers.example.org"}, ["NEWSLETTER_BASE_URL", "https://"]),
        ({"FROM": "nobody"}, ["NEWSLETTER_FROM", "'nobody'", "papers@example.org"]),
        ({"FROM": "a@b.org\nBcc: c@d.org"}, ["NEWSLETTER_FROM"]),
        ({"SECRET_KEYS": "short"}, ["NEWSLETTER_SECRET_KEYS", "16"]),
        ({"TEMPLATES_DIR": "/no/such/folder"}, ["NEWSLETTER_TEMPLATES_DIR", "no such folder"]),
        ({"SMTP_URL_FILE": "/no/such/file"}, ["NEWSLETTER_SMTP_URL_FILE", "cannot be read"]),
        (
            {"SMTP_URL": "smtp://a", "SMTP_URL_FILE": "/b"},
            ["NEWSLETTER_SMTP_URL", "both", "keep one"],
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(tmp_path, values, names):
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, **values)

    assert all(name in str(caught.value) for name in names)
    assert "hunter22" not in str(caught.value)


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(SettingsError, match="NEWSLETTER_DATA_DIR"):
        read_settings({"NEWSLETTER_DATA_DIR": str(tmp_path / "file" / "data")})


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("smtp://127.0.0.1:25", True),
        ("smtp://[::1]:25", True),
        ("http://localhost:8000", True),
        ("smtp://mail.example.org", False),
        ("smtp://10.0.0.1", False),
    ],
)
def test_only_this_machine_is_loopback(url, is_local):
    assert is_loopback(url) is is_local


def test_several_relays_are_parted_by_commas_and_a_password_may_hold_one(tmp_path):
    settings = read(tmp_path, SMTP_URL="smtp://me:a,b@one.example.org?weight=2, smtp://two:25")

    assert settings.relay_urls == ("smtp://me:a,b@one.example.org?weight=2", "smtp://two:25")


def test_each_of_several_relays_must_be_one(tmp_path):
    with pytest.raises(SettingsError, match="several are parted by commas"):
        read(tmp_path, SMTP_URL="smtp://one.example.org,http://two.example.org")


def test_without_a_relay_there_is_none(tmp_path):
    assert read(tmp_path).relay_urls == ()
