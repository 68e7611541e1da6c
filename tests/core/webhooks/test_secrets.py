"""NEWSLETTER_HOOK_SECRETS: read and written as one line; what is wrong is named, never shown."""

import pytest
from callers import KEY, SENDGRID, TOPIC

from newsletter.core.webhooks.secrets import hook_secrets_text, parse_hook_secrets
from newsletter.errors import SettingsError


def test_one_line_holds_a_secret_for_each_provider():
    line = f"postmark=a,comma in it, and =,ses={TOPIC}, sendgrid={SENDGRID.public},ses={TOPIC}2"

    found = parse_hook_secrets(line)

    assert found == {
        "postmark": ("a,comma in it, and =",),
        "ses": (TOPIC, f"{TOPIC}2"),
        "sendgrid": (SENDGRID.public,),
    }


@pytest.mark.parametrize("line", ["", "  ", f"mailgun={KEY}", f"ses={TOPIC},ses={TOPIC}2"])
def test_what_is_written_again_is_read_alike(line):
    found = parse_hook_secrets(line)

    assert parse_hook_secrets(hook_secrets_text(found)) == found


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("other=a-secret-that-is-long", "names 'other'"),
        ("a-secret-that-is-my-topic", "no provider"),
        (f"mailgun={KEY},mailgum={KEY}", "'mailgum'"),
        ("mailgun=short-secret", "at least 16"),
        ("postmark=", "at least 16"),
        ("ses=my-topic-of-reports", "ARN"),
        ("sendgrid=not base64 at all", "verification key"),
        ("sendgrid=" + SENDGRID.public[:-8], "verification key"),
        (f"mailgun={KEY},,", ""),
    ],
)
def test_a_wrong_secret_is_named_and_not_shown(line, said):
    if not said:
        assert parse_hook_secrets(line)
        return
    with pytest.raises(SettingsError, match=said) as caught:
        parse_hook_secrets(line)

    assert "NEWSLETTER_HOOK_SECRETS" in str(caught.value)
    assert "short-secret" not in str(caught.value)
    assert "my-topic" not in str(caught.value)
