"""Mail templates made into pieces: rendered and inlined once, then only joined.

A piece is text with numbered gaps. What differs from reader to reader is never rendered: the
template gets a mark in its place, the result is split at the marks, and the reader's own words
and links are set in by position. A mark is a Unicode noncharacter (U+FDD0), which foreign text
never holds because `text.clean` takes it out.
"""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from types import TracebackType
from typing import cast

from jinja2 import (
    BaseLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    meta,
)
from premailer import Premailer

from newsletter.core.mail import wording
from newsletter.core.mail.stylesheet import problems_in_style
from newsletter.core.text import clean
from newsletter.errors import TemplateProblem

HTML_SUFFIX = ".html.j2"
STYLE = "style.css"
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_MARK = re.compile(f"{_OPEN}([a-z_.]+){_CLOSE}")
# In an href the serialiser has percent-encoded the marks.
_MARK_IN_PAGE = re.compile(f"{_MARK.pattern}|%EF%B7%90([a-z_.]+)%EF%B7%91")
_STRAY = re.compile(f"[{_OPEN}{_CLOSE}]|%EF%B7%9[01]")
_MEDIA = re.compile(r"@[^{}]*\{(?:[^{}]*\{[^{}]*\})*\s*\}")
_RULE = re.compile(r"([^{}]+)\{[^{}]*\}")
_CLASS = re.compile(r"\.([\w-]+)")
_PAGE_START = re.compile("<!doctype|<html", re.IGNORECASE)
_CUT = "<!--\ufdd2-->"


@dataclass(frozen=True, slots=True)
class Piece:
    """Text around gaps: `parts` has one more than `gaps`, which say by name what belongs there."""

    parts: tuple[str, ...]
    gaps: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with each gap filled; the values are already escaped for their place."""
        if not self.gaps:
            return self.parts[0]
        pieces = [self.parts[0]]
        for gap, part in zip(self.gaps, self.parts[1:], strict=True):
            pieces += (values[gap], part)
        return "".join(pieces)


def gap(name: str) -> str:
    """The mark that stands for a reader's value while a template is rendered."""
    return f"{_OPEN}{name}{_CLOSE}"


def link_gap(name: str) -> str:
    """The same mark as a link holds it in a header or an attribute."""
    return f"%EF%B7%90{name}%EF%B7%91"


def gaps_in(text: str) -> tuple[str, ...]:
    """The names of the gaps that were marked in the text."""
    return cut_at_marks(text).gaps


def cut_at_marks(text: str) -> Piece:
    """The text as a piece."""
    return _split(text, _MARK_IN_PAGE, "the text")


class Workshop:
    """Renders templates into pieces. Nothing is kept here; see `Renderer` for what is.

    templates: the folder with the mails, or a Jinja2 loader. Raises TemplateProblem, with the
    file and line, for whatever a template does wrong.
    """

    def __init__(self, templates: Path | BaseLoader) -> None:
        loader = FileSystemLoader(templates) if isinstance(templates, Path) else templates
        # Not select_autoescape: it looks at the last suffix and leaves "x.html.j2" unescaped.
        self._environment = Environment(
            loader=loader,
            autoescape=_is_html,  # noqa: S701 - it is on, for html
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            auto_reload=False,
        )
        self._environment.filters |= {"wrap": _wrap, "hang": _hang}

    def unreadable(self) -> list[str]:
        """What is written wrongly in the templates and their style; nothing is rendered."""
        problems = []
        for name in self._environment.list_templates():
            try:
                self._guarded(name, lambda _: "")
            except TemplateProblem as problem:
                problems.append(str(problem))
        if not problems and STYLE in self._environment.list_templates():
            problems += problems_in_style(STYLE, self._source(STYLE))
        return problems

    def page(self, name: str, values: Mapping[str, object]) -> Piece:
        """A whole html document, its style inlined."""
        html = _inlined(self._render(name, values), name)
        if not html.startswith("<!DOCTYPE html>"):
            raise TemplateProblem(
                f"{self._start_of_page(name)}: the page must start with <!DOCTYPE html>: write it "
                "so, in capitals, as the inliner drops any other."
            )
        _check_tags(html, name)
        return _split(html.rstrip() + "\n", _MARK_IN_PAGE, name)

    def part(self, macro: str, values: Mapping[str, object], *, is_foreign: bool = False) -> Piece:
        """One macro of cards.html.j2, its style inlined as if it stood in the page.

        is_foreign: whether the values hold text from outside; then a gap can not be in a link,
        as a link from outside may hold what the marks become there.
        """
        name = f"cards{HTML_SUFFIX}"
        fragment = self._call(name, macro, values).strip()
        style = _rules_for(fragment, self._render(STYLE, {}))
        page = (
            f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><style>{style}</style></head>'
            f"<body>{_CUT}{fragment}{_CUT}</body></html>"
        )
        pieces = _inlined(page, name).split(_CUT)
        if len(pieces) != 3:
            raise TemplateProblem(f"{name}: macro {macro} holds unbalanced tags.")
        _check_tags(pieces[1], name)
        return _split(pieces[1].strip() + "\n", _MARK if is_foreign else _MARK_IN_PAGE, name)

    def text(self, name: str, values: Mapping[str, object]) -> Piece:
        """A whole plain text."""
        return _split(_tidy(self._render(name, values)), _MARK, name)

    def text_part(self, macro: str, values: Mapping[str, object]) -> Piece:
        """One macro of cards.txt.j2."""
        return _split(_tidy(self._call("cards.txt.j2", macro, values)), _MARK, "cards.txt.j2")

    def line(self, name: str, values: Mapping[str, object]) -> str:
        """A template that makes one line, such as a subject."""
        return clean(self._render(name, values))

    def _source(self, name: str) -> str:
        """The template as it is written. One that was loaded before is there."""
        assert self._environment.loader is not None
        return self._environment.loader.get_source(self._environment, name)[0]

    def _start_of_page(self, name: str) -> str:
        """File and line where this page's html begins: itself or what it extends."""
        source = self._source(name)
        found = _PAGE_START.search(source)
        if found is not None:
            return f"{name}, line {source.count(chr(10), 0, found.start()) + 1}"
        for other in meta.find_referenced_templates(self._environment.parse(source)):
            if other is not None and other.endswith(HTML_SUFFIX):
                return self._start_of_page(other)
        return f"{name}, line 1"

    def _render(self, name: str, values: Mapping[str, object]) -> str:
        return self._guarded(name, lambda template: template.render(values))

    def _call(self, name: str, macro: str, values: Mapping[str, object]) -> str:
        def call(template: Template) -> str:
            function = getattr(template.module, macro, None)
            if function is None:
                raise TemplateProblem(f"{name} has no macro `{macro}`: add it.")
            return str(cast("Callable[..., str]", function)(**values))

        return self._guarded(name, call)

    def _guarded(self, name: str, render: Callable[[Template], str]) -> str:
        try:
            return render(self._environment.get_template(name))
        except TemplateNotFound as error:
            place = _line_of(error.__traceback__, name)
            needs = "" if place == error.name else f"{place}: "
            raise TemplateProblem(
                f"{needs}{error.name} is not among the mail templates: put it there, or name one "
                "that is."
            ) from error
        except TemplateSyntaxError as error:
            place = f"{error.name or name}, line {error.lineno}"
            raise TemplateProblem(f"{place}: {error.message}") from error
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            line = _line_of(error.__traceback__, name)
            raise TemplateProblem(f"{line}: {error}") from error


def _is_html(name: str | None) -> bool:
    return name is not None and name.endswith(HTML_SUFFIX)


def _line_of(trace: TracebackType | None, name: str) -> str:
    """Where in a template it happened; Jinja2 names template files and lines in its traces."""
    place = name
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        file = trace.tb_frame.f_code.co_filename
        if template is not None:  # a macro called from outside: Jinja2 has not put the line right
            line = template.get_corresponding_lineno(trace.tb_lineno)
            place = f"{template.name}, line {line}"
        elif file.endswith((".j2", STYLE)):
            place = f"{Path(file).name}, line {trace.tb_lineno}"
        elif file == "<template>":
            place = f"{name}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _rules_for(fragment: str, style: str) -> str:
    """The rules that may apply to the fragment: of 45 about 10, and the inliner reads each one.

    Rules in @media stay in the page's head and are not inlined.
    """
    present = {name for names in re.findall(r'class="([^"]*)"', fragment) for name in names.split()}
    return "".join(
        rule[0]
        for rule in _RULE.finditer(_MEDIA.sub("", style))
        if not (named := _CLASS.findall(rule[1])) or present.intersection(named)
    )


def _inlined(html: str, name: str) -> str:
    try:
        inliner = Premailer(
            html,
            # What was inlined goes from the head; @media rules stay there, and so does a whole
            # block marked data-premailer="ignore".
            keep_style_tags=False,
            strip_important=False,
            remove_classes=False,
            allow_network=False,
            allow_loading_external_files=False,
            disable_validation=True,
            cssutils_logging_level=logging.CRITICAL,
        )
        return cast("str", inliner.transform(pretty_print=False))
    except Exception as error:  # lxml and cssutils raise whatever a page provokes
        raise TemplateProblem(f"{name}: the style cannot be inlined ({error}).") from error


class _Tags(HTMLParser):
    """Collects the gaps that stand in attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for _, value in attrs:
            self.gaps += [match[1] for match in _MARK.finditer(value or "")]


def _check_tags(html: str, name: str) -> None:
    """Raises TemplateProblem where words that are set in later, as text, stand within a tag."""
    tags = _Tags()
    tags.feed(html)
    for gap in tags.gaps:
        if not gap.startswith(("links.", "token.")):
            raise TemplateProblem(
                f"{name} shows `{gap}` within a tag: its value is only set in later, as text, so "
                "put it between tags."
            )


def _split(text: str, mark: re.Pattern[str], name: str) -> Piece:
    parts, gaps, position = [], [], 0
    for match in mark.finditer(text):
        parts.append(text[position : match.start()])
        gaps.append(next(group for group in match.groups() if group is not None))
        position = match.end()
    parts.append(text[position:])
    if mark is _MARK_IN_PAGE and any(_STRAY.search(part) for part in parts):
        raise TemplateProblem(
            f"{name} changes a value that is only set in later (a link, a count): use it as it is, "
            "without a filter."
        )
    return Piece(tuple(parts), tuple(gaps))


def _tidy(text: str) -> str:
    """No blanks at line ends, at most one empty line in a row, one newline at the end."""
    # "-- " with its blank is how mail readers know a signature.
    lines = "\n".join(x if x == "-- " else x.rstrip() for x in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


def _wrap(text: str, indent: int = 0) -> str:
    return wording.wrap(text, indent=indent)


def _hang(text: str, indent: int) -> str:
    """Wrapped with `indent` before all lines but the first, which starts that far right."""
    return wording.wrap(text, indent=indent)[indent:]
