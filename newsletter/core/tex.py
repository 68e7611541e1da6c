r"""TeX in titles and abstracts as a reader wants to see it: `$\ell_1$` is ℓ₁, `\textit{x}` is x.

Sources pass on what authors typed. What has a plain Unicode form gets it; what has none, such as
a macro of the author's own (`\ours`), stays as it was typed. Every step is linear in the text.
"""

import re
import unicodedata
from collections.abc import Mapping

_SIGNS = re.compile(r"[\\$^~{]|[^\W\d]_\d|``|--")

# Command and sign by turns.
_NAMED = r"""
alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν
xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ
Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω varepsilon ε vartheta ϑ varphi φ
varrho ϱ varsigma ς ell ℓ hbar ħ imath ı jmath ȷ Re ℜ Im ℑ aleph ℵ times × div ÷ pm ± mp ∓
cdot · ast ∗ star ⋆ leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ ll ≪ gg ≫ approx ≈ sim ~ simeq ≃ cong ≅
equiv ≡ propto ∝ to → rightarrow → leftarrow ← leftrightarrow ↔ mapsto ↦ Rightarrow ⇒
Leftarrow ⇐ Leftrightarrow ⇔ iff ⇔ implies ⇒ uparrow ↑ downarrow ↓ infty ∞ partial ∂ nabla ∇
sum ∑ prod ∏ int ∫ in ∈ notin ∉ ni ∋ emptyset ∅ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ cup ∪
cap ∩ setminus ∖ forall ∀ exists ∃ neg ¬ land ∧ lor ∨ wedge ∧ vee ∨ oplus ⊕ otimes ⊗ odot ⊙
perp ⊥ mid | vert | lVert ‖ rVert ‖ Vert ‖ parallel ∥ top ⊤ bot ⊥ langle ⟨ rangle ⟩ lfloor ⌊
rfloor ⌋ lceil ⌈ rceil ⌉ ldots … dots … cdots ⋯ textellipsis … circ ° degree ° prime ′ dagger †
ddagger ‡ S § P ¶ checkmark ✓ textasciitilde ~ textbackslash \ backslash \ ss ß ae æ AE Æ oe œ
OE Œ aa å AA Å o ø O Ø l ł L Ł i ı j ȷ copyright © pounds £ textdegree ° texteuro € textendash –
textemdash — item • eg e.g. ie i.e. etc etc. lvert | rvert | colon : lesssim ≲ gtrsim ≳ leqslant ≤
geqslant ≥ prec ≺ succ ≻ preceq ⪯ succeq ⪰ models ⊨ vdash ⊢ asymp ≍ doteq ≐ triangleq ≜ coloneqq ≔
nmid ∤ bullet • triangle △ square □ Box □ blacksquare ■ diamond ⋄ bigstar ★ bigcup ⋃ bigcap ⋂
bigoplus ⨁ bigotimes ⨂ sqcup ⊔ sqcap ⊓ uplus ⊎ coprod ∐ oint ∮ iint ∬ hookrightarrow ↪
longrightarrow ⟶ Longrightarrow ⟹ rightsquigarrow ⇝ leadsto ⇝ nearrow ↗ searrow ↘ nwarrow ↖
swarrow ↙ varnothing ∅ therefore ∴ because ∵ angle ∠ wp ℘ sharp ♯ flat ♭ natural ♮ textregistered ®
texttrademark ™ textbar | textless < textgreater > textquoteright ’ textquoteleft ‘
"""
_READ_AS_WRITTEN = """
LaTeX TeX log ln exp sin cos tan tanh max min sup inf lim arg argmax argmin det dim ker gcd Pr
mod deg softmax
"""
_ONLY_SIZE = """
left right big Big bigg Bigg bigl bigr Bigl Bigr displaystyle textstyle scriptstyle limits nolimits
middle
"""

_SYMBOLS = {
    **dict(re.findall(r"([A-Za-z]+) (\S+)", _NAMED)),
    **{name: name for name in _READ_AS_WRITTEN.split()},
    **dict.fromkeys(_ONLY_SIZE.split(), ""),
    "quad": " ",
    "qquad": " ",
    "etal": "et al.",
}

# Commands that only say how their argument looks.
_LOOKS = (
    "text|textbf|textit|textsc|textsf|texttt|textrm|textup|textmd|textnormal|emph|underline|uline|"
    "mathrm|mathbf|mathit|mathsf|mathtt|mathcal|mathscr|mathfrak|boldsymbol|bm|operatorname\\*?|pmb|"
    "mbox|hbox|url|b|vec|overline|underbrace|overbrace|ensuremath|xspace|textcolor\\s?\\{[^{}]*\\}"
)
_LOOK = re.compile(rf"\\(?:{_LOOKS})\s?\{{([^{{}}]*)\}}")
_HREF = re.compile(r"\\href\s?\{([^{}]*)\}\s?\{([^{}]*)\}")
_FRAC = re.compile(r"\\[dt]?frac\s?\{([^{}]*)\}\s?\{([^{}]*)\}")
_SQRT = re.compile(r"\\sqrt\s?\{([^{}]*)\}")
_BINOM = re.compile(r"\\[dt]?binom\s?\{([^{}]*)\}\s?\{([^{}]*)\}")
_SCRIPTED = re.compile(r"\\text(super|sub)script\s?\{([^{}]*)\}")
_BLACKBOARD = re.compile(r"\\math(?:bb|ds)\s?\{?([A-Z1])\}?")
_BLACKBOARD_LETTERS = dict(
    zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ1", "𝔸𝔹ℂ𝔻𝔼𝔽𝔾ℍ𝕀𝕁𝕂𝕃𝕄ℕ𝕆ℙℚℝ𝕊𝕋𝕌𝕍𝕎𝕏𝕐ℤ𝟙", strict=True)
)
_MARKED = re.compile(
    r"\\(?:wide)?(tilde|hat|bar|ddot|dot|check|breve)\s?(?:\{([^{}]*)\}|([A-Za-z])(?![A-Za-z]))"
)
_MARKS = {
    "tilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "dot": "\u0307", "ddot": "\u0308",
    "check": "\u030c", "breve": "\u0306",
}  # fmt: skip
_SWITCH = re.compile(r"\{\\(?:em|bf|it|tt|sc|sf|rm|itshape|bfseries)\s+([^{}]*)\}")

# What a reader has no use for: the number of a reference is not in an abstract.
_UNSEEN = re.compile(
    r"[~ ]?\\(?:cite[a-z]*|ref|eqref|label|footnotemark|color)\*?\s?(?:\[[^\[\]]*\]){0,2}\{[^{}]*\}"
    r"|\\(?:begin|end)\s?\{[a-z*]{1,20}\}|\\\\(?=\s|$)"
)
# On their way here commands lose their backslash: a link, a number's comma, a sign, a name.
_CUT_HREF = re.compile(r"(https?://[^\s{}]+)\}\{([^\s{}]+)(?![^\s{}])(?!\})")
_BARE_HREF = re.compile(r"(?<![^\s(\[\"'~])~?(https?://[^\s{}]+)\}?\s?\{([^{}]*)\}")
_TIED_URL = re.compile(r"~(?=https?://)")
_SPACED = re.compile(r"\{([,=+:<>-])\}")
_SIM = re.compile(r"\{\\?sim\}\s?(?=\d)")
_KEPT_CAPITALS = re.compile(r"(?<![^\s(\"“'])\{([A-Z][\w-]{0,40}(?: [A-Z][\w-]{0,40}){0,3})\}")

# Text that was escaped as JSON once too often: commands, quotes, line ends have a backslash more.
_TWICE = re.compile(r"\\\\(?:[A-Za-z]{2}|[({])")
_ONCE = re.compile(r"(?<!\\)\\(?!\\)")
_QUOTED_TWICE = re.compile(r'\w[.,;:!?]?\\"(?![A-Za-z{\\])')
_LINE_END = re.compile(r"\\n(?=\s|$)")
_LOST_DOLLAR = re.compile(r"(?<![\w\\])\\(?=\d)")

_ACCENTS = dict(
    zip(
        "'`^\"~=.cvuHkr",
        "\u0301\u0300\u0302\u0308\u0303\u0304\u0307\u0327\u030c\u0306\u030b\u0328\u030a",
        strict=True,
    )
)
_ACCENT = re.compile(
    r"""\\(?:(['`^"~=.])\s?(?:\{\\?([A-Za-z])\}|\\?([A-Za-z]))|([cvuHkr])\s?\{\\?([A-Za-z])\})"""
)

_COMMAND = re.compile(r"\\([A-Za-z]+)(?:\{\}|\*)?")
_KERN = re.compile(r"\\(?:mkern|kern|hspace|vspace)\s?\{?-?[\d.]{1,6}\s?[a-z]{2}\}?")
_ESCAPED = re.compile(r"\\([%&#_$])")
_THIN = re.compile(r"\\[,;: ]")
_NOTHING = re.compile(r"\\[!/]|\\-")
_NORM = re.compile(r"\\\|")

_MATH = re.compile(
    r"\$\$([^$]{1,400})\$\$|\\\(([^$]{1,400}?)\\\)|\\\[([^$]{1,400}?)\\\]"
    # As in Pandoc: no blank inside next to a dollar and no digit after it, so prices stay prices.
    r"|(?<!\\)\$(?=\S)([^$]{0,400}[^\s$\\])\$(?!\d)"
)
_MATHEMATICAL = re.compile(r"[\\^_{}=<>+|]|^[\w.,:/()\s-]{1,24}$")

_SUPER = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyz*T⊤",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ*ᵀᵀ",
        strict=True,
    )
)
_SUB = dict(
    zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)
)
_BRACED_SUPER = re.compile(r"\^\s?\{([^{}]*)\}")
_BRACED_SUB = re.compile(r"_\s?\{([^{}]*)\}")
_BARE_SUPER = re.compile(r"(?<=[\w)\]])\^([0-9*](?!\d)|[a-zT](?![^\W_]))")
_BARE_SUB = re.compile(r"(?<![^\W_])([^\W\d_])_([0-9])(?!\.?\d)")
_MATH_SUPER = re.compile(r"\^([^\s{}()^_\\])(?!\.\d)")
_MATH_SUB = re.compile(r"_([^\s{}()^_\\])(?!\.\d)")
_RELATION = re.compile(r" ?([≤≥≠≈∈∉≪≫→∝×⊂⊆]) ?(?=\S)")
_DEGREES = re.compile(r"\^\s?\{?\s?\\?circ\b(?:\s?\})?")  # the backslash is often lost on the way
_TIE = re.compile(r"(?<=[\w.)}%])~(?=[A-Za-z\\$`(])|(?<=[A-Za-z.)}%])~(?=\d)")
_PLAIN = re.compile(r"(?:[^\W_]|[.'′°√₀-₎⁰-ⁿ])*")
_OPEN, _CLOSE = "\ufdd3", "\ufdd4"  # \{ and \} meanwhile; cleaned text never holds these
_PASSES = 4  # deeper nesting than this stays as it was typed


def readable(text: str) -> str:
    """The text with its TeX turned into Unicode; text without TeX comes back unchanged."""
    if not _SIGNS.search(text):
        return text
    text = _as_typed(text)
    text = _UNSEEN.sub("", text).replace(r"\{", _OPEN).replace(r"\}", _CLOSE)
    text = _common(_MATH.sub(_math, text))
    text = _BARE_SUPER.sub(_superscript, text)
    text = _BARE_SUB.sub(lambda m: m[1] + _SUB[m[2]], text)
    text = _without_lost_commands(_punctuation(text))
    return text.replace(_OPEN, "{").replace(_CLOSE, "}")


def _as_typed(text: str) -> str:
    """What the author typed, where programs on its way here wrote it another way."""
    if "\\" not in text:
        return text
    if _TWICE.search(text) and not _ONCE.search(text):
        text = text.replace("\\\\", "\\")
    if _QUOTED_TWICE.search(text):
        text = text.replace('\\"', '"')
    return _LOST_DOLLAR.sub("$", _LINE_END.sub("", text))


def _math(match: re.Match[str]) -> str:
    body = next(group for group in match.groups() if group is not None)
    if not _MATHEMATICAL.search(body):
        return match[0]
    body = _bare_scripts(_common(_bare_scripts(body)))
    body = re.sub(r"\\([A-Za-z]+)", r"\1", body)
    body = _RELATION.sub(r" \1 ", body)
    return re.sub(r"[{}]", "", body).strip()


def _bare_scripts(body: str) -> str:
    return _MATH_SUB.sub(_subscript, _MATH_SUPER.sub(_superscript, body))


def _common(text: str) -> str:
    """What is read the same way in a formula and outside it; from the innermost braces outwards."""
    text = _NORM.sub("‖", text)
    text = _NOTHING.sub("", _THIN.sub(" ", _KERN.sub("", text)))
    text = _BLACKBOARD.sub(lambda m: _BLACKBOARD_LETTERS[m[1]], text)
    text = _DEGREES.sub("°", text)
    text = _ACCENT.sub(_accent, text)
    for _ in range(_PASSES):
        before = text
        text = _COMMAND.sub(lambda m: _SYMBOLS.get(m[1], m[0]), text)
        text = _MARKED.sub(_marked, text)
        text = _HREF.sub(r"\2 (\1)", text)
        text = _LOOK.sub(r"\1", text)
        text = _SWITCH.sub(r"\1", text)
        text = _FRAC.sub(_fraction, text)
        text = _BINOM.sub(r"(\1 choose \2)", text)
        text = _SCRIPTED.sub(_scripted, text)
        text = _SQRT.sub(lambda m: "√" + _bracketed(m[1]), text)
        text = _BRACED_SUPER.sub(_superscript, text)
        text = _BRACED_SUB.sub(_subscript, text)
        if text == before:
            break
    return _ESCAPED.sub(r"\1", text)


def _punctuation(text: str) -> str:
    if "``" in text:
        text = text.replace("``", "“").replace("''", "”")
        text = re.sub(r'(“[^“”"]{1,200})"', r"\1”", text)
    text = re.sub(r"(?<=\w)---(?=\w)", "—", text)
    text = re.sub(r"(?<=[\w%])--(?=\w)", "–", text)
    return _TIE.sub(" ", text)


def _without_lost_commands(text: str) -> str:
    text = _TIED_URL.sub("", _BARE_HREF.sub(_bare_href, _CUT_HREF.sub(_cut_href, text)))
    text = _SIM.sub("~", _SPACED.sub(r"\1", text))
    return _KEPT_CAPITALS.sub(r"\1", text)


def _bare_href(match: re.Match[str]) -> str:
    url, words = match[1], match[2].strip()
    return url if not words or words in url or words.startswith("http") else f"{words} ({url})"


def _cut_href(match: re.Match[str]) -> str:
    """A link that lost its command and its last brace."""
    url, words = match[1], match[2]
    return url + words[len(words.rstrip(".,;:)")) :]


def _superscript(match: re.Match[str]) -> str:
    return _script(match[1], _SUPER, "^")


def _subscript(match: re.Match[str]) -> str:
    return _script(match[1], _SUB, "_")


def _scripted(match: re.Match[str]) -> str:
    letters, sign = (_SUPER, "^") if match[1] == "super" else (_SUB, "_")
    return _script(match[2], letters, sign)


def _script(body: str, letters: Mapping[str, str], sign: str) -> str:
    body = re.sub(r"\btimes\b", "×", body.strip())
    if body and all(letter in letters for letter in body):
        return "".join(letters[letter] for letter in body)
    if body in ("′", "°"):
        return body
    return sign + _bracketed(body)


def _fraction(match: re.Match[str]) -> str:
    return f"{_bracketed(match[1])}/{_bracketed(match[2])}"


def _bracketed(body: str) -> str:
    return body if _PLAIN.fullmatch(body) else f"({body})"


def _marked(match: re.Match[str]) -> str:
    """A letter with its mark, where Unicode has one (Õ); else without, as marks alone look bad."""
    body = match[2] or match[3] or ""
    marked = unicodedata.normalize("NFC", body + _MARKS[match[1]])
    return marked if len(marked) == 1 else body


def _accent(match: re.Match[str]) -> str:
    accent, letter = match[1] or match[4], match[2] or match[3] or match[5]
    return unicodedata.normalize("NFC", letter + _ACCENTS[accent])
