"""The name of each setting, its default, and what it is for."""

PREFIX = "NEWSLETTER_"

# name → (default, what it is for); the README's table is held against this one by a test
MEANINGS: dict[str, tuple[str, str]] = {
    "DATABASE_URL": ("SQLite in the data folder", "where everything is stored"),
    "REDIS_URL": ("an embedded server while `newsletter up` runs", "broker and dedup cache"),
    "SMTP_URL": (
        "a local inbox while `newsletter up` runs",
        "the relay that takes the mail; several by comma",
    ),
    "REPORTS_URL": ("none", "mailboxes that bounces and complaints come to, several by comma"),
    "BASE_URL": ("http://127.0.0.1:8000", "where readers reach the pages; links begin with it"),
    "FROM": ("Daily Papers <papers@newsletter.localhost>", "the sender that readers see"),
    "SECRET_KEYS": ("made once, in the data folder", "sign links; several by comma, newest first"),
    "SOURCES": ("huggingface", "where papers come from, several by comma"),
    "HUGGINGFACE_URL": ("https://huggingface.co", "base address of the Daily Papers API"),
    "ARXIV_URL": ("arXiv's own hosts", "one base address for arXiv's API and feeds"),
    "TEMPLATES_DIR": ("the ones in the package", "a folder with your own templates"),
    "DATA_DIR": ("~/.local/share/newsletter", "where the embedded parts keep their files"),
    "POSTAL_ADDRESS": ("none", "printed at the foot of each mail; many countries ask for it"),
    "HOOK_SECRETS": (
        "none",
        "what proves the calls of mail providers: postmark=…,mailgun=…,sendgrid=…,ses=…",
    ),
    "TRUSTED_PROXIES": (
        "none",
        "addresses or networks of your proxies, by comma: only their X-Forwarded-For is believed",
    ),
    "FORM_SECONDS": ("1", "a form that is sent sooner has to be sent once more; 0 for never"),
    "PROOF_OF_WORK": ("off", "`on`: forms that send a mail cost the browser a second, as ALTCHA"),
    "DISPOSABLE_DOMAINS": ("none", "a file of mail domains, one a line, that nobody may type"),
}
