r"""TeX in titles and abstracts, read as what it shows: `$\ell_1$` is ℓ_1, `M\"uller` is Müller."""

import re
import unicodedata

_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306",
    ".": "\u0307", '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "c": "\u0327",
    "k": "\u0328", "d": "\u0323", "b": "\u0331",
}  # fmt: skip
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon",
    "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_SYMBOLS = {
    **{name: letter for letter, name in GREEK.items()},
    **{name.capitalize(): letter.upper() for letter, name in GREEK.items()},
    "varepsilon": "ε", "vartheta": "θ", "varphi": "φ", "varrho": "ρ", "varsigma": "σ", "ell": "ℓ",
    "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ",
    "aa": "å", "AA": "Å", "i": "i", "j": "j",
    "exp": "exp", "lim": "lim", "ln": "ln", "log": "log", "max": "max", "min": "min", "sup": "sup",
    "arg": "arg", "cos": "cos", "det": "det", "inf": "inf", "Pr": "Pr", "sin": "sin", "tan": "tan",
}  # fmt: skip

_IS_TEX = re.compile(r"[\\{}$]")
# A letter as an accent needs its braces: \c{c} is ç, but \cite is a command.
_ACCENTED = re.compile(r"\\(?:([`'^\"~=.])\{?\\?([A-Za-z])\}?|([uvHckrdb])\{\\?([A-Za-z])\})")
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?(\s*\{)?")
_ESCAPED = re.compile(r"\\(.)")
_NEXT_ARGUMENT = re.compile(r"\}\s*\{")
_SILENT = str.maketrans("", "", "{}$")


def read_tex(text: str) -> str:
    r"""The text that TeX would show, near enough to find words in: `\textit{RAG}` is RAG."""
    if not _IS_TEX.search(text):
        return text
    text = _ACCENTED.sub(_accented, text)
    text = _COMMAND.sub(_shown, text)
    text = _ESCAPED.sub(lambda match: " " if match[1] == "\\" else match[1], text)
    return _NEXT_ARGUMENT.sub(" ", text).translate(_SILENT)


def _accented(match: re.Match[str]) -> str:
    accent, letter = (match[1], match[2]) if match[1] else (match[3], match[4])
    return unicodedata.normalize("NFC", letter + _ACCENTS[accent])


def _shown(match: re.Match[str]) -> str:
    symbol = _SYMBOLS.get(match[1])
    if symbol is not None:
        return symbol + (match[2] or "")
    return "" if match[2] else " "
