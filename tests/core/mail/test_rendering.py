"""Mails: what they show, how machines see them, what their subjects and previews say."""

import re
from datetime import date
from pathlib import Path

import lxml.html
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from looks import addresses_in, assert_sound, is_one_line, links_of, words_of

from newsletter.core.delivery.states import Kind
from newsletter.core.digests import Digest, Pick, Section
from newsletter.core.mail.rendering import Brand, Links, Renderer
from newsletter.core.mail.wording import columns_of
from newsletter.errors import NotFound

GOLDEN = Path(__file__).parents[2] / "fixtures" / "mails"
NOTES = tuple(kind for kind in Kind if kind is not Kind.DIGEST)


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


def test_text_and_html_hold_the_same_papers_and_links(rendered, mail_paper):
    papers = [mail_paper(number) for number in range(1, 30)]
    mail = rendered(
        {"A": papers[:3], "B": papers[3:10]}, left_out=papers[10:22], more=3, thumbnails=True
    )

    assert links_of(mail.html) == addresses_in(mail.text)
    words = words_of(mail.html)
    assert all(paper.title in words for paper in papers[:22])
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


@pytest.mark.parametrize("part", ["html", "text"])
def test_the_golden_digest_is_as_it_was_accepted(golden_digest, tmp_path, part):
    golden = GOLDEN / ("digest.html" if part == "html" else "digest.txt")
    made = getattr(golden_digest, part)
    (tmp_path / golden.name).write_text(made, newline="")

    assert made == golden.read_text(), (
        f"read the difference, then: cp {tmp_path / golden.name} {golden}"
    )
