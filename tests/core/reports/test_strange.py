"""Reports that are built in unusual ways: each is a thing that some system in the field does."""

import base64

import pytest

from newsletter.core.reports import parse_report

ADA, GRACE = "ada@kelp.example", "grace@kelp.example"
OURS = "b+k7@letters.example"
DSN = (
    "From: MAILER-DAEMON@reef.example\nTo: b+k7@letters.example\nSubject: Undelivered Mail\n"
    "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n"
    "\tboundary=x1x1\n\n--x1x1\nContent-Type: text/plain\n\nSorry.\n\n--x1x1\n"
    "Content-Type: {kind}\n{more}\n{fields}\n\n--x1x1\nContent-Type: message/rfc822\n\n"
    "From: papers@letters.example\nTo: {to}\nSubject: Papers\n\nTwo papers.\n--x1x1--\n"
)
REPORTING = "Reporting-MTA: dns; mx.reef.example\n\n"


def dsn(fields, *, kind="message/delivery-status", more="", to=ADA) -> str:
    return DSN.format(fields=REPORTING + fields, kind=kind, more=more, to=to)


def letter(text, *, sender="MAILER-DAEMON@reef.example", subject="Undelivered mail", more="",
           to=OURS) -> str:  # fmt: skip
    return f"Return-Path: <>\nFrom: {sender}\nTo: {to}\nSubject: {subject}\n{more}\n{text}"


def coded(text: str, charset: str) -> str:
    return base64.encodebytes(text.encode(charset)).decode()


def in_charset(text: str, charset: str) -> str:
    more = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64\n"
    return letter(coded(text, charset), more=more)


FAILED = "Action: failed\nStatus: {status}\nDiagnostic-Code: {why}\n"
UNKNOWN = FAILED.format(status="5.1.1", why="smtp; 550 5.1.1 User unknown")
FULL = FAILED.format(status="5.2.2", why="smtp; 552 5.2.2 Mailbox full")
HTML = "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n"

# name: (the report, what it says of whom)
REPORTS = {
    "no blank after the colon": (
        dsn("Final-Recipient:rfc822;ada@kelp.example\n" + UNKNOWN), [(ADA, "hard")]),
    "capitals and brackets": (
        dsn("FINAL-RECIPIENT: RFC822; <ADA@kelp.example>\n" + UNKNOWN), [(ADA, "hard")]),
    "no type before the recipient": (
        dsn("Final-Recipient: ada@kelp.example\n" + UNKNOWN), [(ADA, "hard")]),
    "only the original recipient": (
        dsn("Original-Recipient: rfc822;ada@kelp.example\n" + UNKNOWN), [(ADA, "hard")]),
    "the final recipient is a local name": (
        dsn("Original-Recipient: rfc822;ada@kelp.example\nFinal-Recipient: "
            "LOCAL;<ada>\n" + UNKNOWN),
        [(ADA, "hard")]),
    "the final recipient is an X.400 name": (
        dsn("Final-Recipient: X400;/G=Ada/S=Lovelace/O=kelp/P=reef/A= /C=US/\n"
            "Original-Recipient: rfc822;ada@kelp.example\n" + UNKNOWN), [(ADA, "hard")]),
    "an X.400 name and nothing else": (
        dsn("Final-Recipient: X400;/G=Ada/S=Lovelace/O=kelp/P=reef/A= /C=US/\n" + UNKNOWN),
        [(ADA, "hard")]),
    "two recipients, two fates": (
        dsn(f"Final-Recipient: rfc822;{ADA}\n{UNKNOWN}\nFinal-Recipient: rfc822;{GRACE}\n{FULL}"),
        [(ADA, "hard"), (GRACE, "soft")]),
    "one of two went well": (
        dsn(f"Final-Recipient: rfc822;{ADA}\nAction: delivered\nStatus: 2.0.0\n\n"
            f"Final-Recipient: rfc822;{GRACE}\n{FULL}"), [(GRACE, "soft")]),
    "an unknown user with an action of its own": (
        dsn("Final-Recipient: rfc822;ada@kelp.example\nAction: Failed (user unknown)\n"
            "Status: 5.1.1 (no such mailbox)\n"), [(ADA, "hard")]),
    "the status alone": (
        dsn("Final-Recipient: rfc822;ada@kelp.example\nAction: failed\nStatus: 5.1.1\n"),
        [(ADA, "hard")]),
    "the reason in a field of the server": (
        dsn("Final-Recipient: rfc822;ada@kelp.example\nAction: failed\nStatus: 5.0.0\n"
            "X-Display-Name: Ada\nX-Supplementary-Info: <mx.kelp.example #5.1.1 smtp;550 5.1.1 "
            "User unknown>\n"), [(ADA, "hard")]),
    "a folded diagnosis": (
        dsn("Final-Recipient: rfc822;ada@kelp.example\nAction: failed\nStatus: 5.0.0\n"
            "Diagnostic-Code: smtp; 550-Mailbox\n    550 unknown to us,\n\tno such user here\n"),
        [(ADA, "hard")]),
    "the fields in base64": (
        dsn("", more="Content-Transfer-Encoding: base64\n").replace(
            REPORTING, coded(f"{REPORTING}Final-Recipient: rfc822;{ADA}\n{UNKNOWN}", "utf-8")),
        [(ADA, "hard")]),
    "an address beyond ASCII (RFC 6533)": (
        dsn("Final-Recipient: utf-8; ada@k\u00e4se.example\n" + UNKNOWN,
            kind="message/global-delivery-status"), [("ada@k\u00e4se.example", "hard")]),
    "an address beyond ASCII, coded (RFC 6533)": (
        dsn(r"Final-Recipient: utf-8; ad\x{E4}@kelp.example" + "\n" + UNKNOWN,
            kind="message/global-delivery-status"), [("ad\u00e4@kelp.example", "hard")]),
    "an xtext address (RFC 3461)": (
        dsn("Original-Recipient: rfc822; ada+2Bnews@kelp.example\nFinal-Recipient: local; 17\n"
            + UNKNOWN), [("ada+news@kelp.example", "hard")]),
    "the fields in plain text": (
        letter(f"Delivery failed.\n\nReporting-MTA: dns;mx.reef.example\n\nFinal-Recipient: rfc822;"
               f"{ADA}\n{UNKNOWN}"), [(ADA, "hard")]),
    "a report in a ticket's mail": (
        "From: Desk <desk@letters.example>\nTo: b+k7@letters.example\nSubject: Fwd: Undelivered\n"
        "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=o1o1\n\n--o1o1\nContent-Type: text/plain\n\nSee "
        "below.\n--o1o1\nContent-Type: multipart/report; report-type=delivery-status; boundary=i1i1"
        "\n\n--i1i1\nContent-Type: text/plain\n\nSorry\n--i1i1\nContent-Type: message/"
        f"delivery-status\n\n{REPORTING}Final-Recipient: rfc822;{ADA}\n{UNKNOWN}\n--i1i1--\n"
        "--o1o1--\n", [(ADA, "hard")]),
    "a footer around the report": (
        dsn(f"Final-Recipient: rfc822;{ADA}\n{FULL}").replace("--x1x1--\n", "--x1x1--\n\n-- \n"
        "Scanned by the gateway. Write to help@reef.example\n"), [(ADA, "soft")]),
    "one line, several recipients": (
        letter(f"Your message was not delivered to the following recipients: {ADA}, {GRACE}\n\n"
               "550 5.1.1 no such users\n"), [(ADA, "hard"), (GRACE, "hard")]),
    "items": (
        letter(f"Delivery failed for:\n\n  * {ADA}\n    552 mailbox full\n  * {GRACE}\n    550 "
               f"user "
               "unknown\n"), [(ADA, "soft"), (GRACE, "hard")]),
    "numbered items": (
        letter(f"Delivery failed for these recipients:\n\n1. {ADA} (550 user unknown)\n"
               f"2. {GRACE} (552 mailbox full)\n"), [(ADA, "hard"), (GRACE, "soft")]),
    "cells of a table": (
        letter("<table><tr><th>Recipient</th><th>Problem</th></tr><tr><td>ada@kelp.example</td>"
               "<td>user unknown</td></tr></table><p>Your message was not delivered.</p>",
               more=HTML), [(ADA, "hard")]),
    "marks inside the address": (
        letter("<p>Your message could not be delivered to <b>ada<wbr>@</b>kelp.example</p>"
               "<p>550 5.1.1 user unknown</p>", more=HTML), [(ADA, "hard")]),
    "letters as entities": (
        letter("<p>Not delivered to &lt;ada&#64;kelp&#46;example&gt;: 550 user unknown</p>",
               more=HTML), [(ADA, "hard")]),
    "a link for the address": (
        letter('<p>Your message to <a href="mailto:ada@kelp.example">Ada</a> could not be delivered'
               ": 550 user unknown</p>", more=HTML), [(ADA, "hard")]),
    "the address on the next line": (
        letter("Unable to deliver message to:\n\n        ada@kelp.example\n\nUser unknown.\n"),
        [(ADA, "hard")]),
    "unusual letters in the address": (
        letter("<o'brien+a=b/c@kelp.example>: 550 5.1.1 user unknown\n"),
        [("o'brien+a=b/c@kelp.example", "hard")]),
    "a name before the address": (
        letter('Delivery to the following recipient failed:\n\n    "Ada Lovelace" '
               '<ada@kelp.example>'
               "\n\nReason: mailbox is full\n"), [(ADA, "soft")]),
    "a dot after the address": (
        letter("Your message could not be delivered to ada@kelp.example. The user is unknown.\n"),
        [(ADA, "hard")]),
    "nobody named, the message returned": (
        letter("Your message could not be delivered: no such user.\n\nReceived: from app.letters."
               f"example by mx\nFrom: papers@letters.example\nTo: {ADA}\nSubject: Papers\n\n"
               f"Hello\n"),
        [(ADA, "hard")]),
    "nobody named at all": (
        letter("Your message could not be delivered: no such user.\n"), [(None, "hard")]),
    "a directory's name": (
        letter("Your message\n\n  Subject: Papers\n\nwas not delivered to:\n\n  Ada "
               "Lovelace/Kelp\n\n"
               "because:\n\n  User Ada Lovelace/Kelp (Ada Lovelace/Kelp) not listed in Domino "
               f"Directory\n\n----- Original message -----\nFrom: papers@letters.example\nTo: "
               f"{ADA}\n"
               "Subject: Papers\n\nHello\n"), [(ADA, "hard")]),
    "no body between headers and reason": (
        letter("", subject="Mail could not be delivered: user unknown",
               more=f"X-Failed-Recipients: {ADA}\n"), [(ADA, "hard")]),
    "two in a field": (
        letter("550 user unknown\n", more=f"X-Failed-Recipients: {ADA}, {GRACE}\n"),
        [(ADA, "hard"), (GRACE, "hard")]),
    "Japanese without a charset": (
        letter("\x1b$B08@h$N%\"%I%l%9$,B8:_$7$^$;$s\x1b(B\n\n<ada@kelp.example>\n"
               "550 user unknown\n"), [(ADA, "hard")]),
    "Chinese in GB2312": (
        in_charset("抱歉,您的邮件无法送达以下收件人:\n\n  ada@kelp.example\n  收件人不存在"
                   "\n", "gb2312"),
        [(ADA, "hard")]),
    "Chinese in Big5": (
        in_charset("很抱歉,您的郵件無法傳遞給 ada@kelp.example\n原因: 信箱已滿"
                   "\n", "big5"), [(ADA, "soft")]),
    "Japanese in EUC": (
        in_charset("配信できませんでした。\n\n<ada@kelp.example>: ユーザーが見つかりません"
                   "\n", "euc-jp"),
        [(ADA, "hard")]),
    "Russian in KOI8-R": (
        in_charset("Ваше сообщение не доставлено.\n\nada@kelp.example: пользователь не найден\n",
                   "koi8-r"), [(ADA, "hard")]),
    "Korean in EUC": (
        in_charset("메일을 전달하지 못했습니다.\n\nada@kelp.example: 사용자를 찾을 수 없습니다"
                   "\n", "euc-kr"),
        [(ADA, "hard")]),
    "UTF-16": (
        in_charset("Your message was not delivered to ada@kelp.example: user unknown\n", "utf-16"),
        [(ADA, "hard")]),
    "a wrong charset": (
        letter("Message non remis \u00e0 ada@kelp.example : utilisateur inconnu\n",
               more="Content-Type: text/plain; charset=klingon\n"), [(ADA, "hard")]),
    "a program's own status": (
        letter("Delivery failed.\n\n  |/usr/lib/vacation ada\n    (expanded from: "
               "<ada@kelp.example>)\n    exit status 1: out of memory\n"), [(ADA, "soft")]),
    "a session": (
        letter("The session went like this; delivery failed.\n\nC: MAIL "
               "FROM:<b+k7@letters.example>\n"
               "S: 250 fine\nC: RCPT TO:<ada@kelp.example>\nS: 550 user unknown\nC: QUIT\n"),
        [(ADA, "hard")]),
    "a session of two": (
        letter("Errors:\n>>> RCPT To:<ada@kelp.example>\n<<< 552 mailbox full\n"
               ">>> RCPT To:<grace@kelp.example>\n<<< 550 no such user\n", subject="delivery "
                                                                                   "error"),
        [(ADA, "soft"), (GRACE, "hard")]),
    "refused as a receipt": (
        "From: ada@kelp.example\nTo: b+k7@letters.example\nSubject: Rejected: Papers\n"
        "Auto-Submitted: auto-replied (rejected)\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=x1x1\n\n"
        "--x1x1\nContent-Type: text/plain\n\nYour message to <ada@kelp.example> was automatically "
        "rejected:\nQuota exceeded (mailbox for user is full)\n--x1x1\n"
        "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; "
        "ada@kelp.example\nDisposition: automatic-action/MDN-sent-automatically; deleted\n"
        "--x1x1--\n",
        [(ADA, "soft")]),
    "the new address of one who moved": (
        letter("<ada@kelp.example>: 551 user has moved, the new address is <ada@loch.example>\n"),
        [(ADA, "hard")]),
    "whom to ask": (
        letter("Your message to ada@kelp.example was not delivered: user unknown.\n\nFor help "
               "write "
               "to support@reef.example or call. Postmaster: postmaster@reef.example\n"),
        [(ADA, "hard")]),
    "ourselves among the names": (
        letter("Message from b+k7@letters.example to ada@kelp.example could not be delivered.\n"
               "552 quota exceeded\n"), [(ADA, "soft")]),
    "a line cut in the middle": (
        letter("Your message could not be delivered to ada@kelp.example=\n because the user is "
               "un=\n"
               "known here.\n", more="Content-Transfer-Encoding: quoted-printable\n"),
        [(ADA, "hard")]),
    "the returned message is cut off": (
        "From: MAILER-DAEMON@reef.example\nTo: b+k7@letters.example\nSubject: failure notice\n"
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x1x1\n\n--x1x1\n"
        "Content-Type: text/plain\n\n<ada@kelp.example>: no such user\n\n--x1x1\n"
        "Content-Type: message/rfc822\n\nFrom: papers@letters.exa", [(ADA, "hard")]),
    "only the subject names the recipient": (
        letter("The mailbox is full.\n", subject=f"Delivery failure: message to {ADA}"),
        [(ADA, "soft")]),
    "the plain part says nothing": (
        letter("--x1x1\nContent-Type: text/plain\n\nYour reader shows no HTML.\n--x1x1\n"
               "Content-Type: text/html\n\n<p>Not delivered to ada@kelp.example: no such user</p>\n"
               "--x1x1--\n", more="MIME-Version: 1.0\nContent-Type: multipart/alternative; "
               "boundary=x1x1\n"), [(ADA, "hard")]),
    "a diagnosis in encoded words": (
        dsn(f"Final-Recipient: rfc822;{ADA}\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; "
            "=?utf-8?q?550_utilisateur_inconnu?=\n"), [(ADA, "hard")]),
    "a field that names another than the report": (
        letter("There was an error with your mail to <ada@kelp.example>.\n\n550 no such user\n",
               more="X-Original-To: <ada@kelp.example>\n"), [(ADA, "hard")]),
    "still trying": (
        letter("Warning: your message to ada@kelp.example has not been delivered for 4 hours. We "
               "will keep trying.\nconnection timed out\n", subject="Warning: message delayed"),
        [(ADA, "soft")]),
}  # fmt: skip


@pytest.mark.parametrize("name", REPORTS)
def test_a_strange_report_is_read(name):
    raw, expected = REPORTS[name]

    records = parse_report(raw.encode("utf-8")).records

    assert [(record.recipient and record.recipient.lower(), record.kind.value)
            for record in records] == expected  # fmt: skip
