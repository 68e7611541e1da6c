"""What servers say in languages other than English: nouns and what is told of them, no rules.

Both orders are read ("usuario desconocido", "desconocido el usuario"), as both are written.
"""

# language: (what stands for a mailbox, what says that there is none)
_DEAD = {
    "German": (
        r"empf[äa]e?nger\w*|benutzer\w*|[\w-]*adress\w*|nutzer|(?:post|mail)fach|konto|account"
        r"|mailbox|teilnehmer",
        r"unbekannt\w*|existier(?:t|en) nicht|nicht (?:\w+ )?(?:gefunden|vorhanden|bekannt"
        r"|g[üu]e?ltig|existent|im [\w-]+ eingetragen|mehr (?:g[üu]e?ltig|vorhanden|aktuell))"
        r"|gibt es (?:hier )?nicht|ung[üu]e?ltig\w*|kein(?:e|en|er)? (?:solche[rn]?"
        r"|g[üu]ltige\w*)",
    ),
    "French": (
        r"utilisateur|destinataire|adresse|bo[iî]te(?: aux lettres)?|compte|messagerie",
        r"inconnue?|inexistante?|n.est pas valide|n.exist(?:e|ent) (?:pas|plus)|introuvable"
        r"|(?:in|non )valide"
        r"|pas (?:[ée]t[ée] )?trouv[ée]",
    ),
    "Spanish": (
        r"usuario|destinatario|direcci[oó]n|cuenta|buz[oó]n|casilla",
        r"desconocid[oa]|no (?:se )?existe|no (?:se )?(?:ha(?: sido)? |pudo )?(?:ser )?"
        r"encontr\w+|inexistente|no (?:es )?v[áa]lid[oa]|inv[áa]lid[oa]",
    ),
    "Italian": (
        r"utente|destinatario|indirizzo|casella|account",
        r"sconosciut[oa]|non (?:\w+ )?esist\w+|inesistente|non (?:[èe] )?(?:stat[oa] )?(?:trovat"
        r"|valid)[oa]",
    ),
    "Portuguese": (
        r"usu[áa]rio|destinat[áa]rio|endere[çc]o|conta|caixa(?: postal| de correio| de entrada)?",
        r"desconhecid[oa]|n[ãa]o (?:\w+ )?(?:exist\w+|encontrad[oa])|inexistente|inv[áa]lid[oa]"
        r"|n[ãa]o (?:foi )?(?:poss[íi]vel )?(?:encontrar|localizad[oa])",
    ),
    "Dutch": (
        r"gebruiker|[\w-]*adres|ontvanger|mailbox|postvak|postbus",
        r"onbekende?|bestaat niet|niet (?:worden )?gevonden|ongeldig",
    ),
    "the north": (
        r"(?:användar|mottagar|modtager|mottaker|bruger|bruker)\w*|adressen?|konto\w*|brevl[åa]da"
        r"|postkass\w*|postboks\w*",
        r"ok[äa]nd\w*|ukendt\w*|ukjent\w*|(?:finne?s|eksisterer|existerar|hittades"
        r"|findes) (?:ikke|inte|ej)|(?:ikke|inte) (?:findes|finnes|hittas)|ugyldig\w*|ogiltig\w*",
    ),
    "Finnish": (
        r"k[äa]ytt[äa]j[äa]\w*|osoite\w*|vastaanottaja\w*|postilaatikko\w*",
        r"ei (?:ole olemassa|l[öo]ydy|tunneta)|tuntematon|virheellinen",
    ),
    "Polish, Czech and Slovak": (
        r"u[żz]ytkownik\w*|adres\w*|skrzynk\w*|konto|odbiorc\w*|u[žz][ií]vate[lľ]\w*|schr[áa]nk\w*"
        r"|p[řr][íi]jemce|pr[íi]jemca",
        r"nie istnieje|nieznan\w+|nie ma (?:takiego|takiej)|nie (?:został\w* )?znalezion\w*"
        r"|neexistuj[eu]|nezn[áa]m\w+|nenalezen\w*|nebyl\w* nalezen\w*",
    ),
    "Hungarian": (
        r"felhaszn[áa]l[óo]|c[íi]mzett|postafi[óo]k|e-mail c[íi]m",
        r"nem l[ée]tez\w+|ismeretlen|nem tal[áa]lhat[óo]",
    ),
    "Romanian": (
        r"utilizator\w*|destinatar\w*|adresa|c[ăa]su[țt]a",
        r"nu exist[ăa]|necunoscut\w*|inexistent\w*|nu a fost g[ăa]sit\w*",
    ),
    "Turkish": (
        r"kullan[ıi]c[ıi]\w*|al[ıi]c[ıi]\w*|adres\w*|posta kutusu",
        r"bulunam\w+|bulunmuyor|bilinmeyen|ge[çc]ersiz|mevcut de[ğg]il|yok\b",
    ),
    "Greek": (r"χρήστη\w*|παραλήπτη\w*|διεύθυνση", r"δεν υπάρχει|άγνωστ\w+|δεν βρέθηκε"),
    "Russian and its neighbours": (
        r"пользовател\w*|адрес\w*|получател\w*|ящик\w*|уч[её]тн\w+ запис\w+|аккаунт\w*"
        r"|користувач\w*|скриньк\w*|абонент\w*",
        r"не существу\w+|несуществующ\w+|не найден\w*|неизвест\w+|не зарегистр\w+|отсутству\w+"
        r"|нет так\w+|нет\b|не обнаружен\w*|не ?існує|не знайдено|невідом\w+|неверн\w+ указан\w*",
    ),
    "Japanese": (
        r"宛先|ユーザ|アドレス|メールボックス|受信者|アカウント",
        r"存在しま|存在しな|存在して(?:い|お)|見つかりま|見つから|不明|ありません|無効|間違",
    ),
    "Chinese": (
        r"用户|用戶|收件人|收件者|地址|邮箱|信箱|郵箱|使用者|帐号|账号|帳號|帐户|帳戶|邮件帐号",
        r"不存在|未找到|找不到|不正确|不正確|无效|無效|未知|錯誤|错误|没有|沒有|拒收地址",
    ),
    "Chinese, in short": (r"[无無]此|查[无無]此?", r"用户|用戶|人|帐号|账号|帳號|邮箱|信箱"),
    "Korean": (r"사용자|수신자|수신인|계정|메일 ?주소", r"없|존재하지|찾을 수|알 수 없"),
    "Hebrew and Arabic": (r"משתמש|כתובת|تيبة|المستخدم|العنوان|البريد", r"לא קיימ?ת?|غير موجود"),
}  # fmt: skip
NO_MAILBOX = tuple(
    rf"(?:{nouns})[^\n]{{0,50}}?(?:{told})|(?:{told})[^\n]{{0,12}}(?:{nouns})"
    for nouns, told in _DEAD.values()
)

NO_DOMAIN = (
    r"domain?\w* (?:existiert|gibt es) nicht|(?:nom de )?domaine (?:inconnu|inexistant"
    r"|introuvable)"
    r"|dominio (?:desconocido|inexistente|sconosciuto|no existe|non esiste)"
    r"|dom[íi]nio (?:inexistente|n[ãa]o existe)|домен[\w .-]{0,40}не (?:существу|найден)"
    r"|ドメイン[^\n]{0,40}(?:存在し|見つか)|域名[^\n]{0,30}(?:不存在|找不到|错误)",
)

FULL = (
    r"(?:post|mail)fach[\w <>@.:-]{0,60}(?:voll|[üu]e?berf[üu]e?llt|limit)|speicherplatz"
    r"|kontingent|quote? (?:d[ée]pass|atteint)|bo[iî]te[\w <>@.:'-]{0,60}(?:pleine|satur[ée]e)"
    r"|espace (?:disque )?insuffisant|(?:buz[oó]n|casilla|bandeja)[\w <>@.:-]{0,60}llen[oa]"
    r"|casella[\w <>@.:-]{0,60}piena|spazio (?:esaurito|insufficiente)"
    r"|caixa[\w <>@.:-]{0,60}(?:chei|lotad)a|cota? excedida|quota superada|cuota (?:excedida"
    r"|superada)|superat\w+ (?:la |il )?(?:quota|limite)"
    r"|(?:mailbox|postvak|postbus)[\w <>@.:-]{0,40}\bvol\b|skrzynk\w+[\w <>@.:-]{0,40}"
    r"(?:pe[łl]n|przepe[łl]nion)|schr[áa]nk\w+[\w <>@.:-]{0,40}pln[áa]"
    r"|(?:brevl[åa]da|postkass\w*|postboks\w*|inkorg)[\w <>@.:-]{0,40}(?:full|fuld)"
    r"|postilaatikko[\w <>@.:-]{0,40}t[äa]ynn[äa]|(?:posta )?kutusu[\w <>@.:-]{0,40}dol[ud]"
    r"|переполнен|превышен\w* (?:квот|лимит|размер ящик)|нет места|закончилось место"
    r"|容量(?:が|を|超|不足|已)|いっぱい|満杯|溢れ|空间(?:已满|不足)|空間(?:已滿|不足)"
    r"|(?:邮箱|信箱|郵箱)[^\n]{0,12}[满滿]|超(?:过|出)[^\n]{0,8}(?:容量|配额)|한도|가득|용량",
)

DISABLED = (
    r"(?:konto|postfach|account|benutzer\w*)[\w <>@.:-]{0,40}(?:gesperrt|deaktiviert"
    r"|stillgelegt|abgelaufen)|(?:compte|bo[iî]te)[\w <>@.:'-]{0,40}(?:suspendue?|d[ée]sactiv[ée]e?"
    r"|bloqu[ée]e?|inacti(?:f|ve))|(?:cuenta|buz[oó]n|conta|caixa|usuario|usu[áa]rio)"
    r"[\w <>@.:-]{0,40}(?:suspendid|desactivad|deshabilitad|inhabilitad|bloquead|suspens"
    r"|desativad|inativ|inactiv)[oa]|(?:casella|account|utente)[\w <>@.:-]{0,40}(?:sospes|bloccat"
    r"|disattivat|disabilitat)[oa]|(?:gebruiker|account|mailbox)[\w <>@.:-]{0,40}geblokkeerd"
    r"|konto[\w <>@.:-]{0,40}zablokowan|(?:ящик|запис|аккаунт|пользовател)[\w <>@.:-]{0,40}"
    r"(?:заблокирован|отключ[её]н|неактив)|(?:アカウント|メールボックス|ユーザ)[^\n]{0,30}"
    r"(?:停止|無効になって|凍結)|(?:帐号|账号|帳號|邮箱|信箱|用户)[^\n]{0,20}(?:禁用|停用|冻结|凍結|锁定|鎖定)",
)  # fmt: skip

TOO_LARGE = (
    r"zu gro(?:ß|ss)|trop (?:volumineux|gros|grand)|demasiado (?:grande|largo)|troppo grande"
    r"|muito grande|te groot|f[öo]r stor|for stor|liian suuri|zbyt du[żz]|слишком (?:больш|велик)"
    r"|превыша\w+ (?:максимальн\w+ |допустим\w+ )?размер|サイズ|太大|过大|過大|너무 (?:큽|커)",
)

SPAM = (
    r"unerw[üu]e?nscht|ind[ée]sirable|no deseado|indesiderat|indesejad|ongewenst|нежелательн"
    r"|спам|迷惑メール|スパム|垃圾|스팸",
)

BLOCKED = (
    r"sperrliste|gesperrte? ip|verbindung abgelehnt|liste noire|lista (?:negra|nera)"
    r"|ч[её]рн\w+ спис|ブラックリスト|黑名单|黑名單|차단",
)

POLICY = (
    r"richtlinie|abgelehnt|verweigert|refus[ée]|politique|pol[íi]tica|rechazad|rifiutat|rejeitad"
    r"|recusad|geweigerd|odrzucon|отклон[её]н|отказано|запрещ|拒否|拒绝|拒絕|거부",
)

LATER = (
    r"sp[äa]e?ter (?:noch ?mal|erneut|wieder)|vor[üu]e?bergehend|plus tard|temporairement"
    r"|m[áa]s tarde|temporalmente|pi[ùu] tardi|temporaneamente|mais tarde|temporariamente"
    r"|позже|временно|しばらく|一時的|稍后|稍後|暂时|暫時",
)
