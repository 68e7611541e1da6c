"""What servers say of an address that is dead: the rows that end a reader's mail at once.

A row here is worth a second look: what it matches by mistake loses a good reader.
"""

from newsletter.core.reports import languages

# What stands for "a mailbox" in the rows below.
BOX = (
    r"(?:user|rec[ei]pi?e?nt|mailbox|mail ?box|account|addressee|alias|person|customer|subscriber"
    r"|employee|member"
    r"|e-?mail|mail drop|local[- ]part|destination|inbox|addresses|address)"
)
_NOT = r"(?:not|n[o']t|cannot|can ?not)"
_ADDRESS = r"<?[^\s<>@]{1,64}@[^\s<>]{1,128}>?"

NO_MAILBOX = (
    rf"\b(?:unknown|inexistent|non-?existent|invalid|nonexisting|undefined|no such|no valid"
    rf"|not a (?:valid|known)|bad destination|unrecognized|illegal|no known) "
    rf"(?:or (?:illegal|unknown|invalid) )?(?:e-?mail |mail |local |internal |remote |virtual "
    rf"|final "
    rf"|destination |smtp |user )?{BOX}\b(?! syntax)",
    rf"{BOX}'?s? ?(?:name |address |id |list |account |mailbox "
    rf"|email )?(?:\(?{_ADDRESS}\)?:?,? )?"
    r"(?:is |was |are |does |do |could |has |have |, |- )?(?:an |a |the )?"
    rf"(?:unknown|invalid|nonexistent|non-existent|undeliverable|wrong|{_NOT} ?"
    r"(?:be |a |an |currently |been )?"
    r"(?:exist|found|known|listed|valid|recogni[sz]ed|registered|defined|be found|resolve"
    r"|our|here|located|present|available here|set ?up|created|match|in (?:our|the|my) ))",
    r"(?:user|adres|address|recipient|mailbox|account|there)\b[\w <>@.,:'\"()-]{0,80}?"
    r"(?:does ?n[o']t|does not|do not|did not|doesn.?t|isn.?t|wasn.?t|couldn.?t be)"
    r" (?:currently |seem to )?(?:exist|found|have an?|listed|valid|known)",
    r"\bno (?:such )?(?:mail ?box|user|account|recipient|person|customer|one)\b[\w ]{0,20} "
    r"(?:here|by that name|with that|found|of that name|exists|on this|named|like)",
    r"\bno (?:mail ?box|such) (?:here|user|person|recipient|address|account|mailbox)",
    rf"{_ADDRESS}:? (?:\w+ ){{0,2}}(?:does not|doesn'?t) exist",
    rf"{_ADDRESS}[ .:,]*(?:user )?unknown\b|unknown_user|user_unknown",
    r"(?:(?:wasn.?t|isn.?t|was not|is not|not) (?:be )?)found at |recip(?:ient)?notfound",
    r"not listed in (?:the )?(?:public |domino |lotus )?(?:name|domino|directory|address)",
    r"not found in (?:the )?(?:directory|address|recipient|user|name|system|database"
    r"|local)",
    r"recipient name is not recogni[sz]ed|unknown recipient|recipient unknown",
    r"(?:cannot|could not|can.?t|unable to) (?:find|locate|identify|resolve) "
    rf"(?:a |the |any |your |this )?(?:\w+ ){{0,2}}{BOX}",
    r"user name or domain is (?:wrong|invalid)|(?:address|user"
    r"|name) (?:is )?not in (?:table|file)",
    r"mailbox (?:name )?not (?:allowed|available|found)",
    rf"not (?:a|the) (?:valid|known|local|correct|registered) {BOX}\b",
    r"not a (?:user|mailbox|recipient)\b",
    # RFC 5321 section 4.2.3 says "mail action" in its 450, where the mailbox is only busy.
    r"requested action not taken:? mailbox unavailable",
    r"55\d[ \d.#-]{0,12}(?:requested mail action not taken:? |<[^<>]{0,128}>:? )?"
    r"(?:the )?mailbox (?:is )?unavailable",
    r"unrouteable address|unknown to address|unknown address|address unknown",
    r"recipient address rejected:? (?:<[^<>]{0,128}>:? )?(?:user|undeliverable|unknown"
    r"|invalid"
    r"|no such)",
    r"(?:invalid|unknown) (?:final )?(?:delivery )?(?:user|userid)|nosuchuser|no_such_user",
    r"#5\.1\.0 address rejected|5\.1\.0 address rejected",
    r"5\.4\.1 (?:<[^<>]{0,128}>: )?recipient address rejected: access denied",
    r"address found on the invalid|bad[- ]mailbox|no ?email\b",
    r"not known (?:at|here|to|on)|bad e-?mail address|user lookup success but no user"
    r"|cuda_nsu|no valid recipients for this"
    r"|recipients? (?:could|can)(?:not| not) be verified|this address is no"
    r"|delivery to the following (?:address|recipient) failed: unknown",
    rf"(?:do|does)(?: not|n.?t) (?:have|know|host)(?: an?| any| this| that)? (?:{BOX}|{_ADDRESS})",
    rf"(?:wrong|incorrect) {BOX}\b|{BOX} (?:is )?(?:wrong|incorrect)",
    r"no ?(?:one|body) at (?:this|that) address|no entry (?:for|found)|no mail ?box$",
    rf"not exist\w* (?:such )?{BOX}|\bno (?:this|that) {BOX}|{BOX} does(?: not|n.?t) exit",
    r"(?:cannot|could not|can.?t|unable to) find [\w.@<>+-]{1,80} in (?:our|the|any|this) ",
    rf"(?:{BOX}|{_ADDRESS}) does(?: not|n.?t) receive (?:any )?(?:e-?)?mail(?! (?:from|larger))",
    # the account went away for good
    rf"{BOX} (?:is |has )?gone\b",
    rf"{BOX}[\w <>@.,:'\"()-]{{0,60}}?\b(?:has|have|was|were|is|been) (?:been |permanently )*"
    r"(?:deleted|removed|erased|purged)\b(?! from (?:the )?(?:queue|list))",
    r"(?:deleted|removed) (?:user|mailbox|account|recipient)\b",
    r"(?:account|user|recipient) (?:is )?not available(?! (?:at this|right|for the))",
    r"(?:nobody|no one|never heard) (?:called|named|by (?:that|this) name|of|with)",
    rf"bad {BOX}\b(?! syntax)|un-?registered {BOX}|(?:member|owner) (?:is )?(?:not found|unknown)",
    r"not assigned to any|does ?n[o']t have an? (?:[\w.-]+ )?account",
    # Facebook's postmaster page
    r"(?:rcp-p1|int-p[134])\b",
    *languages.NO_MAILBOX,
)

# … although the same reply first calls it closed.
GONE = (
    r"(?:inactive|closed|cancell?ed|disabled|suspended|graduated)\b[^\n]{0,40}"
    r"(?:not exist|n.t exist|deleted|removed|no longer exist|no such)",
)

NO_DOMAIN = (
    r"(?:host|domain|hostname|domain name|site|name server)\b:? ?(?:name )?"
    r"[\w.()'\": -]{0,60}?(?:not found|unknown|does not exist|non-?existent|is not known"
    r"|doesn'?t exist|not recogni[sz]ed|cannot be (?:found|resolved)|could not be found"
    r"|isn'?t valid|is (?:invalid|not (?:a )?valid)|was not found|couldn'?t be found)",
    r"(?:unknown|no such|invalid|bad|non-?existent|illegal|unresolvable|unrouteable"
    r"|unroutable)"
    r" (?:mail |remote |destination |recipient )?(?:host|domain|site)",
    r"[\w-]{1,63}\.[\w.-]{2,80} does not exist",
    r"couldn'?t find any host|couldn'?t find a mail exchanger|no mail exchanger",
    r"host address lookups? failed permanently|non-?existent hosts?|nxdomain",
    r"(?:all )?relevant mx records? point|(?:host|domain) found but no data record",
    r"no (?:valid )?(?:mx|a)(?:(?: or |/|, )(?:mx|a|aaaa))? (?:record|host)s? (?:found|for)"
    r"|no route found to domain",
    r"domain lookup failed|bad[- ]domain|name or service not known",
    r"in any (?:mx|dns) record|no dns records? ",
    *languages.NO_DOMAIN,
)

MOVED = (
    r"not (?:our|my) (?:user|customer|local user)",
    r"(?:user|recipient|mailbox|account|address|owner) (?:has|have|was|is) (?:been )?moved"
    r"(?! (?:between|to another (?:server|host|machine)))",
    r"has moved to|please (?:try|use|forward to) (?:the )?new address"
    r"|address (?:has )?changed|changed (?:his|her|their|its|the) (?:e-?mail )?address",
    r"user not local|has been replaced by|new address is",
    r"no longer (?:works? |working |employed |at this |with |in use|valid|exists?"
    r"|on (?:this )?"
    r"server|receiv|accept\w* (?:e-?)?mail(?! (?:from|by))|used|monitored|active|available"
    r"|a (?:valid"
    r"|member)"
    r"|associated)",
    r"does ?n[o']t work (?:here|at|for)|left (?:us\b|(?:the|our|this) (?:company|organi[sz]ation"
    r"|firm|university|school|institut))",
    r"(?:domain|address) (?:has |was |is )?(?:been )?changed\b[\w ]{0,20}(?: to|:)",
    r"change of (?:e-?mail )?address",
)

TAKES_NO_MAIL = (
    r"null mx|nullmx",
    r"(?:an? )?mx or srv record indicated no smtp service",
    r"does not accept (?:any )?(?:e-?)?mail \(nullmx|domain .{1,80} does not accept mail",
    r"no mx found for domain",
    r"(?:host|domain|server) (?:does|do) not (?:accept|receive) (?:any )?(?:e-?)?mail",
    r"does not have an mx record|mail receiving disabled",
    r"not accepting (?:any )?(?:e-?)?mail (?:at|for) this (?:host|domain)",
    r"there is no mail(?:box|server)? (?:at|on|for) this (?:host|domain)|has no mail server",
    r"(?:host|domain|server|site|[\w-]{1,63}\.[\w.-]{2,80})(?: is| does| do)?(?: not|n.?t|never) "
    r"(?:accept|receiv|tak)\w* (?:any )?(?:e-?)?mails?\b(?! (?:from|larger|with|by))",
    r"(?:accept|receive|take)s? no (?:e-?)?mail\b|no (?:e-?)?mail (?:is )?accepted (?:for|at"
    r"|by) this",
    r"this (?:host|domain) accepts no mail",
)

NOT_AN_ADDRESS = (
    r"(?:malformed|bad|invalid|illegal) (?:recipient )?(?:address|mailbox"
    r"|recipient) syntax",
    r"(?:syntax error|malformed|invalid character)[\w ]{0,20} in (?:the )?"
    r"(?:recipient|mailbox|address|rcpt)",
    r"(?:recipient |destination )address (?:must contain|contains|has) ",
    r"need fully-qualified (?:recipient|address)|domain missing|too many @",
)
