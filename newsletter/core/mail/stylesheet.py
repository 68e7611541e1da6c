"""The mails' style sheet as it is written: what in it would never reach a reader."""

import logging
import re
from collections.abc import Iterator
from xml.dom import SyntaxErr

import cssutils

_COMMENT = re.compile(r"/\*.*?\*/|\{#.*?#\}|\{%.*?%\}", re.DOTALL)  # those of Jinja2 as well
_MEDIA = re.compile(r"@media[^{}]*\{(?:[^{}]*\{[^{}]*\})*\s*\}")
_BETWEEN = re.compile(r";(?![^(]*\))")  # not the one in url(data:image/png;base64,…)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_OLDER_WAY = "write it the older way, such as rgba(1, 2, 3, 0.5) or #123456"
_INTO_MEDIA = "it cannot be written on a tag, so move it into @media or drop it"


def problems_in_style(name: str, css: str) -> list[str]:
    """One sentence for each rule that cannot be inlined, with file, line and what to do.

    A rule in @media stays in the head of the mail, where programs that know @media read it. Any
    other must fit on the tags it is for: selectors by tag, class or place, without states like
    :hover, and values that the inliner can read.
    """
    css = _blank(_MEDIA, _blank(_COMMENT, css))
    problems = [
        f"{name}, line {_line(css, position)}: {problem}."
        for rule in _RULE.finditer(css)
        for position, problem in _problems(rule)
    ]
    rest = _blank(_RULE, css)
    if rest.strip():
        position = len(rest) - len(rest.lstrip())
        problems.append(
            f"{name}, line {_line(css, position)}: what begins with {rest.strip()[:30]!r} is no "
            "whole rule: close its braces, or drop it."
        )
    return problems


def _problems(rule: re.Match[str]) -> Iterator[tuple[int, str]]:
    selectors = rule[1]
    position = rule.start() + len(selectors) - len(selectors.lstrip())
    for selector in (one.strip() for one in selectors.split(",")):
        if selector.startswith("@") or ":" in selector:
            yield position, f"the rule for `{selector}` works in no inlined mail: {_INTO_MEDIA}"
    declarations = rule[2]
    for declaration in _BETWEEN.split(declarations):
        if declaration.strip() and not _is_readable(declaration):
            start = rule.start(2) + declarations.find(declaration)
            start += len(declaration) - len(declaration.lstrip())
            yield start, f"`{declaration.strip()}` cannot be read by the inliner: {_OLDER_WAY}"


def _is_readable(declaration: str) -> bool:
    parser = cssutils.CSSParser(
        raiseExceptions=True, validate=False, parseComments=False, loglevel=logging.CRITICAL
    )
    try:
        return bool(parser.parseStyle(declaration).length)
    except SyntaxErr:
        return False


def _blank(pattern: re.Pattern[str], css: str) -> str:
    """The same with what matches as blanks, so that places stay where they are."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), css)


def _line(css: str, position: int) -> int:
    return css.count("\n", 0, position) + 1
