"""TeX in titles and abstracts, read as its authors meant it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.core.tex import readable


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (r"$\ell_1$-regularised", "ℓ₁-regularised"),
        (r"\textit{emphatic} and \textbf{\emph{bold}}", "emphatic and bold"),
        (r"\textbf{M}odel", "Model"),
        (r"gains 12.4\% \& more", "gains 12.4% & more"),
        (r"$O(n^2)$ and $\mathcal{O}(n^{-1})$", "O(n²) and O(n⁻¹)"),
        (r"$\alpha \leq \beta_{max}$", "α ≤ βₘₐₓ"),
        (r"$x \in \mathbb{R}^n$", "x ∈ ℝⁿ"),
        (r"$p_\theta(x_t)$", "p_θ(xₜ)"),
        (r"$\frac{a}{b}$ of $\sqrt{n}$", "a/b of √n"),
        (r"π_{0.5} and π_0", "π_0.5 and π₀"),
        ("C^2DLM", "C²DLM"),
        ("360^circ view", "360° view"),
        (r"``quoted'' text", "“quoted” text"),
        (r"10--20 items, 3--4\%", "10–20 items, 3–4%"),
        (r"Table~3, Fig.~4", "Table 3, Fig. 4"),
        (r"Erd\H{o}s, Bolet\'{\i}n, na\"ive, Fran\c{c}ois", "Erdős, Boletín, naïve, François"),
        (r"\href{https://example.org/a}{our page}", "our page (https://example.org/a)"),
        (r"$3.6\times$ faster", "3.6× faster"),
        (r"\(a + b\)", "a + b"),
        (r"$\tilde{O}(\frac{\sqrt{n}}{\varepsilon_2^{2}})$", "Õ(√n/ε₂²)"),
        (r"$x^{\text{max}}$, the $k^{th}$", "xᵐᵃˣ, the kᵗʰ"),
        (r"$\{1, \ldots, n\}$", "{1, …, n}"),
        (r"as shown~\cite{ito2024, okafor} and \citep[see][]{x}.", "as shown and."),
        (r"\textcolor{red}{warm} and {\bf bold}", "warm and bold"),
        (r"The {BERT} of {Knowledge Seeding}", "The BERT of Knowledge Seeding"),
        ("9{,}600 clips, γ{=}4, {sim}1.5 times", "9,600 clips, γ=4, ~1.5 times"),
        ("at https://example.org/a{our page}.", "at our page (https://example.org/a)."),
        ("code: ~https://example.org/a/{https://example.org/a/}", "code: https://example.org/a/"),
        ("It is\\\\ two lines", "It is two lines"),
        (r"$\|x\|_2$ and \|y\|", "‖x‖₂ and ‖y‖"),
        (r"$\mathbb{F}$ and $\mathbb{1}$", "𝔽 and 𝟙"),
        (r"$\dot{x} \succeq \binom{n}{k}$", "ẋ ⪰ (n choose k)"),
        (r"H\textsubscript{2}O, the 1\textsuperscript{st}", "H₂O, the 1ˢᵗ"),
        ("τ^c-Bench, x^n, not x^no", "τᶜ-Bench, xⁿ, not x^no"),
        (r"\\{1, \\ldots, n\\} and \\(\\epsilon\\)", "{1, …, n} and ε"),
        (r"models \"that read\", and na\"ive ones", 'models "that read", and na"ive ones'),
        (r"It ends.\n It begins.", "It ends. It begins."),
        (r"at least \1.49M", "at least $1.49M"),
        ("at https://example.org/a}{https://example.org/a.", "at https://example.org/a."),
    ],
)
def test_tex_is_read_as_it_was_meant(typed, read):
    assert readable(typed) == read


@pytest.mark.parametrize(
    "text",
    [
        "costs $5 or $10",
        "between $1M and $2M, not $5-$10",
        r"we propose \ours, a method",
        "snake_case_1 and __init__",
        "~100 tokens, 4~7 days",
        "use --flag",
        "plain words",
        "a < b > c & d",
        "香港科技大学 Ελλάδα",
        "{pm 1, pm i}",
        "labels from {True, False} and {-1, 0, 1}",
        r"we call it \fireicon",
        "an A}gentic {model",
    ],
)
def test_what_is_not_tex_or_means_nothing_to_us_stays(text):
    assert readable(text) == text


@given(st.text() | st.text(alphabet="\\$^_{}()[]`'~-abtextfrc0 1\n"))
def test_any_text_can_be_read(text):
    assert isinstance(readable(text), str)


@pytest.mark.parametrize(
    "piece",
    [
        "\\textbf{",
        "$",
        "$a ",
        "{",
        "\\",
        "^{",
        "_{",
        "`",
        "\\(",
        "a~",
        "\\href{",
        "\\frac{a}{",
        "$^",
        "\\cite[",
        "\\hat{",
        "~",
        "https://a",
        "https://a{",
        "{A ",
        "https://a}{",
        "\\\\a",
        'a\\"',
        "\\|",
    ],
)
def test_a_hostile_text_takes_no_longer_than_its_length(piece):
    start = time.perf_counter()

    readable(piece * 20_000)

    assert time.perf_counter() - start < 2
