"""Mail that a machine wrote for a person: vacation, receipts, reports on authentication."""

import re

from newsletter.core.reports import dialects
from newsletter.core.reports.mime import Headers, Part

# The words that such mail has in its subject, in the languages readers write in.
_SUBJECTS = re.compile(
    r"^\s*(?:(?:re|aw|sv|tr|fw|fwd|res|antw?)\s*:\s*)*"
    r"(?:auto(?:mat\w*)?[- ]?(?:re(?:ply|sponse|sponder|spuesta)|antwort|svar|risposta|r[ée]ponse)"
    r"|automatic(?:al|ally)? (?:reply|response|generated)|out of (?:the )?office|ooo\b|vacation\b"
    r"|on (?:vacation|leave|holiday)|away from|i am (?:away|out)|abwesen|automatische antwort"
    r"|r[ée]ponse automatique|absence|absent|respuesta autom|fuera de (?:la )?oficina"
    r"|risposta autom"
    r"|fuori (?:sede|ufficio)|resposta autom|fora do escrit|automatisch antwoord|afwezig|autosvar"
    r"|automatiskt svar|frånvaro|fravær|poissa|automaattinen|automatyczna odpowied|nieobecno"
    r"|автоответ|автоматический ответ|нет на месте"
    r"|自動(?:応答|返信)|不在|自动(?:回复|答复)|自動回覆"
    r"|外出|자동 ?(?:회신|응답)|read:|not read:|gelesen:|lu ?:|leído:|letto:|thank you for (?:your"
    r"|contacting)|we have received|your (?:e-?mail|message) (?:has been|was) received|ticket\b"
    r"|\[ticket|confirm(?:ation)? required|challenge)",
    re.IGNORECASE,
)
_DMARC = re.compile(
    r"report[- ]domain:|dmarc (?:aggregate|failure|forensic|report)|tls[- ]?rpt|report domain",
    re.IGNORECASE,
)
# Somebody speaks of leaving: mail systems do not say "I" of the reader.
_LEAVING = re.compile(
    r"\bI (?:have left|left|no longer work|am (?:no longer|leaving|currently|away|out)"
    r"|do not work)\b"
    r"|I'(?:ve left|m (?:no longer|away|out|currently))|ich (?:bin nicht mehr|habe [\w ]{1,40}"
    r"verlassen|arbeite nicht mehr)|je (?:ne travaille plus|ne suis plus|suis absent)"
    r"|ya no trabajo|non lavoro pi[ùu]|j[áa] n[ãa]o trabalho|ik werk niet (?:meer|langer)"
    r"|jag (?:har slutat|arbetar inte)|я больше не работаю|退職|离职",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"\bautomatic\w*[\s\w]{0,20} (?:rejected|refused)|(?:rejected|refused)[\s\w]{0,20} automatic"
    r"|message was (?:rejected|refused)",
    re.IGNORECASE,
)
RECEIPT = "message/disposition-notification"
_AGGREGATE = re.compile(r"report domain:.*submitter:", re.IGNORECASE)  # RFC 7489 section 7.2.1.1
_ARCHIVES = ("application/zip", "application/gzip", "application/x-gzip", "application/tlsrpt+gzip",
             "application/x-zip-compressed", "application/tlsrpt+json")  # fmt: skip


def is_authentication_report(subject: str, parts: list[Part]) -> bool:
    """Whether this is an aggregate report on DMARC (RFC 7489) or TLS (RFC 8460)."""
    return _AGGREGATE.search(subject) is not None or (
        _DMARC.search(subject) is not None and any(part.kind in _ARCHIVES for part in parts)
    )


def is_receipt(parts: list[Part]) -> bool:
    """Whether this tells that a message was read or thrown away (RFC 8098).

    Sieve's reject (RFC 5429) and Dovecot's full mailboxes refuse in the same form.
    """
    return any(part.kind == RECEIPT for part in parts) and not any(
        _REFUSES.search(part.text[:2_000]) for part in parts if part.kind.startswith("text/")
    )


def is_by_somebody(headers: Headers, parts: list[Part]) -> bool:
    """Whether somebody, and no mail system, tells that they are away or gone."""
    return not dialects.SENDERS.search(headers.get("from")[:300]) and any(
        _LEAVING.search(part.text[:2_000]) for part in parts if part.kind.startswith("text/")
    )


def is_by_subject(subject: str) -> bool:
    """Whether the subject is that of an automatic reply."""
    return bool(_SUBJECTS.match(subject))


def is_automatic(headers: Headers, subject: str) -> bool:
    """Whether a machine sent this, by RFC 3834 or by the fields of before it."""
    submitted = headers.get("auto-submitted").lower()
    return (
        is_by_subject(subject)
        or submitted.startswith("auto-")
        or any(headers.get(name) for name in ("x-autoreply", "x-autorespond", "x-autoresponder",
                                              "x-auto-response-suppress"))
        or headers.get("precedence").lower() in ("auto_reply", "auto-reply")
    )  # fmt: skip
