"""What queries of other search services become: each row is a query and our text of it."""

import pytest

from newsletter.core.dialects import import_query
from newsletter.core.filters import parse_filter

ARXIV = [
    # fields
    ("ti:checkerboard", "title:checkerboard"),
    ('abs:"spin glass"', 'abstract:"spin glass"'),
    ("all:electron", "electron"),
    ("cat:cs.CL", "cat:cs.CL"),
    ("cat:cs.*", "cat:cs.*"),
    ("id:2606.01234v2", "id:2606.01234v2"),
    # authors: an underscore is a blank, and what is left behind it may be initials
    ("au:del_maestro", 'author:"del maestro"'),
    ("au:smith_j", 'author:"smith, j"'),
    ("au:hinton_g_e", 'author:"hinton, g e"'),
    ('au:"Yann LeCun"', 'author:"Yann LeCun"'),
    # operators: AND first, a blank is an OR, ANDNOT keeps out
    ("ti:a AND ti:b OR ti:c", "title:(a b) OR title:c"),
    ("ti:a AND (ti:b OR abs:c)", "title:a (title:b OR abstract:c)"),
    ("au:li_x ANDNOT (ti:a OR ti:b)", 'author:"li, x" -title:(a | b)'),
    ("abs:(graph neural)", "abstract:(graph | neural)"),
    ("abs:(graph AND neural)", "abstract:(graph neural)"),
    # as it stands in an address
    ("au:del_maestro+AND+ti:%22quantum+criticality%22",
     'author:"del maestro" title:"quantum criticality"'),
    ("%28ti:a+OR+ti:b%29+ANDNOT+cat:hep-th", "title:(a | b) -cat:hep-th"),
    ("http://export.arxiv.org/api/query?search_query=ti:electron&start=0&max_results=10",
     "title:electron"),
    ("http://export.arxiv.org/api/query?id_list=2606.01234,hep-th/9901001",
     "id:(2606.01234 | hep-th/9901001)"),
    ("http://export.arxiv.org/api/query?search_query=ti:a&id_list=2606.01234",
     "title:a id:2606.01234"),
    # dates
    ("submittedDate:[202301010000 TO 202312312359]", "published:2023"),
    ("submittedDate:[20230105 TO *]", "published:>=2023-01-05"),
    ("ti:a AND submittedDate:[* TO 20230105]", "title:a published:<=2023-01-05"),
    # wildcards
    ("ti:transform*", "title:transform*"),
    ("ti:colo?r", "title:colo*"),
]  # fmt: skip

PUBMED = [
    # tags behind the value, short and long, in any case
    ("asthma[ti]", "title:asthma"),
    ('"heart attack"[Title]', 'title:"heart attack"'),
    ("heart attack[ti]", "title:(heart attack)"),
    ("asthma [Title/Abstract]", "asthma"),
    ("asthma[TIAB]", "asthma"),
    ("asthma[ab]", "abstract:asthma"),
    ("asthma[ot]", "keyword:asthma"),
    ("asthma[tw]", "asthma"),
    ("harvard[ad]", "org:harvard"),
    ("10.1000/made.7[doi]", "id:10.1000/made.7"),
    # authors
    ("Smith J[au]", 'author:"Smith, J"'),
    ("smith ja[au]", 'author:"smith, J A"'),
    ("van der Berg AB[Author]", 'author:"van der Berg, A B"'),
    ("Smith, John[fau]", 'author:"Smith, John"'),
    ("John Smith[Full Author Name]", 'author:"John Smith"'),
    ("smith[au]", "author:smith"),
    # from left to right
    ("a1[ti] OR b1[ti] AND c1[ti]", "title:(a1 | b1) title:c1"),
    ("a1[ti] AND b1[ti] OR c1[ti]", "title:(a1 b1) OR title:c1"),
    ("a1[ti] OR b1[ti] NOT c1[ti]", "title:(a1 | b1) -title:c1"),
    ("a1[ti] NOT b1[ti] OR c1[ti]", "(title:a1 -title:b1) OR title:c1"),
    ("(a1[ti] OR (b1[ti] AND c1[ti]))", "title:a1 OR title:(b1 c1)"),
    ("cancer drug", "cancer drug"),
    ("therap* AND gene*[ti]", "therap* title:gene*"),
    # nearness
    ('"patient school"[tiab:~3]', '"patient school"~3'),
    ('"patient school"[Title:~0]', 'title:"patient school"~0'),
    # dates
    ("2020[dp]", "published:2020"),
    ("2020/05[dp]", "published:2020-05"),
    ("2020:2023[dp]", "published:2020-01-01..2023-12-31"),
    ("2020/01/15:2020/02/20[pdat]", "published:2020-01-15..2020-02-20"),
    ('"2020/01/01"[Date - Publication] : "3000"[Date - Publication]', "published:>=2020-01-01"),
    ('("2020/01/01"[PDAT] : "2020/12/31"[PDAT]) AND x1[ti]', "published:2020 title:x1"),
    # headings are looked for as words
    ("Neoplasms[mh]", "Neoplasms"),
    ('"Lung Neoplasms/therapy"[MeSH Terms]', '"Lung Neoplasms"'),
    ('"Diabetes Mellitus, Type 2"[Mesh]', "Diabetes Mellitus Type 2"),
    ("https://pubmed.ncbi.nlm.nih.gov/?term=asthma%5Bti%5D+AND+2020%5Bdp%5D",
     "title:asthma published:2020"),
]  # fmt: skip

SCHOLAR = [
    ("graph neural", "graph neural"),
    ('"graph neural"', '"graph neural"'),
    ("intitle:agents", "title:agents"),
    ('intitle:"language agents"', 'title:"language agents"'),
    ("allintitle: agents that plan", "title:(agents that plan)"),
    ('author:"G Hinton"', 'author:"G Hinton"'),
    ("author:hinton", "author:hinton"),
    # OR binds tighter than the blank
    ("a1 b1 OR c1", "a1 (b1 OR c1)"),
    ("a1 OR b1 c1 | d1", "(a1 OR b1) (c1 OR d1)"),
    ("(a1 b1) OR c1", "(a1 b1) OR c1"),
    ("agents -survey", "agents -survey"),
    ("agents -intitle:survey -author:hinton", "agents -title:survey -author:hinton"),
    ("agents AROUND(4) memory", '"agents memory"~4'),
    ('"deep * learning"', '"deep learning"~1'),
    ('"a1 * * b1"', '"a1 b1"~2'),
    ("+LLM", "=LLM"),
    ("after:2023 before:2025 llm", "published:>=2023-01-01 published:<=2024-12-31 llm"),
    ("after:2023-05-02 llm", "published:>=2023-05-02 llm"),
    ("site:arxiv.org llm", "source:arxiv llm"),
    ("source:arxiv llm", "source:arxiv llm"),
    ("transformers: a survey", "transformers a survey"),
    ("https://scholar.google.com/scholar?hl=en&q=llm+agents&as_ylo=2023&as_yhi=2024",
     "llm agents published:>=2023-01-01 published:<=2024-12-31"),
]  # fmt: skip

ADS = [
    ('title:"dark energy"', 'title:"dark energy"'),
    ('abs:"dark energy"', '"dark energy"'),
    ("abstract:lensing", "abstract:lensing"),
    ('keyword:"galaxies: spirals"', 'keyword:"galaxies: spirals"'),
    ('author:"Huchra, J"', 'author:"Huchra, J"'),
    ('author:"^Huchra, John"', 'author:"Huchra, John"'),
    ('^"Huchra, John"', 'author:"Huchra, John"'),
    ('first_author:"Huchra, J"', 'author:"Huchra, J"'),
    ('=author:"Murray, S"', 'author:"Murray, S"'),
    ('author:("Huchra, J" AND "Geller, M")', 'author:("Huchra, J" "Geller, M")'),
    ('aff:"ETH Zurich"', 'org:"ETH Zurich"'),
    # AND binds before OR, and a blank is an AND
    ("title:a OR title:b abs:c", "title:a OR (title:b c)"),
    ("title:(a OR b) -abs:c", "title:(a | b) -c"),
    ("title:a NOT title:b", "title:a -title:b"),
    ("dark NEAR5 energy", '"dark energy"~5'),
    ("=planet", "=planet"),
    ("title:gala?y", "title:gala*"),
    # dates and numbers
    ("year:2015", "published:2015"),
    ("year:2010-2015", "published:2010-01-01..2015-12-31"),
    ("year:2010-", "published:>=2010-01-01"),
    ("year:[2010 TO 2015]", "published:2010-01-01..2015-12-31"),
    ("pubdate:[2010-03 TO 2010-05]", "published:2010-03-01..2010-05-31"),
    ("pubdate:[2010-03 TO *]", "published:>=2010-03-01"),
    ("pubdate:2010-00", "published:2010"),
    ("author_count:[1 TO 5]", "authors:1..5"),
    ("author_count:3", "authors:3"),
    # ids and categories
    ("arxiv:2101.01234", "id:2101.01234"),
    ("identifier:arXiv:astro-ph/9901001", "id:astro-ph/9901001"),
    ("doi:10.1000/made.7", "id:10.1000/made.7"),
    ('arxiv_class:"astro-ph.GA"', "cat:astro-ph.GA"),
    # the place of an author is left out, the author stays
    ('pos(author:"Oort, J", 1, 3) title:a', 'author:"Oort, J" title:a'),
    ("https://ui.adsabs.harvard.edu/search/q=author%3A%22Huchra%2C%20J%22&sort=date%20desc",
     'author:"Huchra, J"'),
]  # fmt: skip

ROWS = [
    (dialect, query, text)
    for dialect, rows in {"arxiv": ARXIV, "pubmed": PUBMED, "scholar": SCHOLAR, "ads": ADS}.items()
    for query, text in rows
]


@pytest.mark.parametrize(("dialect", "query", "text"), ROWS, ids=[f"{d} {q}" for d, q, _ in ROWS])
def test_a_query_becomes_the_filter_that_finds_the_same(dialect, query, text):
    imported = import_query(query, dialect)

    assert imported.filter.text == text
    assert parse_filter(text).text == text
