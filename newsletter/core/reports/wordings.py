"""What servers say for each cause of failure: a table of words, no rules.

Words come before codes, as servers are free with codes: many say 5.7.1 to an unknown mailbox, or
5.1.1 to a sender they do not like.
"""

from newsletter.core.reports import dead, languages
from newsletter.core.reports.causes import (
    AUTHENTICATION,
    BLOCKED,
    CONTENT,
    DISABLED,
    ENCRYPTION,
    EXPIRED,
    FILTERED,
    FULL,
    LOOP,
    MOVED,
    NETWORK,
    NO_DOMAIN,
    NO_MAILBOX,
    NOT_AN_ADDRESS,
    POLICY,
    RATE,
    RELAYING,
    SENDER,
    SPAM,
    SYSTEM,
    TAKES_NO_MAIL,
    TOO_LARGE,
    VIRUS,
    Cause,
)

# (cause, what servers say). The first row that matches decides, so the order is part of the rule:
# what speaks of us before what speaks of the mailbox, the particular before the general.
WORDINGS: tuple[tuple[Cause, tuple[str, ...]], ...] = (
    (
        FILTERED,  # mobile carriers say so to a message that their customer's filter refused
        (
            r"\b55\d:? ?: user unknown",
            r"have an? \S+ account \(\S+\) ?\[-\d+\]",
            r"rejected by (?:the )?(?:recipient|user|addressee)(?:'s)?\b(?! (?:domain|server))",
            r"not (?:on|in) (?:my|the recipient'?s?) (?:guest|white|allow|accept)",
            r"only accepts? (?:mail|messages?) from (?:people|senders|allowed|known|approved)",
            r"(?:recipient|user) (?:has )?(?:refused|rejected|declined|blocked) (?:your|this|to)",
            r"resolver\.rst\.(?:notauthorized|recipientnotauthorized|authrequired)",
            r"not authorized to send to the recipient",
            r"restricted by the recipient|recipient (?:address )?is restricted",
            r"sender (?:is )?(?:on|in) (?:the )?recipient'?s? (?:block|black|reject)",
        ),
    ),
    (
        NETWORK,  # Google's resolver: the same words come for a domain that is only broken today
        (r"dns error: \d+", r"unverified address", r"address verification in progress",
         r"(?:sender|callout|callback) verif\w+ (?:in progress|defer)",
         r"host not found, try again"),
    ),
    (TAKES_NO_MAIL, dead.TAKES_NO_MAIL),
    (
        SENDER,
        (
            r"(?:sender|from|originator|return[- ]path|envelope[- ]from)'?s? ?"
            r"(?:e-?mail )?(?:address|domain|verif\w+)?:?,? ?(?:<[^<>]{0,128}>:? ?)?"
            r"(?:is |was |has |does |could )?(?:been )?"
            r"(?:reject|refus|invalid|unknown|not (?:exist|accept|allow|found|be verif"
            r"|recogni[sz]ed"
            r"|valid|permitted|authori[sz]ed)|blocked|failed|unverif|unresolv|denied|cannot be|"
            r"domain not)",
            r"(?:invalid|unknown|bad|illegal|unresolvable|unverified|unauthenticated|fake|forged"
            r"|unacceptable|denied|unauthori[sz]ed) (?:mail )?"
            r"(?:sender|from|return[- ]path|senders domain)",
            r"domain of sender|sender's? domain|sender (?:host|domain) ",
            r"mail from (?:address )?(?:<[^<>]{0,128}> )?(?:refused|rejected|must|denied|not)",
            r"(?:bounce|null|empty) (?:sender|envelope|return)[\w -]{0,20}"
            r"(?:not accepted|refused|rejected|denied)",
            r"(?:recognized|accepted|authorized) as a? ?(?:valid )?sender",
            r"(?:bad|invalid) (?:address|domain) in (?:mail )?from|sender was rejected",
            r"you (?:are|is) not allowed to (?:send|use)|not allowed to send (?:mail )?(?:from|as)",
            r"not (?:permitted|authori[sz]ed) to send (?:mail )?(?:from|as|on behalf)",
            r"access denied, bad outbound sender|5\.7\.708|5\.1\.8",
        ),
    ),
    (
        RELAYING,
        (
            r"relay(?:ing)?(?: \w+){0,2} (?:denied|prohibited|disallowed|not (?:permitted"
            r"|allowed))",
            r"(?:unable|not (?:permitted|allowed|authori[sz]ed)|cannot|can't|refuse\w*|will not) "
            r"to? ?relay|to relay through|no relaying|relay (?:access|not) ",
            r"list of allowed rcpthosts|isn't in my (?:list|control)|we do not relay|open relay",
            r"that domain isn'?t|not (?:a )?(?:gateway|local host)"
            r"|mail to .{1,60} not allowed here",
            r"insecure mail relay|not in my relay|as a relay",
        ),
    ),
    (
        FULL,
        (
            r"(?:mail ?box|inbox|account|mail ?folder|user'?s? disk|mail file|postfach|mail ?spool)"
            r"[\w .,:;'<>@()/-]{0,60}\b(?:is |are |appears |ist )?(?:almost |too |currently )?"
            r"(?:full|voll)\b",
            r"full (?:mail ?box|inbox)|mailboxfull",
            r"(?:over|exceed\w*|out of|insufficient|no more|not enough)[\w ,'/:-]{0,50}"
            r"(?:quota|storage|(?:disk|mail ?box|user) space|mailbox (?:size|limit|capacity))",
            r"(?:quota|storage|mailbox size|mail ?box limit|disk (?:quota|space|limit)|mailbox)"
            r"[\w ,'/:()<>@.-]{0,40}(?:exceed|exhaust|over ?limit|reached|has been met|violat"
            r"|full)",
            r"mailbox exceeds|over ?quota|quotaexceeded|quota-issues|resolver\.rst\.recipsizelimit"
            r"|mailfolder is full",
            r"(?:number|amount) of (?:messages|mails?) in (?:the )?recipient'?s? mailbox",
            r"too (?:much|many) (?:mails?|messages?|data) (?:in|on|stored|for) ",
            r"account has exceeded|user has too many messages|inbox is out of storage",
            r"no space left|out of space|mail_?box_?full|over ?stor|(?:inbox|mailbox) has no ",
            *languages.FULL,
        ),
    ),
    (
        TOO_LARGE,
        (
            r"(?:message|mail|size|line|body|attachment|datei)[\w ]{0,20} (?:is |was )?"
            r"(?:too|to) (?:big|large|long|gross)",
            r"too (?:big|large) (?:message|mail|for)|message ?size|mail size|maximum size",
            r"exceed\w* (?:the )?(?:maximum |fixed |local |remote |global |allowed |system "
            r"|server )?"
            r"(?:\w+ )?(?:message |mail )?size",
            r"size (?:limit )?exceed|line limit exceeded|line length exceed|max message size"
            r"|message ?too ?large|messagetoolarge|too much (?:mail )?data|larger than",
            r"rejected due to size|sizelimit|resolver\.rst\.(?:send|recip)sizelimit",
            r"(?:msg-p1|int-p2)\b",  # Facebook's postmaster page
            *languages.TOO_LARGE,
        ),
    ),
    (MOVED, dead.MOVED),
    (NO_MAILBOX, dead.GONE),
    (
        DISABLED,
        (
            rf"{dead.BOX}[\w <>@.,:'\"()-]{{0,80}}?\b(?:is |was |has |have |been |currently "
            r"|temporarily |"
            r"now )*(?:disabled|suspended|deactivated|inactive|locked|discontinued|frozen|on hold"
            r"|expired|dormant|closed|not active|unavailable due to|temporarily limited"
            r"|restricted)",
            r"(?:disabled|suspended|deactivated|inactive|locked|inactivated|expired|limited"
            r"|closed) "
            rf"(?:\w+ )?{dead.BOX}",
            rf"{dead.BOX} (?:has been |is )?(?:temporarily )?(?:blocked|barred) (?:for"
            rf"|due to) inactiv",
            r"disableduser|not logged (?:in|on)[\w ]{0,20}(?:for|since)"
            r"|over \d+ days of inactivity",
            r"(?:sending|address) (?:has been |is )?suppressed|suppress\w* sending"
            r"|suppression list",
            r"domain (?:has been |is )(?:suspended|disabled|parked)|boite du destinataire archiv",
            r"(?:cancell?ed|terminated|retired|closed) (?:user|mailbox|account|address)"
            r"|(?:user|mailbox|account|address) (?:\w+ ){0,3}(?:cancell?ed|terminated|retired)",
            r"account is not active|mailbox currently suspended|invalid/inactive",
            r"user refused to receive this mail|email is temporarily denied",
            *languages.DISABLED,
        ),
    ),
    (NOT_AN_ADDRESS, dead.NOT_AN_ADDRESS),
    (NO_MAILBOX, dead.NO_MAILBOX),
    (NO_DOMAIN, dead.NO_DOMAIN),
    (
        LOOP,
        (r"loop|too many hops|hop count|routing loop|resolver\.loop|already been (?:received"
        r"|here)",),
    ),
    (
        VIRUS,
        (
            r"virus|malware|trojan|infected|phishing|worm\b|dangerous|malicious",
        ),
    ),
    (
        AUTHENTICATION,
        (
            r"\bdmarc|\bspf\b|\bdkim|sender policy framework|sender id\b|domainkeys|arc validation",
            r"unauthenticated (?:email|mail|message)|authentication (?:required|failed|check"
            r"|results?)"
            r"|not authenticated|smtp auth|auth(?:entication)? (?:capability|is required|first)"
            r"|must (?:be )?authenticate|authentication information|requires? authentication",
        ),
    ),
    (
        SPAM,
        (
            r"\bspam|\bube\b|\buce\b|unsolicited|junk|bulk (?:e-?)?mail|spamassassin|scored? as"
            r"|dspam"
            r"|cloudmark|bogofilter|high probability of|content (?:analysis|filter)|advertis",
            *languages.SPAM,
        ),
    ),
    (
        RATE,
        (
            r"too many|rate[- ]?limit|throttl|frequency limit|exceeded the (?:rate"
            r"|maximum number|limit)"
            r"|too (?:fast|frequent|much traffic)|max(?:imum)? (?:number of )?(?:connections"
            r"|recipients)"
            r"|concurrent|greylist|gr[ea]y-?list|try again later|unusual rate|sending limit"
            r"|(?:message|sending|hourly|daily) (?:rate|quota|limit)|slow down|in the last hour",
        ),
    ),
    (
        BLOCKED,
        (
            r"block|black|\brbl\b|dnsbl|spamhaus|spamcop|sorbs|barracuda|proofpoint|cidr|reputation"
            r"|banned|poor|blocklist|deny ?list|listed (?:in|on|by|at)|senderscore|invaluement"
            r"|uribl"
            r"|reverse (?:dns|lookup)|\bptr\b|rdns|no ptr|bad dns|dynamic ip|dial-?up|residential"
            r"|(?:client|connecting|your) (?:host|ip|server|client)|helo|ehlo|mismatches client"
            r"|access denied|connection (?:rejected|denied|not allowed)"
            r"|not accept(?:ing)? connections?"
            r"|from (?:your|this) (?:ip|server|host|network)|unverifyable sending",
            *languages.BLOCKED,
        ),
    ),
    (
        ENCRYPTION,
        (r"starttls|\btls\b|\bssl\b|certificate|encrypt|cipher",),
    ),
    (
        POLICY,
        (
            r"polic(?:y|ies)|not (?:accepted|allowed|permitted|authori[sz]ed)|refused|prohibit"
            r"|forbid"
            r"|administrative|rejected (?:by|due|for|because)|not comply|permission|moderat"
            r"|security"
            r"|private group|only members|not (?:a )?member|denied|rfc (?:53|28|25)22|compliant"
            r"|non-?compliant|violat|unacceptable|restricted|transport rule|resolver\.(?:rst|fwd)",
            *languages.POLICY,
        ),
    ),
    (
        CONTENT,
        (
            r"content|attachment|mime\b|8-?bit|smtputf8|charset|conver(?:t|sion)|message format"
            r"|bare (?:lf|cr)|line (?:feed|ending)|duplicate|message (?:was )?rejected",
        ),
    ),
    (
        FILTERED,  # Sieve's reject, in the reader's own words
        (r"automatically (?:rejected|refused)", r"(?:rejected|refused) automatically"),
    ),
    (
        EXPIRED,
        (
            r"expired|retry time|timeout exceeded|could not be delivered (?:for|within|in) \d+"
            r"|(?:in the|on the) queue (?:for )?(?:too|more|over)|queue (?:time|lifetime)|too long"
            r"|gave up|given up|giving up|last retry|retry limit|delivery failed \d+ attempts"
            r"|undeliver(?:ed|able) (?:after|for) \d+|maximum (?:retry|number of attempts)"
            r"|not delivered (?:within|after)|no delivery for|been (?:queued|trying)"
            r"|delivery time|within the (?:time|retry)|message[- ]expired",
        ),
    ),
    (
        NETWORK,
        (
            r"connect|timed? ?out|time-?out|refused to talk|network|unreachable|no route"
            r"|route to host"
            r"|lost|reset by peer|broken pipe|dns|name ?server|lookup|temporar(?:y|ily)|no answer"
            r"|(?:host|service|server) (?:is )?(?:down|not available|unavailable|busy"
            r"|not responding)"
            r"|not (?:reachable|responding)|unable to (?:connect|contact|reach)|\bmx\b"
            r"|establish an smtp"
            r"|conversation with|while (?:sending|performing|receiving)|read error|write error"
            r"|service shutting|no smtp service|handshake|deferred",
            *languages.LATER,
        ),
    ),
    (
        SYSTEM,
        (
            r"system|local (?:error|delivery|problem)|mailer error|internal|disk|i/o|out of memory"
            r"|insufficient|resources|configuration|config|program|pipe|script|exit(?:ed|ing)?"
            r"|cannot open|permission denied|lock|database|ldap|backend|maildir|mailbox"
            r"|queue file|server error|transaction failed|operating|protocol|bad sequence|command"
            r"|not implemented|syntax",
        ),
    ),
)  # fmt: skip

# What only ever speaks of us, of the message or of today. Beside it "no such address" is about
# something else: the sender's address, a host without a name, a triplet that is not known yet.
NOT_THE_READER = (
    r"\b(?:spam|spammers?|spammy|unsolicited|junk|rbl|dnsbl|uribl|gr[ea]y-?list\w*|spf|dkim|dmarc"
    r"|ptr|rdns|reputation|viru(?:s|ses)|malware|throttl\w+|triplet|policy|headers?|envelope"
    r"|forged|certificates?|tls|ssl|sasl|passwords?|credentials|attacks?|harvest\w*)\b",
    r"black-?list|block-?list|black list|block list|blocked using|reverse (?:dns|lookup|host)",
    r"rate[- ]limit|too many (?:\w+ ){0,2}(?:connections|messages|recipients|errors|sessions"
    r"|users)",
    r"\byour (?:\w+ )?(?:ip|host|server|network|message looks|domain)\b|\bin the body\b"
    r"|(?<!to )(?<!to the )\bsender\b(?! (?:accepted|ok))|\bsender's|\blinks? to|\burls?\b"
    r"|recipient's (?:address book|contacts)",
    r"the ip address|sending (?:ip|host|server|mta)|(?:client|helo|ehlo|loops?)\b",
    r"temporary (?:dns|lookup|resolution|name|server|network|system)\b",
)
# … with a reply code that speaks of today, these too.
ONLY_NOW = (
    r"(?:try|come back|retry|attempt) (?:again|later|in)|temporar(?:y|ily)|at (?:this|the) moment"
    r"|(?:please|will) retry|(?:right|just) now|\btoday\b|in a (?:minute|moment|while)"
    r"|in progress|deferred|lookup fail|time-?out|timed out",
    *languages.LATER,
)
