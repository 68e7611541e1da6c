"""Text from strangers made safe to store, to compare and to print."""

import re
import unicodedata

# Each of these ends a line somewhere; U+2029 ends a paragraph.
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028]")
_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # controls: nothing to see, and some end a document or a line
    "\u00ad\u200b\u2060\ufeff"  # soft hyphen, zero-width blanks, byte order mark: they split words
    "\u202a-\u202e\u2066-\u2069"  # bidirectional overrides: they turn what follows around
    "\u2061-\u2064\u206a-\u206f\ufff9-\ufffb"  # invisible operators, old format marks
    "\ud800-\udfff"  # halves of a pair: cannot be written as UTF-8
    "\ufdd0-\ufdef"  # noncharacters
    + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "\U000e0000-\U000e007f"  # tags: whole sentences can hide in them
    "]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
# arXiv's rule for abstracts: an indented line starts a paragraph, any other line goes on.
_PARAGRAPH = re.compile(r"\n\s*\n|\n[^\S\n]+(?=\S)")
_BLANKS = re.compile(r"\s+")

MAX_MARKS = 8  # on one letter; more is a prank, and the time of NFC grows with their square

# Letters that Unicode does not take apart, as people type them without a special keyboard.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")


def clean(text: str, *, lines: bool = False) -> str:
    """The text as it may be stored, mailed and printed: NFC, no controls, no hidden characters.

    text: anything, lone surrogates and NUL included. Blanks and line ends of every kind become
    one blank each run; the ends are bare. lines: keep paragraphs apart by an empty line
    ("\\n\\n"); a paragraph begins after an empty line or, as arXiv has it, with an indented one.
    Cleaning twice changes nothing.
    """
    if not text.isascii():
        text = _with_pairs_joined(text)
    text = _LINE_ENDS.sub("\n", text.replace("\u2029", "\n\n"))
    text = _UNSEEN.sub("", text)
    if not text.isascii():
        # Before, for the time it takes; after, since some marks come apart into several.
        text = _few_marks(unicodedata.normalize("NFC", _few_marks(text)))
    if not lines:
        return _BLANKS.sub(" ", text).strip()
    paragraphs = (_BLANKS.sub(" ", part).strip() for part in _PARAGRAPH.split(text))
    return "\n\n".join(part for part in paragraphs if part)


def cut(text: str, most: int) -> str:
    """The text in at most this many characters, with "…" at its end where some were left out."""
    if len(text) <= most:
        return text
    return clean(text[: most - 1], lines=True) + "…"


def fold(text: str) -> str:
    """The text for comparing and for ids: NFKC, no capitals, no accents. Not for people."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", _few_marks(text)).casefold()
    text = _ACCENTS.sub("", unicodedata.normalize("NFD", text)).translate(_PLAIN_LETTERS)
    return unicodedata.normalize("NFKC", text)


def _with_pairs_joined(text: str) -> str:
    """Halves of surrogate pairs joined where they belong together; the rest are dropped later."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _few_marks(text: str) -> str:
    """At most MAX_MARKS combining marks in a row."""
    kept, run = [], 0
    for letter in text:
        run = run + 1 if letter > "\u02ff" and unicodedata.combining(letter) else 0
        if run <= MAX_MARKS:
            kept.append(letter)
    return "".join(kept)
