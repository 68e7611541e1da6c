"""The oracle: a slow evaluator that walks a filter's tree over one paper's text.

It is written to be obviously right, not to be quick: it looks at every place of every text for
every term. It shares with the program only what says what the language is, and not how it is found:
the parsed tree (fields, limits, and the text of each term, which it takes apart by itself), the
reading of TeX and NFKC (`clean`), and the Snowball stemmer. Words, hyphens, endings, accents,
spellings, nearness and names are found here by other means: letter by letter, without the
program's patterns, indexes, caches of places or bit sets.
"""

from oracle_names import has_author
from oracle_words import JOINERS, alike, forms, is_joinable, tokens, words_at

from newsletter.core.filters.tree import And, Day, Everything, Name, Not, Number, Or, Value, Words


def has_words(leaf, text):
    inner, how, near = leaf.value, "stem", leaf.near
    if inner.startswith("="):
        inner = inner[1:]
        how = "cased" if any(c.isupper() for c in inner) else "folded"
    if near is not None:
        inner = inner[: inner.rindex("~")]
    inner = inner.strip('"')
    spans, wanted = words_at(text), query_units(inner)
    if near is None:
        return any(phrase_at(wanted, start, spans, how) for start in spans)
    length = near + sum(len(pieces) for pieces, _, _ in wanted)
    found = [
        (is_same, [(s, e) for s in spans for e in unit_ends(unit, s, spans, how)])
        for unit in wanted
        for is_same in [sum(is_same_unit(unit, other, how) for other in wanted)]
    ]
    return any(window_holds(found, first, first + length) for first in spans)


def query_units(inner):
    """[(pieces, the same as one word or None, whether a star follows)]"""
    found = []
    for chunk in inner.split():
        follows = chunk[-2:-1].isalnum() or chunk[-2:-1] in ("+", "#")  # right behind a word
        starred = chunk.endswith("*") and follows and sum(c.isalnum() for c in chunk) >= 3
        run = tokens(chunk)
        while run:
            n = 1
            while n < len(run) and (
                run[n - 1][1] == "" or (len(run[n - 1][1]) == 1 and run[n - 1][1] in JOINERS)
            ):
                n += 1
            part, run = run[:n], run[n:]
            whole = "".join(word for word, _ in part) if n > 1 and is_joinable(part) else None
            found.append(([word for word, _ in part], whole, starred and not run))
    return found


def phrase_at(wanted, start, spans, how):
    ends = {start}
    for unit in wanted:
        ends = {after for end in ends for after in unit_ends(unit, end, spans, how)}
    return bool(ends)


def unit_ends(unit, start, spans, how):
    pieces, whole, starred = unit
    ends = {start}
    for i, piece in enumerate(pieces):
        kind = "prefix" if starred and i == len(pieces) - 1 else how
        ends = {e for s in ends for e, word in spans.get(s, ()) if alike(piece, word, kind)}
    if whole:
        kind = "prefix" if starred else how
        ends |= {e for e, word in spans.get(start, ()) if alike(whole, word, kind)}
    return ends


def window_holds(found, first, last):
    """found: for each word how often it is asked for, and its (start, end)."""
    return all(
        len({s for s, e in where if s >= first and e <= last}) >= count for count, where in found
    )


def is_same_unit(one, two, how):
    return (
        one[2] == two[2]
        and len(one[0]) == len(two[0])
        and all(forms(a, how) == forms(b, how) for a, b in zip(one[0], two[0], strict=True))
    )


def passes(node, paper):
    match node:
        case And():
            return all(passes(child, paper) for child in node.children)
        case Or():
            return any(passes(child, paper) for child in node.children)
        case Not():
            return not passes(node.child, paper)
        case Everything():
            return True
        case Words():
            return any(has_words(node, text) for text in texts(node.field, paper))
        case Name():
            return any(has_author(node, author) for author in paper.authors)
        case Number():
            return within(node, number(node.field, paper))
        case Day():
            return within(node, paper.published_at and paper.published_at.date())
        case Value():
            return has_value(node, paper)


def texts(field, paper):
    found = []
    if field in ("", "title"):
        found.append(paper.title)
    if field in ("", "abstract"):
        found.append(paper.abstract)
    if field in ("", "keyword"):
        found += paper.keywords
    if field == "org" and paper.organization:
        found += [paper.organization.name, paper.organization.full_name]
    return found


def number(field, paper):
    if field == "authors":
        return max(paper.author_count, len(paper.authors)) or None
    return {"upvotes": paper.upvotes, "comments": paper.comments, "stars": paper.code_stars}[field]


def within(leaf, value):
    if value is None:
        return False
    return (leaf.low is None or value >= leaf.low) and (leaf.high is None or value <= leaf.high)


def has_value(leaf, paper):
    wanted = leaf.value.strip('"').lower()
    if leaf.field == "has":
        return {
            "code": bool(paper.code_url),
            "project": bool(paper.project_url),
            "media": bool(paper.media_urls),
            "org": paper.organization is not None,
        }[wanted]
    if leaf.field == "id":
        return has_id(wanted, paper)
    if leaf.field == "source":
        return any(is_value(wanted, name) for name in paper.sources)
    categories = paper.categories
    if wanted.startswith("="):
        wanted, categories = wanted[1:].strip('"'), categories[:1]
    return any(is_value(wanted, c) or is_value(wanted, c.split(".")[0]) for c in categories)


def has_id(wanted, paper):
    for lead in ("https://", "http://", "www.", "arxiv.org/abs/", "arxiv.org/pdf/",
                 "huggingface.co/papers/", "arxiv:"):  # fmt: skip
        wanted = wanted.removeprefix(lead)
    before, version, digits = wanted.rpartition("v")
    if version and digits.isdigit() and before[-1:].isdigit():
        wanted = before
    doi = [paper.doi, "doi:" + paper.doi] if paper.doi else []
    return any(is_value(wanted, known) for known in [paper.id, *doi])


def is_value(wanted, value):
    if wanted.endswith("*"):
        return value.lower().startswith(wanted[:-1])
    return value.lower() == wanted
