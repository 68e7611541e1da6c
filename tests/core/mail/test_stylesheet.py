"""A style sheet as it is written: each rule that would never reach a reader is named."""

from pathlib import Path

import pytest

from newsletter.core.mail.stylesheet import problems_in_style

STYLE = Path(__file__).parents[3] / "templates" / "email" / "style.css"


def test_the_shipped_style_can_be_inlined():
    assert problems_in_style("style.css", STYLE.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "css",
    [
        "",
        ".a, p.b > td { margin: 0 auto; mso-hide: all; }",
        "/* .a:hover { } */ {# of Jinja2: #}",
        "@media (max-width: 600px) { .a:hover { color: red } }",
        ".a { width: calc(100% - 2px); background: url(data:image/png;base64,eA==) }",
        ".a { color: red !important; }",
    ],
)
def test_what_can_be_inlined_is_right(css):
    assert problems_in_style("style.css", css) == []


@pytest.mark.parametrize(
    ("css", "line", "words"),
    [
        ("\n.a, .b:nth-child(2) { color: red }", 2, "`.b:nth-child(2)` works in no inlined mail"),
        (".a::before { content: 'x' }", 1, "`.a::before`"),
        ("@font-face { font-family: x }", 1, "`@font-face`"),
        ("@import 'x.css';", 1, "is no whole rule"),
        (".a { }\n\n.b { color: red", 3, "is no whole rule"),
        (".a { } }", 1, "is no whole rule"),
        (".a {\n color red;\n}", 2, "`color red` cannot be read"),
        (".a {\n margin: 0;\n color: rgb(1 2 3 / 50%);\n}", 3, "write it the older way"),
    ],
)
def test_what_would_be_lost_is_named_with_its_line(css, line, words):
    (problem,) = problems_in_style("style.css", css)

    assert problem.startswith(f"style.css, line {line}: ")
    assert words in problem
