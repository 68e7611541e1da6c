"""Papers of our own making, on which the cases of the filter language are worked by hand."""

from datetime import UTC, date, datetime

from newsletter.core.papers import Organization, Paper

DAY = date(2026, 6, 18)

# Has everything.
AGENTS = Paper(
    id="2606.10001",
    title="Retrieval-Augmented Agents for Long Documents",
    abstract="We let two LLM agents plan their reading. Retrieval comes before generation, at no "
    "cost. Fine-tuning GPT-4o is not needed; Jürgen Müller's test shows 12\\% fewer errors.",
    keywords=("language models", "speculative decoding"),
    featured_on=DAY,
    authors=("Kaiming He", "Jean-Luc Smith-Jones", "Anna Müller", "何恺明"),
    author_count=4,
    organization=Organization(name="internlm", full_name="Intern Large Models"),
    upvotes=12,
    comments=0,
    code_stars=100,
    code_url="https://example.org/code",
    media_urls=("https://example.org/film.mp4",),
    published_at=datetime(2026, 6, 17, 23, 30, tzinfo=UTC),
    categories=("cs.CL", "cs.IR", "hep-th"),
    sources=("huggingface", "arxiv"),
    doi="10.1000/Made.7",
)
# Has a title, and nothing else that a test could compare.
BARE = Paper(id="title:0123456789abcdef", title="A Survey of Surveys", featured_on=DAY)
# How people write what they work on.
SIGNS = Paper(
    id="2606.10002",
    title="A Survey of $\\ell_1$ and π_0: 扩散模型 in C++",
    abstract="We bound the $O(n \\log n)$ attention of LLMs on GPUs, of $\\beta$-VAEs and of "
    "U-Nets. GPT-4 answers 1,000 text-to-image prompts; R^2 is 0.95. Schrödinger bridges, the "
    "naïve Bayes rule and Erdős–Rényi graphs need no self-supervision. It doesn't use node2vec or "
    "TCP/IP. 日本語の要約。한국어 요약입니다. Co-operative multi-agent planning wins.",
    keywords=("sparse coding", "3D vision"),
    featured_on=DAY,
    authors=("J. K. Rowling", "JC Smith", "María José García Márquez", "Dan O'Brien Jr.",
             "Wang, Xiao-Ming", "Ludwig van Beethoven", "Łukasz Kaiser", "Yann LeCun"),
    author_count=120,
    organization=Organization(name="ethz", full_name="ETH Zürich"),
    upvotes=0,
    comments=3,
    project_url="https://example.org/project",
    published_at=datetime(2024, 2, 29, tzinfo=UTC),
    categories=("math.ST", "stat.ML"),
    sources=("arxiv",),
)  # fmt: skip

PAPERS = {"agents": AGENTS, "bare": BARE, "signs": SIGNS}
