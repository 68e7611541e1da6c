"""Filters and papers drawn by lot: from a vocabulary of odd words, and cut out of real papers."""

from datetime import UTC, date, datetime, timedelta

from newsletter.core.papers import Organization, Paper

VOCABULARY = (
    "agent", "agents", "Agentic", "model", "models", "model's", "retrieval-augmented",
    "retrieval", "augmented", "fine-tuning", "finetuning", "fine", "tuning", "pre-trained-model",
    "trained-model", "pretrainedmodel",
    "GPT-4", "GPT4", "gpt", "LLM", "LLMs", "llm", "state-of-the-art", "Müller", "Mueller",
    "naïve", "π_0", "pi0", "$\\ell_1$", "l1", "扩散模型", "扩散", "模", "C++", "C", "1-2", "12",
    "Qwen3-8B", "PDEs", "PDE", "CSS", "diffusion", "of", "the", "TCP/IP", "3.5",
    "optimise", "optimizers", "Normalised", "normalization", "precise", "precisely", "denoising",
)  # fmt: skip
AUTHORS = (
    "Kaiming He", "K. He", "Karl Ming He", "Jürgen Müller", "Anna Mueller", "Bo Muller",
    "Xuefeng Li", "Xufeng Li", "Wei Xue", "Wei Xu", "Müller Jan",
    "JC Smith", "Smith-Jones, Jean-Luc", "Xiao-Ming Wang", "Dan O'Brien Jr.", "何恺明",
)  # fmt: skip
QUERY_NAMES = (
    '"He, K"', '"He, Kaiming"', '"Kaiming He"', '"K He"', "he", "Müller", "Muller", "Mueller",
    '"Muller, A"', "Xuefeng", "Xufeng", "Xu", "Xue", '"Li, X"', '"He, K M"',
    '"Smith J"', '"Smith JC"', '"Smith, J C"', '"J. Smith"', '"JL Smith-Jones"', "Xiaoming",
    '="JC Smith"', '="jc smith"', "OBrien", "Smith*", '"Smith-Jones, J*"', "恺明", '"He K M"',
    '"Smith-Jones, J-L"', '"Wang, Xiao-Ming"', '"Wang XM"',
)  # fmt: skip
FACTS = (
    "org:lab", 'org:"made lab"', "org:other", "cat:cs.CL", "cat:cs.*", "cat:=cs.IR", "cat:cs",
    "cat:hep-th", "cat:=math.*", "published:>2025-01-04", "published:2025-01-02..2025-01-05",
    "published:2024", "has:code", "has:org", "has:media", "*", "id:7", "source:arxiv",
)  # fmt: skip
CATEGORIES = ("cs.CL", "cs.IR", "hep-th", "math.ST")
MADE_LAB = Organization(name="made-lab", full_name="The Made Lab")


def can_be_prefix(word):
    return sum(map(str.isalnum, word)) >= 3 and word[0] != "$"


def a_made_paper(chance, k):
    """A paper of words of the vocabulary; k makes its id."""

    def some(most):
        return " ".join(chance.choices(VOCABULARY, k=chance.randrange(1, most)))

    day = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=chance.randrange(200))
    return Paper(
        id=str(k),
        title=some(5),
        abstract=some(14),
        keywords=tuple(some(4) for _ in range(chance.randrange(3))),
        featured_on=date(2026, 6, 18),
        authors=tuple(chance.sample(AUTHORS, chance.randrange(4))),
        organization=chance.choice([None, MADE_LAB]),
        upvotes=chance.choice([None, *range(6)]),
        code_stars=chance.choice([None, *range(6)]),
        published_at=chance.choice([None, day]),
        categories=tuple(chance.sample(CATEGORIES, chance.randrange(3))),
        code_url=chance.choice(["", "https://example.org/code"]),
    )


def a_term(chance):
    """A term of any kind, of words of the vocabulary."""
    word, phrase = chance.choice(VOCABULARY), " ".join(chance.choices(VOCABULARY, k=3))
    short = " ".join(phrase.split()[:2])
    field = chance.choice(["title", "abstract", "keyword"])
    sign = chance.choice([">=", "<=", "=", ">"])
    number = chance.choice(["upvotes", "stars", "authors"])
    return chance.choice(
        [
            word,
            f"{word}*" if can_be_prefix(word) else word,
            f'"{chance.choice([phrase, short])}"',
            f'"{phrase}"~{chance.randrange(6)}',
            f'"{short} {word}*"' if can_be_prefix(word) else f'"{short}"',
            f'="{chance.choice([word, short])}"',
            f'{field}:"{chance.choice([word, short])}"',
            f"author:{chance.choice(QUERY_NAMES)}",
            f'author:"{chance.choice(AUTHORS)}"',
            f"{number}:{sign}{chance.randrange(6)}",
            chance.choice(FACTS),
        ]
    )


def a_filter(chance, term=a_term, *, depth=3):
    """Terms with AND, OR, NOT and brackets between them."""
    kind = chance.randrange(5) if depth else 0
    if kind < 2:
        return term(chance)
    if kind == 2:
        return f"-({a_filter(chance, term, depth=depth - 1)})"
    parts = [a_filter(chance, term, depth=depth - 1) for _ in range(chance.randrange(2, 4))]
    return f"({' '.join(parts) if kind == 3 else ' OR '.join(parts)})"


def cut_from(papers):
    """A source of terms that are cut out of these papers, so that they match something."""

    def cut(chance, length):
        paper = chance.choice(papers)
        text = chance.choice([paper.abstract, paper.abstract, paper.title, *paper.keywords])
        found = text.replace('"', "").split() or ["model"]
        first = chance.randrange(max(1, len(found) - length))
        return " ".join(found[first : first + length])

    def name(chance):
        names = chance.choice(papers).authors or ("Ada Lovelace",)
        words = chance.choice(names).replace('"', "").split()
        return chance.choice([" ".join(words), f"{words[-1]}, {words[0][0]}", words[-1]])

    def term(chance):
        return chance.choice(
            [
                lambda: f'"{cut(chance, 1)}"',
                lambda: f'"{cut(chance, 2)}"',
                lambda: f'"{cut(chance, 3)}"',
                lambda: f'"{cut(chance, 2)}"~{chance.randrange(6)}',
                lambda: f'="{cut(chance, 1)}"',
                lambda: f'title:"{cut(chance, 1)}"',
                lambda: f'author:"{name(chance)}"',
                lambda: f'"{cut(chance, 1)[:5]}*"',
                lambda: f"upvotes:>={chance.randrange(40)}",
            ]
        )()

    return term
