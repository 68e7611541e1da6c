"""The text of a setting → the sources it names."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from newsletter.adapters.http import Http
from newsletter.adapters.sources.arxiv import API_URL, FEED_URL, ArxivSource, parse_category
from newsletter.adapters.sources.folder import FOLDER, FolderSource
from newsletter.adapters.sources.huggingface import HUGGINGFACE_URL, HuggingFaceSource
from newsletter.adapters.sources.reading import url as web_address
from newsletter.core.ports import PaperSource
from newsletter.errors import SettingsError

SETTING = "NEWSLETTER_SOURCES"
EXAMPLE = (
    "such as huggingface, arxiv:cs.CL+cs.LG or folder:PATH (several by comma, which is %2C "
    "within a path)"
)


def build_sources(
    names: str, *, http: Http, huggingface_url: str = "", arxiv_url: str = ""
) -> tuple[PaperSource, ...]:
    """The sources that a text such as "huggingface,arxiv:cs.CL+cs.LG,folder:PATH" names, in order.

    huggingface_url, arxiv_url: other base addresses, "" for the real ones. arxiv_url is that of
    API and feeds both. Raises SettingsError, which says what to write.
    """
    huggingface = _base(huggingface_url, "NEWSLETTER_HUGGINGFACE_URL") or HUGGINGFACE_URL
    arxiv = _base(arxiv_url, "NEWSLETTER_ARXIV_URL")
    builders: dict[str, Callable[[str], PaperSource]] = {
        "huggingface": lambda rest: _bare(rest, HuggingFaceSource(http, huggingface)),
        "arxiv": lambda rest: ArxivSource(
            http, _categories(rest), base_url=arxiv or API_URL, feed_url=arxiv or FEED_URL
        ),
        FOLDER: lambda rest: FolderSource(_path(rest)),
    }
    sources = []
    for text in filter(None, map(str.strip, names.split(","))):
        kind, _, rest = text.partition(":")
        build = builders.get(kind.strip().lower())
        if build is None:
            raise SettingsError(
                f"{SETTING} has {text!r}: there is no such source; write one, {EXAMPLE}."
            )
        sources.append(build(rest.strip()))
    _check_each_once(sources)
    return tuple(sources)


def _check_each_once(sources: list[PaperSource]) -> None:
    if not sources:
        raise SettingsError(f"{SETTING} names no source: write one, {EXAMPLE}.")
    name, times = Counter(source.name for source in sources).most_common(1)[0]
    if times > 1:
        raise SettingsError(
            f"{SETTING} names {name} {times} times: write it once (arXiv categories are joined "
            "by +, as in arxiv:cs.CL+cs.LG)."
        )


def _bare(rest: str, source: PaperSource) -> PaperSource:
    if rest:
        raise SettingsError(f"{SETTING} has 'huggingface:{rest}': write huggingface alone.")
    return source


def _categories(text: str) -> tuple[str, ...]:
    """Categories parted by "+" or blanks, each once."""
    categories = {name: parse_category(name) for name in text.replace("+", " ").split()}
    if not categories:
        raise SettingsError(
            f"{SETTING} has 'arxiv' without a category: write some, as in arxiv:cs.CL+cs.LG."
        )
    for name, category in categories.items():
        if not category:
            raise SettingsError(
                f"{SETTING} has the arXiv category {name!r}: there is no such archive or subject; "
                "write it as arXiv does, such as cs.CL, stat.ML or hep-th, several joined by +."
            )
    return tuple(dict.fromkeys(categories.values()))


def _path(text: str) -> Path:
    if not text:
        raise SettingsError(f"{SETTING} has 'folder' without a path: write folder:PATH.")
    return Path(unquote(text)).expanduser()  # as in the address of a Maildir


def _base(text: str, setting: str) -> str:
    """A base address as it was given, "" for none."""
    if text.strip() and not web_address(text):
        raise SettingsError(
            f"{setting} is {text!r}: it must be a web address, such as https://huggingface.co."
        )
    return text.strip()
