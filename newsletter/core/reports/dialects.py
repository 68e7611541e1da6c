"""How mail systems write reports without a standard: tables of marks, no rules.

A new dialect is a row here. Every row is read against the text of a message that a mail system
sent; lines are those of its readable part, up to where the returned message begins.
"""

import re


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{word})" for word in words), re.IGNORECASE)


def _line(*words: str) -> re.Pattern[str]:
    return re.compile(
        "|".join(rf"^[ \t]*(?:{word})" for word in words), re.IGNORECASE | re.MULTILINE
    )


# "not … delivered" in the languages that put words in between.
_NOT_DELIVERED = (
    r"\b(?:non|no|nie|ne|nicht|n[ãa]o|niet|inte|ej|ikke|не|nem|nu|pas|impossib\w+)\b[^\n.]{0,40}"
    r"(?:recapit|consegn|entreg|remis|distribu|d[ée]livr|achemin|zugestell|zustell|dostarcz"
    r"|doru[čc]|bezorg|afgelever|levere|достав|отправ|k[ée]zbes|livrat)"
)

# Who writes reports and little else: the part before the @ of From, Sender or Return-Path, a
# display name, or the program of X-Mailer.
SENDERS = _any(
    r"mail(?:er)?[-_. ]?daemon", r"\bpost ?master\b", r"mail delivery", r"(?m:^<>$)",
    r"mail system",
    r"delivery (?:subsystem|system|agent|status)", r"interscan", r"mailsystem", r"mdaemon",
    r"system administrator", r"mailmarshal", r"microsoft (?:outlook|exchange)",
    r"e-?mail security", r"mail router", r"smtp gateway", r"internet mail (?:service|delivery)",
)  # fmt: skip
# Who writes reports and much else besides.
PERHAPS = _any(
    r"\badmin@", r"-admin@", r"\broot@", r"(?m:^mail$)", r"\bfml\b", r"mail admin", r"\bbounces?\b",
    r"mail server", r"smtp", r"mail_service", r"gateways?@", r"anti-?(?:virus|spam)", r"mailenable",
)  # fmt: skip

# What its subject says.
SUBJECTS = _any(
    r"undeliver", r"non[- ]?deliver", r"not deliver", r"deliver\w* (?:fail|status|problem|error"
    r"|notif|report|has been delayed|delayed|incomplete)",
    r"(?:mail|message|e-?mail) (?:was |could )?"
    r"(?:not be |not |be )?(?:deliver|delay|return|reject|system error|fail)", r"fail(?:ure|ed)\b",
    r"returned (?:mail|message|to)", r"return(?:ed|ing) (?:mail|message)",
    r"could ?n[o']t be deliver",
    r"warning: (?:message|could not|e-?mail)", r"delay", r"error sending",
    r"mail (?:system )?error",
    r"unzustellbar", r"nicht zugestellt", r"non recapitabile", r"mancato recapito", r"non remis",
    r"[ée]chec de (?:la )?(?:remise|distribution)", r"no se puede entregar", r"no entregad",
    r"n[ãa]o entregue", r"falha na entrega", r"onbestelbaar", r"oleverererbart", r"olevererbar",
    r"ej levererbart", r"kunne ikke leveres", r"niedor[ęe]cz", r"недостав", r"не доставлено",
    r"не может быть доставлено", r"配信不能", r"配信できません", r"送信(?:エラー|失敗|できません)",
    r"戻って", r"エラー", r"退信", r"無法(?:投遞|傳遞)", r"无法(?:投递|送达)", r"배달",
    r"n[ãa]o (?:[ée]|foi) poss[íi]vel entregar",
    r"no (?:se )?(?:ha |pudo |fue )?(?:podido |sido )?(?:ser )?entreg",
    r"mancata consegna|non consegnat", r"nie dostarczon", r"nedoru[čc]", r"nem k[ée]zbes[íi]t",
    r"nelivra", r"[üu]bermittlung|zustell(?:ung|fehler)", r"non (?:distribu|d[ée]livr|livr)",
    r"kan ikke leveres|kunde inte levereras|toimittam", r"iletilemedi|teslim edilemedi",
    r"ошибка|возвра(?:т|щен)", r"不達|未達|届けられ", r"退件|退回|未送达", r"반송|전송 ?실패",
    r"postmaster notify", r"status notification", r"\bnotice\b", r"unable to deliver",
    _NOT_DELIVERED, r"devuelto|devolvid|zwrot|retour(?:n[ée]|\b)|fehlgeschlagen|zur[üu]ck",
    r"problem delivering", r"rejected", r"user unknown", r"mail failed",
    r"unknown (?:user|address)",
    r"not member", r"undelivered",
)  # fmt: skip

# … and what it says where all went well.
SUCCESSES = _any(
    r"^\s*(?:delivered|relayed|expanded|remis|entregado|consegnato|zugestellt)\s*:",
    r"(?<!un)(?<!not )success\w* (?:mail )?deliver|deliver\w* success",
    r"notification \((?:success|relay)",
)
# What a report of failure says somewhere in its text.
FAILURES = _any(
    r"(?:could ?n[o']t|could not|can ?not|can ?n['o]?t|was ?n[o']?t|were not|has not been|not been"
    r"|not|unable to|failed to|failure to|to) (?:be |yet be |been )?(?:successfully )?deliver",
    r"(?:permanent|fatal|delivery|unrecoverable|transient) (?:fatal )?(?:error|failure|problem)",
    r"deliver\w*[\w ,]{0,50} fail", r"fail\w*[\w ]{0,30} (?:deliver|send|recipient|address)",
    r"did ?n[o']t (?:reach|receive)|did not (?:reach|receive)", r"undeliver", r"non-?deliver",
    r"address(?:es)? (?:had|failed)", r"rejected (?:by|recipient|your|the)",
    r"returned (?:to|mail)",
    r"trouble delivering", r"error (?:delivering|occurred|while|sending)", r"given up",
    r"giving up",
    r"unknown user", r"user unknown", r"user mailbox exceeds", r"mailbox is full", r"bounced",
    r"has been delayed", r"is delayed", r"delivery (?:has )?(?:failed|was|to the following)",
    r"temporarily (?:deferred|delayed)", r"still undelivered", r"could not (?:send|reach|accept)",
    r"could not be (?:sent|accepted|reached|processed|relayed)", r"remote host said",
    r">>> rcpt to",
    r"transcript of (?:the )?session", r"did not like our", r"failure reasons", r"not listed in",
    r"this user doesn.t have", r"may not exist, or you may not have permission",
    r"no valid recipients",
    r"(?:is|are) not (?:a )?member", r"unzustellbar", r"nicht (?:zugestellt|zustellbar)",
    r"non (?:è riuscito|è stato)",
    r"n.a pas pu", r"no se (?:ha )?pud\w+ entregar", r"n[ãa]o (?:p[ôo]de|foi) (?:ser )?entreg",
    r"не (?:может быть )?доставлен", r"送信(?:できません|に失敗)", r"配信(?:できません|に失敗"
    r"|不能)",
    r"配送", r"宛先", r"无法(?:投递|送达)", r"退回", r"error_code", r"account is disabled",
    r"temporarily limited", r"following recipients? (?:was|were|did)", r"non-local",
    r"rejected (?:message|for the)", r"message (?:was )?(?:rejected|blocked|refused)",
    r"not (?:be )?accepted (?:by|for)", r"unable to (?:send|reach)",
    r"couldn.t be (?:delivered|sent)", r"was (?:automatically )?(?:rejected|refused)",
    r"non remis|non recapitato|no entregado|n[ãa]o entregue|niet bezorgd", r"(?:come|came|sent"
                                                                           r"|was|been) (?:back"
                                                                           r"|returned)\b",
    r"did not accept|was refused|refused it|has been rejected|problem with your m",
    r"(?:does|did|do)(?: not|n.t) (?:\w+ )?(?:exist|match)|(?:no such|unknown|invalid) (?:user"
    r"|mailbox"
    r"|recipient|address)|(?:user|recipient|address|mailbox) (?:is )?(?:unknown|not found|invalid)"
    r"|quota exceeded|over quota",
    # the same in other languages
    _NOT_DELIVERED,
    r"konnte (?:leider )?(?:\w+ ){0,4}nicht", r"fehler bei der|zustellung",
    r"(?:[ée]chec|erreur) (?:de|lors)|pas (?:pu|[ée]t[ée]) (?:[êe]tre )?(?:remis|d[ée]livr|distribu"
    r"|achemin)", r"no (?:ha |pudo |fue |se )*(?:podido |sido |pudo |puede )*(?:ser )?entreg",
    r"(?:error|fallo|falla|falha|errore) (?:al|de|en|na|no|di|durante)|a entrega falhou",
    r"n[ãa]o (?:p[ôo]de|foi|[ée]) (?:\w+ ){0,2}entreg", r"non (?:è |e' )?(?:stat\w |possibile )*"
    r"(?:consegna|recapita)|recapito non riuscito|impossibile (?:consegnare|recapitare)",
    r"kon(?:den)? niet|niet (?:worden )?(?:bezorgd|afgeleverd)",
    r"nie (?:została?|mo[żz]na|uda[łl]o)(?: \w+){0,3} dostarcz",
    r"nebyl\w* doru[čc]en|nelze doru[čc]it|nem (?:lehet|siker[üu]lt)",
    r"kunne ikke|kunde inte|gick inte att|ei voitu", r"iletilemedi|teslim edilemedi|ula[şs]t",
    r"не (?:удалось|доставлен|было? доставлен)|ошибк\w+ доставки|отправлено одному",
    r"(?:届け|送信|配送|配信)[^\n]{0,12}(?:ませんでした|できない|失敗|エラー)|失敗しました",
    r"(?:无法|無法|未能)[^\n]{0,8}(?:传递|投递|送达|傳遞|投遞|送達|发送|發送)|投递失败|退信|未送达",
    r"(?:전송|배달|전달)[^\n]{0,10}(?:실패|못|않)",
)  # fmt: skip
# Where a line speaks of whom to ask, its address is no recipient.
CONTACT = _any(
    r"contact|assistance|\bhelp|support|question|\bplease (?:reply|write|send|e-?mail|forward)",
    r"reply to|abuse|administrator|more information|feel (?:this|that)|generat(?:ed|ing)",
    r"(?:from|by|sender:)[: ]{1,3}<?[^\s<>@]{1,64}@|\bx-[\w-]+:|message-id|received:|reporting"
    r"|kontakt|wenden sie|ayuda|aide\b",
)

# The server is still trying.
DELAYS = _any(
    r"this is a warning message only", r"has been delayed", r"is delayed for",
    r"has not yet been deliv",
    r"still undelivered", r"will (?:keep trying|be retried|continue)", r"do not need to re-?send",
    r"delivery attempts will continue", r"temporary failure report", r"delivery (?:is )?delayed",
    r"delays? in deliver|advisory notice only|not yet (?:been )?deliver|(?:is|was|been) delayed",
    r"verz[öo]e?gert|retard[ée]e?\b|retrasad|ritardat|atrasad|vertraagd|f[öo]rsenad|forsinket"
    r"|op[óo][źz]nion|задерж|遅延|遅れて|延迟|延遲|지연",
    r"delivery incomplete", r"will retry for", r"delivery status notification \(delay\)",
)  # fmt: skip
# … but not any more, whatever else it says.
GIVEN_UP = _any(
    r"message will be deleted from queue", r"given up", r"permanent (?:fatal )?(?:error|failure)",
    r"could not be delivered for",
)  # fmt: skip

# Where the returned message begins. What follows speaks of the message, not of its fate.
ORIGINALS = _line(
    r"-{2,} ?(?:below this line|enclosed|this is a copy|the header of|the headers? of the original"
    r"|included|copy of|the following is|here is)",
    r"-{2,} ?(?:the )?(?:original|unsent|returned|undelivered|your) (?:message|mail|header)",
    r"-{2,} ?message (?:header|text|contents|non-?deliverable)",
    r"-{3,} ?header", r"\*{3,} ?original", r"original message (?:headers? )?(?:follows|:|headers:)",
    r"(?:below is|this is|included is|here is|following is|attached is)[\w ]{0,12} "
    r"(?:a )?copy of (?:the|your) (?:original |message|mail)",
    r"(?:the )?original message (?:headers?|follows|was as follows|is (?:included|attached|below))",
    r"original (?:message )?headers?:", r"intestazioni originali|urspr[üu]ngliche nachricht"
    r"|en-t[êe]tes? (?:de message )?d'origine|encabezados? (?:de mensaje )?original",
    r"message header:", r"returned message follows", r"=+ ?original message",
    r"-{5,}\s*(?:original|オリジナル)", r"the following is a copy", r"元のメッセージ",
    r"(?:message|mail) (?:text|contents) follow", r"-{2,} ?forwarded message",
    r"(?:attached|following) (?:below )?is the (?:original )?(?:message|header)",
)  # fmt: skip
# … and where nothing announces it: the first field of its header, not indented.
FIELDS = re.compile(
    r"^(?:received:[ \t]+(?:from|by|\()|return-path:[ \t]*<|dkim-signature:|x-originating-ip:|"
    r"message-id:[ \t]*<|mime-version:[ \t]*1)",
    re.IGNORECASE | re.MULTILINE,
)

# Fields of a report's header that name who failed.
FAILED_FIELDS = (
    "x-failed-recipients", "x-mailer-daemon-recipients", "x-bounced-address", "x-actual-recipient",
    "x-failed-recipient", "x-undelivered-to", "x-bounce-recipient",
)  # fmt: skip

_A = (
    r"<?(?<![^\s<\"'(:;=\[*>,•·-])"  # an address does not begin in the middle of a word
    r"(?P<address>(?:\"[^\"\r\n@]{1,64}\"|[^\s<>\"(),;:@\[\]]{1,64})@[\w.-]{1,200})>?"
)

# A line that begins with the recipient: in brackets, as an item, before its reason.
AT_BEGIN = re.compile(
    r"^[ \t>*\"'·•\[-]{0,20}(?:\d{1,3}[.)][ \t]{1,4})?(?:c=[^\n@<>]{0,100}smtp=)?"
    rf"{_A}[\"'\]]?"
    r"(?=[ \t]*(?:$|[:;,(<\[]|\.\.\.|on (?:[A-Z][a-z]{2},|\d)|delivery|invalid|error|is\b|was\b|"
    r"[ \t]{2}|could|has\b|user|unknown|-|failed|not\b))",
    re.IGNORECASE,
)

# Words that stand before the recipient, on its line or as the end of the line above.
NAMED = re.compile(
    r"\b(?:failed (?:recipients?|address(?:es)?)(?:\(s\))?|recipient address|addressed to"
    r"|recipients?|recipient was|undeliverable (?:address|to)|(?:could"
    r"|can) ?not be (?:delivered|sent) to"
    r"|(?:unable|failed) to (?:deliver|send)(?: (?:your|the|this|a))? ?(?:message|mail|e-?mail)?"
    r"(?: to| for)?(?: the)?|delivering (?:your )?(?:mail|message) to|rejected recipients?"
    r"|unknown user|mailbox exceeds allowed size|delivery failed \d+ attempts"
    r"|(?:was )?not delivered to|(?:could|was)n.t (?:be )?delivered to"
    r"|your (?:message|mail|e-?mail) to|the user"
    r"|deliver\w* to|non-local|to be delivered to|manager for the ml|did not reach"
    r"|address|final-recipient|(?:expanded|generated|forwarded) from|sent to|meant for|intended for"
    r"|original-recipient|delivery failed for|empf[äa]nger|destinataire|destinatario|宛先|"
    r"(?:the )?group|mailbox|account|user|to)"
    rf"[ \t]*(?:\w*;)?[ \t]*[:=\"'(-]{{0,3}}[ \t]*(?:\[?smtp:)?{_A}",
    re.IGNORECASE,
)
# … and those that follow it on its line.
ONE_MORE = re.compile(rf"[>\"')\]]?[ \t]*(?:[,;&]|and|und|et|y)[ \t]*{_A}", re.IGNORECASE)
# A reason and then the recipient, alone on a line; fields of a header look like it and are not.
REASON_FIRST = re.compile(
    r"^[ \t]*(?!(?:from|to|cc|sender|reply-to|return-path|subject|date|contact|mailto|by|original)"
    r"\b)"
    rf"[^\n:@]{{3,80}}:[ \t]*[\"'\[]?(?:smtp:)?{_A}[\"'\]]?[ \t]*$",
    re.IGNORECASE,
)
# A conversation that is quoted: who was refused there.
REFUSED = re.compile(rf"\bRCPT[ \t]+TO:[ \t]{{0,3}}{_A}", re.IGNORECASE)

# What stands before the remote server's own words; the last one counts, as reports quote reports.
QUOTES = re.compile(
    r"(?:\bsaid|returned was|respond(?:ed|s) (?:as follows|with)|(?:server|it|host) returned"
    r"|response was|reason|because|error message|diagnostic[- ]code|error (?:was|is)|failed with"
    r"|following reason|transcript|received >>>|response|cause|details|delay reason"
    r"|smtp error from remote (?:mail )?server[^\n:]{0,120}(?::<[^<>\n]{0,200}>)?[^\n:]{0,40})"
    r"[ \t]*[:>]+\s*[\"'\[]?(?=\S)",
    re.IGNORECASE,
)
# The address that a reader moved to: it is alive, and no recipient of this message.
ANOTHER = re.compile(
    r"\b(?:new (?:e-?mail )?address(?: is)?|(?:please |and )?(?:try|use)|(?:moved|changed) to"
    r"|replaced by|(?:write|forward|send)(?:ed)? (?:it )?to|nouvelle adresse(?: est)?"
    r"|neue adresse(?: lautet)?|nueva direcci[oó]n(?: es)?)[ \t:]{1,4}[<\"'(]{0,2}(?:mailto:)?"
    r"[^\s<>()@\"']{1,64}@[\w.-]{3,200}[>\"')]?",
    re.IGNORECASE,
)
