"""Mail that is no report of failure acts on nobody, whatever it quotes."""

import pytest

from newsletter.core.reports import parse_report

HEAD = "Return-Path: <{path}>\nFrom: {sender}\nTo: b+k7@letters.example\nSubject: {subject}\n"
ADA = "Ada Lovelace <ada@kelp.example>"
BOUNCE = (
    "> This is the mail system at host mx.reef.example.\n>\n> I'm sorry to have to inform you that "
    "your message could not\n> be delivered to one or more recipients.\n>\n> <ada@kelp.example>: "
    "host mx.kelp.example said: 550 5.1.1\n>     User unknown (in reply to RCPT TO command)\n"
)

# (subject, text) of readers who are away, in their languages
AWAY = [
    ("Automatic reply: Papers of the day", "I am out of the office until Monday."),
    ("Out of Office: Papers", "Away. Urgent? Write to grace@kelp.example or call."),
    ("Automatische Antwort: Papers", "Ich bin bis Montag nicht im Haus. Vertretung: "
     "grace@kelp.example. Ihre Nachricht wird nicht weitergeleitet."),
    ("Abwesenheitsnotiz", "Ich bin im Urlaub; Nachrichten werden nicht zugestellt."),
    ("Réponse automatique : Papers", "Je suis absente jusqu'à lundi."),
    ("Respuesta automática: Papers", "Estoy fuera de la oficina hasta el lunes."),
    ("Risposta automatica: Papers", "Sono fuori sede fino a lunedì."),
    ("Resposta automática: Papers", "Estou ausente até segunda-feira."),
    ("Automatisch antwoord: Papers", "Ik ben afwezig tot maandag."),
    ("Autosvar: Papers", "Jag är på semester till måndag."),
    ("Automaattinen vastaus: Papers", "Olen lomalla maanantaihin asti."),
    ("Autoodpowiedź: Papers", "Jestem nieobecna do poniedziałku."),
    ("Automatická odpověď: Papers", "Nejsem v kanceláři do pondělí."),
    ("Автоматический ответ: Papers", "Меня нет на месте до понедельника."),
    ("自動応答: Papers", "月曜日まで不在です。"),
    ("自动答复: Papers", "我星期一回来。"),
    ("자동 회신: Papers", "월요일까지 자리를 비웁니다."),
    ("Otomatik yanıt: Papers", "Pazartesiye kadar ofis dışındayım."),
    ("I have left Kelp", "I have left the company. This address is no longer valid; write to "
     "grace@kelp.example. Mail to ada@kelp.example is not delivered."),
    ("Re: Papers of the day", "I no longer work at Kelp. This mailbox is not read."),
]  # fmt: skip


def read(subject: str, text: str, *, sender: str = ADA, path: str = "ada@kelp.example", more=""):
    head = HEAD.format(sender=sender, subject=subject, path=path)
    return parse_report(f"{head}{more}\n{text}\n".encode())


@pytest.mark.parametrize(("subject", "text"), AWAY, ids=[subject for subject, _ in AWAY])
@pytest.mark.parametrize("more", ["", "Auto-Submitted: auto-replied\n", "Precedence: bulk\n"])
def test_an_absence_acts_on_nobody(subject, text, more):
    assert read(subject, text, more=more).records == ()
    assert read(subject, text, more=more, path="").records == ()


@pytest.mark.parametrize(
    ("sender", "subject", "text", "more"),
    [
        (ADA, "Re: Papers", "Funny, I got this for a friend of mine:\n\n" + BOUNCE, ""),
        (ADA, "Fwd: Undelivered Mail Returned to Sender", "Is this yours?\n\n" + BOUNCE, ""),
        (ADA, "Delivery failed again", "My letters to you: 550 5.1.1 user unknown? Ada", ""),
        (ADA, "Your paper on delivery failures", "See chapter 5, where mail is not delivered to "
         "grace@kelp.example because the mailbox is full.", ""),
        ("Shop <shop@kelp.example>", "Delivery status notification for your parcel",
         "Your parcel could not be delivered. Write to help@kelp.example.", ""),
        ("Seminar <seminar-bounces@kelp.example>", "Digest, Vol 3", "1. undelivered mail?\n\n"
         + BOUNCE, "List-Id: <seminar.kelp.example>\nPrecedence: list\n"),
        ("seminar-request@kelp.example", "confirm 3f2a", "Reply to this to confirm.",
         "Auto-Submitted: auto-generated\n"),
        ("seminar-owner@kelp.example", "Your message to Seminar awaits moderator approval",
         "Your mail is being held until the moderator can review it. Reason: post by non-member.",
         "Auto-Submitted: auto-generated\n"),
        ("Guard <guard@kelp.example>", "Please confirm your message",
         "ada@kelp.example does not know you yet. Click to have your mail delivered.", ""),
        ("Desk <desk@kelp.example>", "[Ticket #42] We have received your message",
         "A colleague will answer.", "Auto-Submitted: auto-replied\n"),
        ("Cron <root@mx.kelp.example>", "Cron <root@mx> backup", "backup failed: disk is full", ""),
        ("postmaster@kelp.example", "Delivered: Papers of the day",
         "Your message was delivered to the following recipients:\n\nada@kelp.example\n", ""),
        ("postmaster@kelp.example", "Successful Mail Delivery Report",
         "Your message was successfully delivered to ada@kelp.example.\n", ""),
        ("MAILER-DAEMON@kelp.example", "Relayed: Papers",
         "Delivery to these recipients is complete, but no receipt will follow:\n"
         "ada@kelp.example\n", ""),
        (ADA, "Read: Papers of the day", "Your message was read on Monday.", ""),
        (ADA, "Not read: Papers of the day", "Your message was deleted without being read.", ""),
        (ADA, "Gelesen: Papers", "Ihre Nachricht wurde gelesen.", ""),
        ("Aggregate <dmarc@kelp.example>", "Report Domain: letters.example Submitter: kelp.example "
         "Report-ID: <1>", "See the attachment.", ""),
    ],
)  # fmt: skip
def test_other_mail_acts_on_nobody(sender, subject, text, more):
    assert read(subject, text, sender=sender, more=more).records == ()


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_report_of_success_acts_on_nobody(action):
    raw = (
        "From: MAILER-DAEMON@kelp.example\nTo: b+k7@letters.example\nSubject: Success\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x1x1\n\n"
        "--x1x1\nContent-Type: text/plain\n\nYour message went on its way.\n"
        "--x1x1\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.kelp.example\n\n"
        f"Final-Recipient: rfc822; ada@kelp.example\nAction: {action}\nStatus: 2.0.0\n\n--x1x1--\n"
    )

    assert parse_report(raw.encode()).records == ()


def test_a_receipt_acts_on_nobody_even_where_the_message_was_thrown_away():
    raw = (
        "From: ada@kelp.example\nTo: b+k7@letters.example\nSubject: Papers\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=x1x1\n\n"
        "--x1x1\nContent-Type: text/plain\n\nThe message was deleted unread.\n"
        "--x1x1\nContent-Type: message/disposition-notification\n\n"
        "Final-Recipient: rfc822; ada@kelp.example\n"
        "Disposition: automatic-action/MDN-sent-automatically; deleted\n\n--x1x1--\n"
    )

    assert parse_report(raw.encode()).records == ()
