"""Imports point down: every import of the program is held against the table of floors.

A file that no row of the table covers fails: put it where it belongs, or give it a row.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("newsletter", "workers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What the modules below `name` may import of ours (prefixes) and of others (libraries).

    is_apart: its files may not import each other.
    """

    floor: int
    name: str
    ours: tuple[str, ...] = ()
    libraries: frozenset[str] = frozenset()
    is_apart: bool = False


VALUES = ("newsletter.core", "newsletter.errors")
ENTRY = (*VALUES, "newsletter.app", "newsletter.settings", "newsletter.adapters.queue")
HTTP = "newsletter.adapters.http"
REDIS_URLS = "newsletter.adapters.redis_urls"


def part(floor: int, name: str, ours=(), *, libraries: str = "", is_apart: bool = False) -> Part:
    return Part(
        floor=floor,
        name=name,
        ours=tuple(ours),
        libraries=frozenset(libraries.split()),
        is_apart=is_apart,
    )


# The longest name that covers a module is its part.
PARTS = (
    part(0, "newsletter.errors"),
    part(
        1,
        "newsletter.core",
        VALUES,
        libraries="jinja2 markupsafe premailer lxml cssutils snowballstemmer email_validator",
    ),
    part(2, "newsletter.adapters"),
    part(2, "newsletter.adapters.http", VALUES, libraries="httpx2"),
    part(2, "newsletter.adapters.sources", (*VALUES, HTTP), libraries="lxml"),
    part(2, "newsletter.adapters.hooks", (*VALUES, HTTP), libraries="cryptography"),
    part(2, "newsletter.adapters.store", VALUES, libraries="sqlmodel sqlalchemy alembic psycopg"),
    part(2, "newsletter.adapters.redis_urls", VALUES, libraries="redis"),
    part(2, "newsletter.adapters.seen", (*VALUES, REDIS_URLS), libraries="redis"),
    part(2, "newsletter.adapters.spacing", (*VALUES, REDIS_URLS), libraries="redis"),
    part(2, "newsletter.adapters.flow", (*VALUES, REDIS_URLS), libraries="redis"),
    part(2, "newsletter.adapters.gate", (*VALUES, REDIS_URLS), libraries="redis"),
    part(2, "newsletter.adapters.queue", (*VALUES, REDIS_URLS), libraries="celery kombu redis"),
    part(2, "newsletter.adapters.smtp", VALUES),
    part(2, "newsletter.adapters.transports", VALUES),
    part(2, "newsletter.adapters.templates", VALUES, libraries="jinja2"),
    part(2, "newsletter.adapters.mailbox", VALUES),
    part(2, "newsletter.adapters.embedded", VALUES, libraries="redis aiosmtpd"),
    part(3, "newsletter.services", (*VALUES, "newsletter.adapters.store"), libraries="sqlmodel",
         is_apart=True),
    part(4, "newsletter.settings", VALUES),
    part(4, "newsletter.parts", (*VALUES, "newsletter.adapters", "newsletter.settings"),
         libraries="redis"),
    part(4, "newsletter.app", (*VALUES, "newsletter.adapters", "newsletter.services",
                               "newsletter.settings", "newsletter.parts"), libraries="sqlmodel"),
    part(4, "newsletter", (*VALUES, "newsletter.app", "newsletter.settings")),
    part(5, "newsletter.__main__", ("newsletter.cli",)),
    part(5, "newsletter.cli", ENTRY, libraries="typer click rich uvicorn fastapi"),
    part(5, "newsletter.web", ENTRY,
         libraries="fastapi starlette anyio jinja2 markupsafe uvicorn pydantic"),
    part(5, "newsletter.bench", ENTRY, libraries="typer rich jinja2 markupsafe premailer"),
    part(5, "workers", ENTRY, libraries="billiard celery kombu"),
)  # fmt: skip

# (module, what it imports beyond its part): why it has to. Both stand for all below them.
EXCEPTIONS = {
    ("newsletter.cli", "newsletter.web"): "`serve`, `up` and `demo` start the pages",
    ("newsletter.cli", "newsletter.bench"): "`bench …` starts the measurements",
    ("newsletter.bench.send", "newsletter.adapters.smtp"): "`bench send` measures the transport",
    ("newsletter.bench.send", "newsletter.adapters.flow"): "which asks how fast it may go",
    ("newsletter.bench.render", "newsletter.adapters.templates"): "`bench render` makes our mails",
    ("newsletter.bench.day", "newsletter.adapters.embedded"): "`bench day` brings its own servers",
    ("newsletter.bench.day", "newsletter.adapters.redis_urls"): "and borrows a Redis",
    ("newsletter.bench.day", "newsletter.adapters.store.scratch"): "and a database",
    ("newsletter.cli", "newsletter.adapters.embedded"): "`up` and `demo` start the servers",
    ("newsletter.cli", "newsletter.adapters.sources.folder"): "`filter match` and `demo` read"
    " recorded days without a database",
    ("newsletter.cli.demo_stage", "newsletter"): "the bundled day lies in the package",
    ("newsletter.web.view", "newsletter.adapters.templates"): "pages and mails share their folder",
    ("workers.app", "newsletter.adapters.redis_urls"): "Celery has a dialect of addresses",
}

# The program's packages may only hold other parts, never code of their own.
FOLDERS = ("newsletter", "newsletter.adapters")
WORDS_OUTSIDE = """
    asyncio ftplib http imaplib multiprocessing os poplib secrets select selectors shutil signal
    smtplib socket socketserver sqlite3 ssl subprocess tempfile time urllib.request uuid
"""
OUTSIDE = frozenset(WORDS_OUTSIDE.split())
CLOCKS = frozenset(
    f"{owner}.{name}"
    for owner, names in {
        "datetime": "now utcnow today",
        "date": "today",
        "time": "time time_ns monotonic monotonic_ns perf_counter sleep localtime gmtime",
    }.items()
    for name in names.split()
)
CHANCE = frozenset({"random.random", "random.uniform", "random.choice", "random.shuffle"})
ENVIRONMENT = frozenset({"os.environ", "os.getenv", "os.environb", "environ"})


def module_name(path: Path) -> str:
    names = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


# Migrations are held by test_migrations.py; their names are no module names.
PATHS = {
    module_name(path): path
    for top in OURS
    for path in sorted((ROOT / top).rglob("*.py"))
    if "migrations" not in path.parts
}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(PATHS[module].read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> frozenset[str]:
    """The modules that this one imports, wherever in its text; ours to the file."""
    return frozenset(name for node in ast.walk(tree_of(module)) for name in named(node, module))


def named(node: ast.AST, module: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = absolute(node, module)
        for alias in node.names:
            name = f"{base}.{alias.name}"
            yield name if name in PATHS or name in OUTSIDE else base
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
        yield from (str(word.value) for word in node.args[:1] if isinstance(word, ast.Constant))


def absolute(node: ast.ImportFrom, module: str) -> str:
    if not node.level:
        return node.module or ""
    package = module if PATHS[module].name == "__init__.py" else module.rpartition(".")[0]
    names = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*names, node.module] if node.module else names)


def covers(name: str, module: str) -> bool:
    return module == name or module.startswith(name + ".")


def part_of(module: str) -> Part | None:
    found = [one for one in PARTS if covers(one.name, module)]
    best = max(found, key=lambda one: len(one.name), default=None)
    return None if best and best.name in FOLDERS and module != best.name else best


def may_import(module: str, other: str) -> bool:
    mine = part_of(module)
    if mine is None:
        return False
    if covers(mine.name, other) and mine.name not in FOLDERS:
        return not mine.is_apart or other in (module, mine.name)
    return any(covers(name, other) for name in mine.ours)


def exceptions(module: str, other: str) -> set[tuple[str, str]]:
    """Those that allow this import. The package itself stands for itself only."""
    return {
        (who, what)
        for who, what in EXCEPTIONS
        if covers(who, module) and (other == what if what in FOLDERS else covers(what, other))
    }


def is_ours(name: str) -> bool:
    return name.partition(".")[0] in OURS


def used_words(module: str) -> frozenset[str]:
    """Each `owner.name` that the module reads, such as `datetime.now`."""
    return frozenset(
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    )


def modules_up_to(floor: int) -> list[str]:
    return [name for name in PATHS if (mine := part_of(name)) and mine.floor <= floor]


@pytest.mark.parametrize("module", PATHS)
def test_every_file_has_a_floor(module):
    assert part_of(module), f"{module} has no row in PARTS"


@pytest.mark.parametrize("module", PATHS)
def test_a_module_imports_only_what_its_floor_allows(module):
    wrong = {
        other
        for other in imports_of(module)
        if is_ours(other) and not may_import(module, other) and not exceptions(module, other)
    }

    assert not wrong


@pytest.mark.parametrize("module", PATHS)
def test_a_library_is_imported_only_by_the_part_that_wraps_it(module):
    libraries = {name.partition(".")[0] for name in imports_of(module) if not is_ours(name)}
    mine = part_of(module)

    assert mine is not None
    assert libraries - sys.stdlib_module_names <= mine.libraries


@pytest.mark.parametrize("module", modules_up_to(1))
def test_core_reaches_nothing_outside(module):
    assert not {
        name for name in imports_of(module) if any(covers(outside, name) for outside in OUTSIDE)
    }


@pytest.mark.parametrize("module", [m for m in modules_up_to(3) if part_of(m).floor != 2])
def test_core_and_services_are_told_the_time_and_draw_no_lots(module):
    assert not used_words(module) & (CLOCKS | CHANCE)


@pytest.mark.parametrize("module", modules_up_to(3))
def test_nothing_below_the_settings_reads_the_environment(module):
    assert not used_words(module) & ENVIRONMENT


def test_nobody_imports_the_workers():
    assert not {
        module
        for module in PATHS
        if not covers("workers", module) and any(covers("workers", n) for n in imports_of(module))
    }


def test_no_two_modules_need_each_other():
    needs = {
        module: {other for other in imports_of(module) if other in PATHS and other != module}
        for module in PATHS
    }

    assert list(TopologicalSorter(needs).static_order())  # raises CycleError, which names them


def test_no_exception_is_kept_that_nobody_needs():
    needed = {
        exception
        for module in PATHS
        for other in imports_of(module)
        if is_ours(other) and not may_import(module, other)
        for exception in exceptions(module, other)
    }

    assert needed == set(EXCEPTIONS)


@pytest.mark.parametrize(
    ("module", "other"),
    [
        ("newsletter.errors", "newsletter.core.papers"),
        ("newsletter.core.digests", "newsletter.settings"),
        ("newsletter.core.digests", "newsletter.adapters.store.tables"),
        ("newsletter.adapters.seen", "newsletter.adapters.store"),
        ("newsletter.adapters.store.papers", "newsletter.settings"),
        ("newsletter.services.editions", "newsletter.services.deliveries"),
        ("newsletter.services.editions", "newsletter.adapters.seen"),
        ("newsletter.app", "newsletter.web"),
        ("newsletter.web.pages", "newsletter.services.editions"),
        ("newsletter.web.pages", "newsletter.adapters.store"),
        ("newsletter.cli.run", "newsletter.web"),
        ("newsletter.cli.run", "workers.tasks"),
        ("workers.tasks", "newsletter.services.editions"),
    ],
)
def test_the_table_refuses_steps_up_and_steps_aside(module, other):
    assert not may_import(module, other)
