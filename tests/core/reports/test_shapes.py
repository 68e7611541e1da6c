"""The layouts in which mail systems tell of a failure, each with words of each kind.

A shape is how a system arranges its report: who writes, the subject, where the recipient and the
reason stand. The sentences are ours; what servers print word for word is kept where it is a mark.
"""

import base64
import quopri
from itertools import product

import pytest

from newsletter.core.reports import Nature, parse_report

ADA = "ada.lovelace@kelp.example"
OURS = "b+k7@letters.example"
WORDS = {
    "hard": "550 5.1.1 <ada.lovelace@kelp.example>: no such mailbox here",
    "soft": "552 5.2.2 mailbox is full, try next week",
}
RETURNED = """\
Return-Path: <b+k7@letters.example>
Received: from app.letters.example by mx.reef.example; Mon, 23 Nov 2026 06:00:00 +0000
From: Papers <papers@letters.example>
To: ada.lovelace@kelp.example
Subject: Papers of the day
Message-ID: <1@letters.example>
Reply-To: help@letters.example

The mailbox of the sun is full, and unknown users look at it.
Write to editor@letters.example if you cannot read this.
"""

# name: (From, Subject, the text with {who} and {why})
SHAPES = {
    "qmail": (
        "MAILER-DAEMON@mx.reef.example",
        "failure notice",
        "Hi. This is the qmail-send program at mx.reef.example.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        "<{who}>:\n192.0.2.9 does not like recipient.\nRemote host said: {why}\n"
        "Giving up on 192.0.2.9.\n\n--- Below this line is a copy of the message.\n\n{returned}",
    ),
    "qmail in another tongue": (
        "MAILER-DAEMON@mx.reef.example",
        "Fehler bei der Zustellung",
        "Hallo. Hier ist das Programm qmail-send auf mx.reef.example.\nIhre Nachricht konnte an "
        "die folgende Adresse nicht zugestellt werden.\n\n<{who}>:\n{why}\n\n"
        "--- Unter dieser Zeile folgt die Nachricht.\n\n{returned}",
    ),
    "exim": (
        "Mail Delivery System <Mailer-Daemon@mx.reef.example>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to one or more of its\n"
        "recipients. This is a permanent error. The following address(es) failed:\n\n"
        "  {who}\n    SMTP error from remote mail server after RCPT TO:<{who}>:\n"
        "    host mx.kelp.example [192.0.2.9]: {why}\n\n"
        "------ This is a copy of the message, including all the headers. ------\n\n{returned}",
    ),
    "exim that hides": (
        "Mail Delivery System <Mailer-Daemon@mx.reef.example>",
        "Mail delivery failed: returning message to sender",
        "A message that you sent could not be delivered to all of its recipients.\n"
        "The following address(es) failed:\n\n  an undisclosed address\n"
        "    (generated from {who})\n    {why}\n\n------ This is a copy ------\n\n{returned}",
    ),
    "postfix without its report": (
        "MAILER-DAEMON@mx.reef.example (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.reef.example.\n\nI'm sorry to have to inform you that "
        "your message could not\nbe delivered to one or more recipients.\n\n"
        "For further assistance, please send mail to postmaster.\n\n"
        "<{who}>: host mx.kelp.example[192.0.2.9] said: {why}\n    (in reply to RCPT TO command)\n",
    ),
    "sendmail of old": (
        "MAILER-DAEMON (Mail Delivery Subsystem)",
        "Returned mail: see transcript for details",
        "The original message was received at Mon, 23 Nov 2026 06:00:00 GMT\nfrom "
        "app.letters.example [192.0.2.1]\n\n   ----- The following addresses had permanent fatal "
        "errors -----\n<{who}>\n    (reason: {why})\n\n"
        "   ----- Transcript of session follows -----\n"
        "... while talking to mx.kelp.example.:\n>>> RCPT To:<{who}>\n<<< {why}\n\n"
        "   ----- Original message follows -----\n\n{returned}",
    ),
    "sendmail of the eighties": (
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.reef.example>",
        "Returned mail: User unknown",
        "   ----- Transcript of session follows -----\n>>> RCPT To:<{who}>\n<<< {why}\n"
        "554 {who}... see above\n\n   ----- Unsent message follows -----\n{returned}",
    ),
    "exchange 5.5": (
        "System Administrator <postmaster@reef.example>",
        "Undeliverable: Papers of the day",
        "Your message\n\n  To:      {who}\n  Subject: Papers of the day\n"
        "  Sent:    Mon, 23 Nov 2026 06:00:00 -0000\n\n"
        "did not reach the following recipient(s):\n\n{who} on Mon, 23 Nov 2026 06:00:05 -0000\n"
        "    {why}\n    The MTS-ID of the original message is:\n"
        "c=us;a= ;p=reef;l=MX-261123060005Z-1\n",
    ),
    "exchange 2003": (
        "postmaster@reef.example",
        "Delivery Status Notification (Failure)",
        "This is an automatically generated Delivery Status Notification.\n\n"
        "Delivery to the following recipients failed.\n\n       {who}\n\n{why}\n",
    ),
    "exchange 2010": (
        "Microsoft Outlook <postmaster@reef.example>",
        "Undeliverable: Papers of the day",
        "Delivery has failed to these recipients or groups:\n\n{who}<mailto:{who}>\n"
        "Something went wrong on the way. Write to your helpdesk at help@reef.example.\n\n"
        "Diagnostic information for administrators:\n\nGenerating server: mx.reef.example\n\n"
        "{who}\n#{why} ##\n\nOriginal message headers:\n\n{returned}",
    ),
    "exchange 2010 in German": (
        "Microsoft Outlook <postmaster@reef.example>",
        "Unzustellbar: Papers of the day",
        "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Verteilerlisten:\n\n"
        "{who}<mailto:{who}>\n\nDiagnoseinformationen für Administratoren:\n\n"
        "Generierender Server: mx.reef.example\n\n{who}\n#{why} ##\n\n"
        "Ursprüngliche Nachrichtenkopfzeilen:\n\n{returned}",
    ),
    "exchange 2010 in French": (
        "Microsoft Outlook <postmaster@reef.example>",
        "Non remis : Papers of the day",
        "Échec de la remise pour ces destinataires ou listes :\n\n{who}\n\n"
        "Informations de diagnostic pour les administrateurs :\n\n"
        "Serveur de génération : mx.reef.example\n\n{who}\n#{why} ##\n\n"
        "En-têtes de message d'origine :\n\n{returned}",
    ),
    "exchange 2010 in Spanish": (
        "Microsoft Outlook <postmaster@reef.example>",
        "No se puede entregar: Papers of the day",
        "No se pudo entregar el mensaje a estos destinatarios o grupos:\n\n{who}\n\n"
        "Información de diagnóstico para los administradores:\n\n{who}\n#{why} ##\n\n"
        "Encabezados de mensajes originales:\n\n{returned}",
    ),
    "exchange 2010 in Italian": (
        "Microsoft Outlook <postmaster@reef.example>",
        "Non recapitabile: Papers of the day",
        "Recapito non riuscito per i seguenti destinatari o gruppi:\n\n{who}\n\n"
        "Informazioni di diagnostica per gli amministratori:\n\n{who}\n#{why} ##\n\n"
        "Intestazioni originali del messaggio:\n\n{returned}",
    ),
    "exchange 2010 in Portuguese": (
        "Microsoft Outlook <postmaster@reef.example>",
        "Não é possível entregar: Papers of the day",
        "A entrega falhou para estes destinatários ou grupos:\n\n{who}\n\n"
        "Informações de diagnóstico para administradores:\n\n{who}\n#{why} ##\n\n"
        "Cabeçalhos de mensagens originais:\n\n{returned}",
    ),
    "exchange 2010 in Japanese": (
        "Microsoft Outlook <postmaster@reef.example>",
        "配信不能: Papers of the day",
        "次の受信者またはグループへの配信に失敗しました:\n\n{who}\n\n"
        "管理者向けの診断情報:\n\n{who}\n#{why} ##\n\n元のメッセージ ヘッダー:\n\n{returned}",
    ),
    "exchange 2010 in Chinese": (
        "Microsoft Outlook <postmaster@reef.example>",
        "无法送达: Papers of the day",
        "无法将邮件传递给以下收件人或组:\n\n{who}\n\n管理员的诊断信息:\n\n{who}\n#{why} ##\n\n"
        "原始邮件头:\n\n{returned}",
    ),
    "exchange 2010 in Russian": (
        "Microsoft Outlook <postmaster@reef.example>",
        "Недоставленное: Papers of the day",
        "Не удалось выполнить доставку следующим получателям или группам:\n\n{who}\n\n"
        "Диагностические сведения для администраторов:\n\n{who}\n#{why} ##\n\n"
        "Исходные заголовки сообщения:\n\n{returned}",
    ),
    "gmail of old": (
        "Mail Delivery Subsystem <mailer-daemon@kelp.example>",
        "Delivery Status Notification (Failure)",
        "Delivery to the following recipient failed permanently:\n\n     {who}\n\n"
        "Technical details of permanent failure:\nGoogle tried to deliver your message, but it was "
        "rejected by the server for the recipient domain kelp.example by mx.kelp.example.\n\n"
        "The error that the other server returned was:\n{why}\n\n----- Original message -----\n\n"
        "{returned}\n----- End of message -----\n",
    ),
    "gmail": (
        "Mail Delivery Subsystem <mailer-daemon@kelp.example>",
        "Delivery Status Notification (Failure)",
        "** Address not found **\n\nYour message wasn't delivered to {who} because something is "
        "wrong there.\n\nLearn more here: https://support.example/mail?p=1\n\n"
        "The response was:\n\n{why}\n",
    ),
    "yahoo": (
        "MAILER-DAEMON@mail.kelp.example",
        "Failure Notice",
        "Sorry, we were unable to deliver your message to the following address.\n\n<{who}>:\n"
        "{why}\n\n--- Below this line is a copy of the message.\n\n{returned}",
    ),
    "courier": (
        '"Courier mail server at mx.reef.example" <@>',
        "NOTICE: mail delivery status.",
        "This is a delivery status notification from mx.reef.example,\nrunning the Courier mail "
        "server, version 1.0.\n\n---\n\nUNDELIVERABLE MAIL\n\nYour message to the following "
        "recipients cannot be delivered:\n\n<{who}>:\n    mx.kelp.example [192.0.2.9]:\n"
        "    >>> RCPT TO:<{who}>\n    <<< {why}\n\n---\n",
    ),
    "opensmtpd": (
        "Mailer Daemon <MAILER-DAEMON@mx.reef.example>",
        "Delivery status notification: error",
        "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n"
        "    An error has occurred while attempting to deliver a message for\n"
        "    the following list of recipients:\n\n{who}: {why}\n\n"
        "    Below is a copy of the original message:\n\n{returned}",
    ),
    "james": (
        "postmaster@reef.example",
        "Re:Papers of the day",
        "Hi. This is the James mail server at mx.reef.example.\nI'm afraid I wasn't able to "
        "deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up.\n"
        "Below I include the list of recipients and the reason why I was unable to deliver\nyour "
        "message.\n\nFailed recipient(s):\n{who}\n\nError message:\n{why}\n\n"
        "The original message is attached.\n",
    ),
    "domino": (
        "Postmaster@reef.example",
        "DELIVERY FAILURE: Papers of the day",
        "Your message\n\n  Subject: Papers of the day\n\nwas not delivered to:\n\n  {who}\n\n"
        "because:\n\n  {why}\n",
    ),
    "notes": (
        "Mail Router <router@reef.example>",
        "DELIVERY FAILURE: {why}",
        "------- Failure Reasons  --------\n\n{why}\n{who}\n\n------- Returned Message --------\n\n"
        "{returned}",
    ),
    "groupwise": (
        "Mailer-Daemon@reef.example",
        "Message status - undeliverable",
        "\nThe message that you sent was undeliverable to the following:\n\t{who} ({why})\n\n"
        "Possibly truncated original message follows:\n\n{returned}",
    ),
    "imail": (
        "Postmaster <postmaster@reef.example>",
        "undeliverable mail",
        "{why}\nundeliverable to {who}\n\nOriginal message follows.\n\n{returned}",
    ),
    "mailenable": (
        "MailEnable Postoffice <postmaster@reef.example>",
        "Message Delivery Failure",
        "MailEnable: Message could not be delivered to some recipients.\n"
        "The following recipient(s) could not be reached:\n\n"
        "\tRecipient: [SMTP:{who}]\n\tReason: {why}\n\n\nMessage headers follow:\n\n{returned}",
    ),
    "mdaemon": (
        "MDaemon at mx.reef.example <MDaemon@reef.example>",
        "Permanent Delivery Failure",
        "The following message could not be delivered.\n\nFailed address: {who}\n\n"
        "--- Session Transcript ---\nMon 2026-11-23 06:00:00: --> RCPT To:<{who}>\n"
        "Mon 2026-11-23 06:00:01: <-- {why}\nMon 2026-11-23 06:00:01: --> QUIT\n"
        "--- End Transcript ---\n\n: Message contains [1] file attachments\n",
    ),
    "surgemail": (
        "Mail Delivery Subsystem <postmaster@reef.example>",
        "Bounce: Papers of the day",
        "Your message cannot be delivered to the following recipients:\n\n"
        "  Address: {who}\n  Reason:  {why}\n\n\n  Message follows:\n\n{returned}",
    ),
    "pmdf": (
        "Internet Mail Delivery <postmaster@mx.reef.example>",
        "Delivery Notification: Delivery has failed",
        "This report relates to a message you sent with the following header fields:\n\n"
        "  Message-id: <1@letters.example>\n  Date: Mon, 23 Nov 2026 06:00:00 +0000\n"
        "  From: Papers <papers@letters.example>\n  To: {who}\n  Subject: Papers of the day\n\n"
        "Your message cannot be delivered to the following recipients:\n\n"
        "  Recipient address: {who}\n  Reason: Remote SMTP server has rejected address\n"
        "  Diagnostic code: smtp;{why}\n  Remote system: dns;mx.kelp.example\n",
    ),
    "interscan": (
        "InterScan <interscan@reef.example>",
        "Mail could not be delivered",
        "****** Message from InterScan Messaging Security Suite ******\n\n"
        "Sent <<< RCPT TO:<{who}>\nReceived >>> {why}\n\nUnable to deliver message to <{who}>\n",
    ),
    "mailmarshal": (
        "MailMarshal <postmaster@reef.example>",
        "Undeliverable Mail: Papers of the day",
        "Your message:\n   From:    b+k7@letters.example\n   Subject: Papers of the day\n\n"
        "Could not be delivered because of\n\n{why}\n\nThe following recipients were affected:\n"
        "    {who}\n\nAdditional Information\n",
    ),
    "mcafee": (
        "Mail Administrator <postmaster@reef.example>",
        "Undeliverable: Papers of the day",
        "--- The following addresses had delivery problems ---\n\n<{who}>   ({why})\n\n",
    ),
    "ironport": (
        '"Mail Delivery System" <MAILER-DAEMON@mx.reef.example>',
        "Delivery Status Notification (Failure)",
        "The following message to <{who}> was undeliverable.\nThe reason for the problem:\n"
        "5.1.0 - Unknown address error 550-'{why}'\n",
    ),
    "barracuda": (
        "Mail Delivery Service <mailer@reef.example>",
        "Delivery Failure",
        "Could not deliver message to the following recipient(s):\n\nFailed Recipient: {who}\n"
        "Reason: Remote host said: {why}\n\n   -- The header and top 20 lines of the message "
        "follows --\n\n{returned}",
    ),
    "communigate": (
        "MAILER-DAEMON@mx.reef.example",
        "Undeliverable mail: Papers of the day",
        "Failed to deliver to '{who}'\nSMTP module(domain kelp.example) reports:\n"
        " host mx.kelp.example says:\n {why}\n",
    ),
    "postmaster of a netscape server": (
        "Mail Administrator <Postmaster@mx.reef.example>",
        "Mail System Error - Returned Mail",
        "This Message was undeliverable due to the following reason:\n\n{why}\n\n"
        "     <{who}>\n\nPlease reply to Postmaster@mx.reef.example\nif you feel this message to "
        "be in error.\n",
    ),
    "mercury": (
        "Electronic Postmaster <Postmaster@reef.example>",
        "Postmaster Notify: Delivery Failure.",
        "With reference to your message with the subject:\n   \"Papers of the day\"\n\n"
        "The local mail transport system has reported the following problems\nit encountered while "
        "trying to deliver your message:\n\n-------\n*** {who}\n{why}\n-------\n",
    ),
    "yandex": (
        "mailer-daemon@mx.reef.example",
        "Недоставленное сообщение",
        "Это письмо отправлено почтовым сервером.\n\nК сожалению, мы вынуждены сообщить Вам о том,"
        "\nчто Ваше письмо не может быть отправлено одному или нескольким адресатам.\n\n"
        "<{who}>: host mx.kelp.example said: {why}\n",
    ),
    "mail.ru": (
        "Mailer-Daemon@mx.reef.example",
        "Mail delivery failed: returning message to sender",
        "Это письмо создано автоматически.\n\nВаше сообщение не доставлено получателям:\n\n"
        "  {who}\n    {why}\n\n------ Копия сообщения ------\n\n{returned}",
    ),
    "a carrier in Japan": (
        "Mail Administrator <postmaster@mobile.example>",
        "Mail System Error - Returned Mail",
        "次のあて先へのメールを送信できませんでした。\n\n<{who}>\n{why}\n",
    ),
    "a table": (
        "Delivery Service <noreply-bounce@reef.example>",
        "Your message could not be delivered",
        "Recipient : {who}\nStatus    : failed\nServer    : mx.kelp.example\nReply     : {why}\n",
    ),
    "prose": (
        "Postmaster <postmaster@reef.example>",
        "Problem with your message",
        "Dear sender,\n\nyour message of this morning, which was meant for {who}, has come\nback "
        "to us. The server over there refused it and said:\n\n    {why}\n\nKind regards,\nthe "
        "postmaster (postmaster@reef.example)\n",
    ),
    "reason before": (
        "Mail Gateway <gateway@reef.example>",
        "Mail delivery error",
        "Error while delivering your message.\n\nThe remote server answered: {why}\n\n"
        "This happened with: {who}\n",
    ),
    "fml": (
        "fml-admin@reef.example",
        "Error mail",
        "Your mail could not be delivered.\n\n{who}: {why}\n",
    ),
    "returned header only": (
        "MAILER-DAEMON@reef.example",
        "Returned mail: delivery problems encountered",
        "Your message was not accepted by the other side. It said:\n\n  {why}\n\n"
        "--- The header of your message ---\n{returned}",
    ),
    "original recipient in a field of the text": (
        "Mail Delivery System <noreply@reef.example>",
        "Undelivered message",
        "A message was not delivered.\n\nOriginal-Recipient: {who}\nReason: {why}\n",
    ),
    "French postmaster": (
        "Postmaster <postmaster@reef.example>",
        "Message non remis",
        "Votre message n'a pas pu être remis à l'adresse suivante :\n\n  {who}\n\n"
        "Le serveur distant a répondu :\n  {why}\n",
    ),
    "Spanish postmaster": (
        "Postmaster <postmaster@reef.example>",
        "Mensaje no entregado",
        "Su mensaje no ha podido ser entregado a {who}.\n\nMotivo: {why}\n",
    ),
    "Italian postmaster": (
        "Postmaster <postmaster@reef.example>",
        "Mancata consegna del messaggio",
        "Il messaggio non è stato consegnato al destinatario {who}.\n\nMotivo: {why}\n",
    ),
    "Polish postmaster": (
        "Postmaster <postmaster@reef.example>",
        "Nie dostarczono wiadomości",
        "Twoja wiadomość nie została dostarczona do:\n\n{who}\n\nPowód: {why}\n",
    ),
    "Dutch postmaster": (
        "Postmaster <postmaster@reef.example>",
        "Bericht onbestelbaar",
        "Uw bericht kon niet worden afgeleverd bij {who}:\n\n{why}\n",
    ),
    "a link in angle brackets": (
        "MAILER-DAEMON@reef.example",
        "Undeliverable",
        "We could not deliver your message.\n\nTo: <mailto:{who}>\nError: {why}\n"
        "Help: <https://reef.example/help>, <mailto:support@reef.example>\n",
    ),
}  # fmt: skip


def _part(kind: str, text: str, encoding: str = "8bit", charset: str = "utf-8") -> bytes:
    raw = text.encode(charset, "replace")
    coded = {"8bit": lambda: raw, "base64": lambda: base64.encodebytes(raw),
             "quoted-printable": lambda: quopri.encodestring(raw)}[encoding]()  # fmt: skip
    head = f"Content-Type: {kind}; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    return head.encode() + coded


def _multi(subtype: str, *parts: bytes, boundary: str = 'boundary="=_x1"') -> bytes:
    joined = b"".join(b"--=_x1\n" + part + b"\n" for part in parts)
    head = f"MIME-Version: 1.0\nContent-Type: multipart/{subtype}; {boundary}\n\n"
    return head.encode() + b"preamble\n" + joined + b"--=_x1--\n"


def _html(text: str) -> str:
    lines = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").split("\n")
    body = "".join(f"<p>{line}</p>" if line.strip() else "<br>" for line in lines)
    return f"<html><head><style>p {{ color: red }}</style></head><body>{body}</body></html>"


def _attached() -> bytes:
    return b"Content-Type: message/rfc822\n\n" + RETURNED.encode()


# How a report is packed; each keeps the words and hides them in another way.
PACKINGS = {
    "plain": lambda text: _part("text/plain", text),
    "without any type": lambda text: b"\n" + text.encode(),
    "quoted-printable": lambda text: _part("text/plain", text, "quoted-printable"),
    "base64": lambda text: _part("text/plain", text, "base64"),
    "html": lambda text: _part("text/html", _html(text)),
    "alternative": lambda text: _multi(
        "alternative", _part("text/plain", text), _part("text/html", _html(text))
    ),
    "mixed": lambda text: _multi("mixed", _part("text/plain", text, "base64"), _attached()),
    "report with no status": lambda text: _multi("report", _part("text/plain", text), _attached()),
    "no boundary": lambda text: _multi("mixed", _part("text/plain", text), boundary="x=y"),
    "utf-7": lambda text: _part("text/plain", text, charset="utf-7"),
}


def a_report(shape: str, kind: str, packing: str) -> bytes:
    sender, subject, text = SHAPES[shape]
    filled = (
        text.replace("{why}", WORDS[kind]).replace("{who}", ADA).replace("{returned}", RETURNED)
    )
    coded = base64.b64encode(subject.replace("{why}", WORDS[kind]).encode()).decode()
    head = f"Return-Path: <>\nFrom: {sender}\nTo: {OURS}\nSubject: =?utf-8?b?{coded}?=\n"
    return head.encode() + PACKINGS[packing](filled)


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_read_however_it_is_packed(shape):
    wrong = []
    for kind, packing in product(WORDS, PACKINGS):
        report = parse_report(a_report(shape, kind, packing))
        read = [(record.recipient, record.kind.value) for record in report.records]
        if read != [(ADA, kind)] or report.nature is not Nature.BOUNCE:
            wrong.append((kind, packing, report.nature.value, read))

    assert wrong == []
