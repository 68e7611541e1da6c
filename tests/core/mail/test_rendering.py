"""Mails: what they show, how machines see them, how they shrink, and that no text hurts them."""

import re
import unicodedata
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import lxml.html
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader

from newsletter.core.delivery.states import Kind
from newsletter.core.digests import Digest, Pick, Section
from newsletter.core.mail.fitting import MAX_HTML
from newsletter.core.mail.rendering import Brand, Links, Renderer
from newsletter.core.mail.wording import columns_of
from newsletter.errors import NotFound, TemplateProblem

GOLDEN = Path(__file__).parents[2] / "fixtures" / "mails"
NOTES = tuple(kind for kind in Kind if kind is not Kind.DIGEST)
NASTY = {
    "line ends": "One\r\nBcc: all@example.org\r\n\r\nTwo",
    "markup": "<script>alert(1)</script><b>&amp;</b>",
    "attribute": "\" onmouseover=\"alert(1)' x='",
    "comment": "--> <!--cut--> <!-- ]]>",
    "conditional": "<![endif]--><!--[if mso]>",
    "template": "{{ 7*7 }} {% raw %} {# x #} ${x} %(x)s {x}",
    "our marks": "\ufdd0links.unsubscribe\ufdd1 %EF%B7%90links.unsubscribe%EF%B7%91",
    "turned around": "abc\u202edcba\u2066x",
    "separators": "a\u2028b\u2029c\x0bd\x1ce\x85f",
    "right to left": "مقالة عن الوكلاء",
    "emoji": "🤖👩‍🔬 Agents 🧪",
    "half a pair": "a\ud83db",
    "nothing visible": "\x00\x01\x7f\ufeff",
    "long": "word " * 2_000,
    "longer": "x" * 10_000,
    "encoded word": "=?utf-8?q?Hi?= =?utf-8?b?SGk=?=",
    "quotes": "“a” 'b' \"c\" \\d",
    "dots": ".\n..\n.",
}


def words_of(html):
    """The text a reader sees, blanks run together."""
    page = lxml.html.document_fromstring(
        html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8")
    )
    for hidden in page.xpath("//style|//title|//comment()"):
        hidden.drop_tree()
    return " ".join(page.text_content().split())


def links_of(html):
    page = lxml.html.document_fromstring(
        html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8")
    )
    return {element.get("href") for element in page.iter("a")}


def is_one_line(text):
    return not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text)


def addresses_in(text):
    return set(re.findall(r"(?:https?://|mailto:)\S+", text))


class Balance(HTMLParser):
    """Finds tags that are not closed, or closed by another."""

    VOID = frozenset({"meta", "img", "br", "link", "hr"})

    def __init__(self):
        super().__init__()
        self.open, self.problems = [], []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> has an attribute twice")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")


def assert_sound(html):
    balance = Balance()
    balance.feed(html)
    balance.close()
    assert balance.problems == []
    assert balance.open == []
    assert html.startswith('<!DOCTYPE html>\n<html lang="en"')
    assert len(html.encode()) <= MAX_HTML


# --- What a digest shows ---------------------------------------------------------------------


def test_a_card_shows_what_helps_to_choose(rendered, mail_paper):
    mail = rendered([mail_paper()])

    for words in (
        "Agents That Read Their Own Mail, Part 1",
        "Ada Lovelace, Charles Babbage, Mary Somerville and 12 more",
        "Analytical Engine Society",
        "We let agents answer their mail. They did it well. Nobody noticed for a week.",
        "1,204 upvotes · 6 comments · 88 code stars",
        "Matched: agent*",
    ):
        assert words in words_of(mail.html)
        assert words in " ".join(mail.text.split())


def test_only_links_that_exist_are_shown(rendered, mail_paper):
    bare = mail_paper(2, code_url="", project_url="", sources=("arxiv",))
    mail = rendered([bare])

    assert "https://arxiv.org/abs/2606.00002" in links_of(mail.html)
    assert "https://arxiv.org/pdf/2606.00002" in links_of(mail.html)
    assert "Code" not in words_of(mail.html)
    assert "Project" not in mail.text


def test_a_link_that_runs_code_is_left_out(rendered, mail_paper):
    mail = rendered([mail_paper(project_url="javascript:alert(1)", code_url="data:text/html,x")])

    assert "javascript" not in mail.html
    assert "data:" not in mail.html
    assert "javascript" not in mail.text


def test_a_paper_of_which_little_is_known_is_shown_all_the_same(rendered, mail_paper):
    bare = mail_paper(
        id="title:0123456789abcdef",
        abstract="",
        authors=(),
        author_count=0,
        organization=None,
        upvotes=None,
        comments=None,
        code_stars=None,
        code_url="",
        project_url="",
    )

    mail = rendered([bare], words=())

    assert bare.title in words_of(mail.html)
    assert "Matched" not in mail.html
    assert_sound(mail.html)


def test_the_sources_short_summary_is_preferred_to_a_cut_abstract(rendered, mail_paper):
    mail = rendered([mail_paper(short_summary="Agents read mail.")])

    assert "Agents read mail." in words_of(mail.html)
    assert "We let agents" not in mail.html


def test_tex_is_readable(rendered, mail_paper):
    mail = rendered([mail_paper(title=r"$\ell_1$ Agents", abstract=r"It is 5\% \textit{better}.")])

    assert "ℓ₁ Agents" in words_of(mail.html)
    assert "It is 5% better." in words_of(mail.html)
    assert mail.subject == "ℓ₁ Agents"


def test_papers_stand_under_the_readers_topics(rendered, mail_paper):
    mail = rendered({"Agents": [mail_paper(1), mail_paper(2)], "Mail & more": [mail_paper(3)]})

    assert "Agents 2 · Mail & more 1" in words_of(mail.html)
    assert "Agents (2 papers)" in mail.text
    assert "Mail & more (1 paper)" in mail.text


def test_pictures_are_off_until_asked_for(rendered, mail_paper):
    assert "<img" not in rendered([mail_paper()]).html
    assert "https://pictures.example.org/1.png" in rendered([mail_paper()], thumbnails=True).html


def test_there_is_nothing_that_tells_on_a_reader(rendered, mail_paper):
    mail = rendered([mail_paper()], thumbnails=True)

    sources = re.findall(r'src="([^"]*)"', mail.html)
    assert sources == ["https://pictures.example.org/1.png"]
    assert not re.search(r"<(script|iframe|link|form|object)|url\(|@import|@font-face", mail.html)


def test_papers_past_the_cap_are_listed_by_title(rendered, mail_paper):
    mail = rendered([mail_paper(1)], left_out=[mail_paper(2), mail_paper(3)])

    for number in (2, 3):
        assert mail_paper(number).title in words_of(mail.html)
        assert mail_paper(number).page in links_of(mail.html)
        assert mail_paper(number).page in addresses_in(mail.text)


def test_what_fell_beyond_the_list_is_counted(rendered, mail_paper, mail_links):
    mail = rendered([mail_paper(1)], left_out=[mail_paper(2)], more=170)

    assert "170 more on the web" in words_of(mail.html)
    assert "170 more on the web:\nhttps://papers.example.org/view/token7" in mail.text


def test_a_paper_that_is_gone_is_passed_over(renderer, mail_paper, mail_links, mail_brand):
    digest = Digest(
        sections=(Section(topic="A", picks=(Pick(paper_id="gone"), Pick(paper_id="2606.00001"))),)
    )
    given = {"edition": date(2026, 6, 18), "links": mail_links(), "brand": mail_brand}

    mail = renderer.digest(digest, {"2606.00001": mail_paper()}, **given)
    assert "1 paper" in words_of(mail.html)

    with pytest.raises(NotFound):
        renderer.digest(digest, {}, **given)


def test_the_foot_lets_a_reader_change_pause_and_leave(rendered, mail_paper, mail_links):
    mail = rendered([mail_paper()])
    links = mail_links()

    for link in (links.preferences, links.pause, links.unsubscribe, links.view, links.archive):
        assert link in links_of(mail.html)
        assert link in addresses_in(mail.text)
    assert "Example Lab, 1 Example Street, Exampletown" in words_of(mail.html)
    assert "Example Lab, 1 Example Street, Exampletown" in mail.text


def test_links_that_there_are_not_leave_no_trace(rendered, mail_paper):
    links = Links(
        preferences="https://x.org/p", unsubscribe="https://x.org/u", unsubscribe_mailto=""
    )
    mail = rendered([mail_paper()], links=links, brand=Brand(base_url="https://x.org"))

    assert None not in links_of(mail.html)
    assert "" not in links_of(mail.html)
    assert "Archive" not in mail.text
    assert "Pause" not in words_of(mail.html)


# --- The twin --------------------------------------------------------------------------------


def test_text_and_html_hold_the_same_papers_and_links(rendered, mail_paper):
    papers = [mail_paper(number) for number in range(1, 30)]
    mail = rendered(
        {"A": papers[:3], "B": papers[3:10]}, left_out=papers[10:22], more=3, thumbnails=True
    )

    assert links_of(mail.html) == addresses_in(mail.text)
    assert all(paper.title in words_of(mail.html) for paper in papers[:22])
    assert all(paper.title in " ".join(mail.text.split()) for paper in papers[:22])


@pytest.mark.parametrize("kind", NOTES)
def test_notes_have_the_same_links_in_text_and_html(renderer, mail_links, mail_brand, kind):
    mail = renderer.note(kind, links=mail_links(), brand=mail_brand)

    assert links_of(mail.html) == addresses_in(mail.text)


def test_text_lines_fit_a_terminal(rendered, mail_paper):
    title = "Large Language Models and 大型语言模型 " * 5
    mail = rendered([mail_paper(title=title)], words=["a long phrase of words"] * 6, topic="T" * 60)

    for line in mail.text.split("\n"):
        assert columns_of(line) <= 72 or "://" in line
        assert line == "-- " or line == line.rstrip()


# --- How it looks to machines ----------------------------------------------------------------


def every_mail(renderer, rendered, mail_paper, mail_links, mail_brand):
    """Mails that between them hold every element there is."""
    yield rendered([mail_paper()], left_out=[mail_paper(2)], more=1, thumbnails=True)
    for kind in NOTES:
        yield renderer.note(kind, links=mail_links(), brand=mail_brand)


def test_every_mail_is_sound_html(renderer, rendered, mail_paper, mail_links, mail_brand):
    for mail in every_mail(renderer, rendered, mail_paper, mail_links, mail_brand):
        assert_sound(mail.html)
        page = lxml.html.document_fromstring(mail.html)
        assert page.findtext(".//title")
        assert len(page.xpath("//h1")) == 1
        assert all(table.get("role") == "presentation" for table in page.iter("table"))
        assert all(picture.get("alt") is not None for picture in page.iter("img"))
        assert page.xpath("//meta[@name='color-scheme']/@content") == ["light dark"]


def test_the_confirm_mail_holds_nothing_a_stranger_typed(renderer, mail_links, mail_brand):
    one = renderer.note(Kind.CONFIRM, links=mail_links("aaa"), brand=mail_brand)
    two = renderer.note(Kind.CONFIRM, links=mail_links("bbb"), brand=mail_brand)

    assert one.html.replace("/aaa", "/bbb") == two.html
    assert one.text.replace("/aaa", "/bbb") == two.text
    assert one.subject == two.subject == "Confirm your subscription to Daily Papers"


def test_a_confirm_mail_without_its_link_is_never_made(renderer, mail_links, mail_brand):
    with pytest.raises(ValueError, match=r"links\.confirm"):
        renderer.note(Kind.CONFIRM, links=mail_links(confirm=""), brand=mail_brand)


# --- Subject and preview ---------------------------------------------------------------------


def test_the_subject_names_the_top_paper_and_the_count(rendered, mail_paper):
    mail = rendered([mail_paper(number, title=f"Paper Number {number}") for number in (1, 2, 3)])

    assert mail.subject == "Paper Number 1 and 2 more"


def test_a_single_papers_title_is_the_subject(rendered, mail_paper):
    assert rendered([mail_paper(title="Just One")]).subject == "Just One"


def test_a_long_title_is_cut_at_a_word_and_the_count_stays(rendered, mail_paper):
    title = "A Remarkably Long Title About Agents That Would Never Fit in Any Subject Line at All"
    mail = rendered([mail_paper(1, title=title), *(mail_paper(n) for n in range(2, 12))])

    assert (
        mail.subject
        == "A Remarkably Long Title About Agents That Would Never Fit in Any… and 10 more"
    )


@given(title=st.text(min_size=1, max_size=300))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_subject_is_one_line_of_at_most_78_characters(rendered, mail_paper, title):
    subject = rendered([mail_paper(1, title=title), mail_paper(2)]).subject

    assert 0 < len(subject) <= 78
    assert is_one_line(subject)


def test_the_preview_shows_the_titles_after_the_subjects(rendered, mail_paper):
    mail = rendered([mail_paper(number) for number in (1, 2, 3)])
    page = lxml.html.document_fromstring(mail.html)

    (preview,) = page.find_class("preheader")
    assert preview.text_content().startswith(mail_paper(2).title)
    assert len(preview.text_content()) <= 150


# --- Size ------------------------------------------------------------------------------------


def a_fat_paper(mail_paper, number):
    return mail_paper(
        number,
        title=f"Number {number}: {'Rather Long and Winding ' * 6}Title",
        abstract=f"Abstract {number} begins. " + "It goes on with one more sentence. " * 60,
        authors=tuple(f"Author With a Long Name {n}" for n in range(573)),
    )


@pytest.mark.parametrize("count", [1, 10, 20, 40, 100])
def test_html_is_never_larger_than_its_limit(rendered, mail_paper, count):
    papers = [a_fat_paper(mail_paper, number) for number in range(1, count + 61)]
    mail = rendered(papers[:count], left_out=papers[count:], words=["a phrase to match"] * 6)

    assert_sound(mail.html)
    assert links_of(mail.html) == addresses_in(mail.text)


def test_abstracts_shorten_before_anything_is_left_out(rendered, mail_paper):
    papers = [a_fat_paper(mail_paper, number) for number in range(1, 31)]
    few, many = rendered(papers[:2]), rendered(papers)

    whole = re.search(r"Abstract 2 begins.*?(?= Paper ·)", words_of(few.html))[0]
    short = re.search(r"Abstract 30 begins.*?(?= Paper ·)", words_of(many.html))[0]
    assert len(short) < len(whole)
    assert short.rstrip().endswith("sentence.")
    assert all(paper.page in links_of(many.html) for paper in papers)
    assert "more on the web" not in many.html


def test_then_the_last_cards_become_lines(rendered, mail_paper):
    papers = [a_fat_paper(mail_paper, number) for number in range(1, 61)]
    mail = rendered(papers)

    assert "Abstract 1 begins." in mail.html
    assert "Abstract 60 begins." not in mail.html
    assert papers[-1].page in links_of(mail.html)
    assert "more on the web" not in mail.html


def test_then_the_rest_is_only_counted(rendered, mail_paper):
    papers = [a_fat_paper(mail_paper, number) for number in range(1, 401)]
    mail = rendered(papers)

    shown = sum(paper.page in links_of(mail.html) for paper in papers)
    assert f"{400 - shown} more on the web" in words_of(mail.html)
    assert f"{400 - shown} more on the web" in mail.text
    assert len(mail.html.encode()) > MAX_HTML * 0.95


# --- Strangers' text -------------------------------------------------------------------------


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_no_foreign_text_can_hurt_a_mail(rendered, mail_paper, text):
    paper = mail_paper(
        title=text,
        abstract=text,
        authors=(text,) * 6,
        organization=mail_paper().organization.__class__(name="x", full_name=text),
        project_url=f"https://example.org/{text}",
        code_url=text,
        thumbnail_url=text,
    )
    mail = rendered([paper], words=[text, text], topic=text, left_out=[mail_paper(2, title=text)])

    assert_sound(mail.html)
    page = lxml.html.document_fromstring(mail.html)
    assert page.xpath("//script|//b|//*[@onmouseover]") == []
    assert not re.search(
        "[\ufdd0-\ufdef\u202a-\u202e\u2066-\u2069\ud800-\udfff]", mail.html + mail.text
    )
    assert links_of(mail.html) == addresses_in(mail.text)
    assert is_one_line(mail.subject)
    mail.text.encode()


@given(text=st.text(max_size=200))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_a_title_holds_the_mail_is_sound(rendered, mail_paper, text):
    paper = mail_paper(
        title=text, abstract=text, authors=(text,), project_url="https://e.org/" + text
    )
    mail = rendered([paper], words=[text], topic=text)

    assert_sound(mail.html)
    assert links_of(mail.html) == addresses_in(mail.text)


def test_markup_in_a_title_is_shown_as_it_was_typed(rendered, mail_paper):
    mail = rendered([mail_paper(title="<b>Bold</b> & {{ 7*7 }}")], topic="<i>T</i>")

    assert "<b>Bold</b> & {{ 7*7 }}" in words_of(mail.html)
    assert "<i>T</i>" in words_of(mail.html)
    assert "<b>Bold</b> & {{ 7*7 }}" in mail.text


def test_a_readers_link_can_not_leave_its_place(rendered, mail_paper, mail_links):
    links = mail_links(preferences='https://x.org/"><script>alert(1)</script>')
    mail = rendered([mail_paper()], links=links)

    assert "<script" not in mail.html
    assert 'https://x.org/"><script>alert(1)</script>' in links_of(mail.html)


# --- The engine ------------------------------------------------------------------------------


def test_the_same_digest_gives_the_same_bytes_however_it_was_come_by(
    mail_templates, mail_paper, mail_links, mail_brand
):
    digest = Digest(
        sections=(Section(topic="A", picks=(Pick(paper_id="2606.00001", words=("a",)),)),),
        left_out=(Pick(paper_id="2606.00002"),),
    )
    given = {"edition": date(2026, 6, 18), "links": mail_links(), "brand": mail_brand}
    mails = []
    for kept in (1, 2000):
        renderer = Renderer(mail_templates, papers_kept=kept)
        for _ in range(3):
            papers = {f"2606.0000{n}": mail_paper(n) for n in (1, 2)}
            mails.append(renderer.digest(digest, papers, **given))

    assert all(mail == mails[0] for mail in mails)


def test_a_paper_that_changed_is_shown_as_it_is_now(rendered, mail_paper):
    assert "7 upvotes" in rendered([mail_paper(upvotes=7)]).html
    assert "8 upvotes" in rendered([mail_paper(upvotes=8)]).html


def test_two_readers_differ_only_in_their_own_links(rendered, mail_paper, mail_links):
    one = rendered([mail_paper()], links=mail_links("aaa"))
    two = rendered([mail_paper()], links=mail_links("bbb"))

    assert one.html != two.html
    assert one.html.replace("/aaa", "/bbb") == two.html
    assert one.text.replace("/aaa", "/bbb") == two.text


# --- Templates of an operator ----------------------------------------------------------------


def with_templates(mail_templates, **changed):
    """The shipped templates with some of them replaced; `__` in a name stands for a dot."""
    files = {name.replace("__", "."): text for name, text in changed.items()}
    return Renderer(ChoiceLoader([DictLoader(files), FileSystemLoader(mail_templates)]))


def test_the_shipped_templates_are_in_order(renderer):
    assert renderer.check() == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "cards__html__j2",
            "{% macro card(paper, reason) %}{{ reason }}{% endmacro %}"
            "{% macro reason(words) %}<p title='a > {{ words }}'>x</p>{% endmacro %}",
            "within a tag",
        ),
        ("test__txt__j2", "one\n{% if %}", "test.txt.j2, line 2"),
        ("test__txt__j2", "one\n\n{{ brand.nmae }}", "test.txt.j2, line 3"),
        (
            "cards__html__j2",
            "{% macro card(paper, reason) %}{{ reason }}{% endmacro %}",
            "no macro",
        ),
        ("digest__html__j2", "<!doctype html><p>{{ digest.body }}", "<!DOCTYPE html>"),
        ("digest__txt__j2", "{{ digest.body }}", "links.preferences"),
        ("test__html__j2", "{% extends 'nowhere.html.j2' %}", "nowhere.html.j2"),
        ("digest__subject__txt__j2", "{{ 1 / 0 }}", "digest.subject.txt.j2, line 1"),
        (
            "digest__html__j2",
            "<!DOCTYPE html>\n<p>{{ digest.body }}{{ links.preferences | upper }}"
            "{{ links.unsubscribe }}",
            "without a filter",
        ),
    ],
    ids=[
        "words in a tag",
        "syntax",
        "unknown name",
        "missing part",
        "no doctype",
        "no way to the preferences",
        "missing file",
        "division by zero",
        "changed link",
    ],
)
def test_a_broken_template_is_named_with_its_place(mail_templates, name, text, problem):
    problems = with_templates(mail_templates, **{name: text}).check()

    assert any(problem in sentence for sentence in problems), problems


def test_what_only_the_page_on_the_web_shows_is_rehearsed_too(mail_templates):
    footer = "{% block foot %}{% if not links.unsubscribe %}{{ nothing }}{% endif %}{% endblock %}"
    changed = mail_templates.joinpath("digest.html.j2").read_text().partition("{% block foot %}")[0]

    problems = with_templates(mail_templates, digest__html__j2=changed + footer).check()

    assert any("digest.html.j2" in sentence and "nothing" in sentence for sentence in problems)


def test_a_broken_template_file_is_named_by_file_and_line(tmp_path, mail_templates):
    for file in mail_templates.iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    broken = (tmp_path / "cards.html.j2").read_text().replace("paper.title", "paper.titel", 1)
    (tmp_path / "cards.html.j2").write_text(broken)
    line = next(n for n, text in enumerate(broken.splitlines(), 1) if "titel" in text)

    problems = Renderer(tmp_path).check()

    assert any(f"cards.html.j2, line {line}" in sentence for sentence in problems), problems


def test_a_broken_template_is_told_when_used(mail_templates, mail_links, mail_brand):
    renderer = with_templates(mail_templates, test__html__j2="{{ nothing }}")

    with pytest.raises(TemplateProblem, match=r"test\.html\.j2, line 1"):
        renderer.note(Kind.TEST, links=mail_links(), brand=mail_brand)


# --- Golden mail -----------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["html", "text"])
def test_the_golden_digest_is_as_it_was_accepted(golden_digest, tmp_path, part):
    golden = GOLDEN / ("digest.html" if part == "html" else "digest.txt")
    made = getattr(golden_digest, part)
    (tmp_path / golden.name).write_text(made, newline="")

    assert made == golden.read_text(), (
        f"read the difference, then: cp {tmp_path / golden.name} {golden}"
    )
