"""Where the templates lie: the operator's own folder, the installed copy, or the checkout's."""

from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    TemplateSyntaxError,
)

_PACKAGE = Path(__file__).resolve().parent.parent


def templates_dir(setting: Path | None) -> Path:
    """The folder that holds `email/` and `web/`: the setting's, else the program's own."""
    return setting if setting is not None else _own_dir()


def template_loader(setting: Path | None, part: str = "email") -> BaseLoader:
    """Loads the templates of one part, "email" or "web".

    An operator's folder may hold only the files that differ: the rest are the program's own.
    """
    return ChoiceLoader([FileSystemLoader(folder) for folder in template_dirs(setting, part)])


def template_dirs(setting: Path | None, part: str) -> tuple[Path, ...]:
    """Where the files of one part are looked for, in this order."""
    own = _own_dir() / part
    return (own,) if setting is None else (setting / part, own)


def unreadable_pages(setting: Path | None) -> list[str]:
    """A sentence for each page of the site that is written wrongly, with file and line."""
    # Nothing is rendered with it.
    environment = Environment(loader=template_loader(setting, "web"))  # noqa: S701
    problems = []
    for name in environment.list_templates(extensions=["html"]):
        try:
            environment.parse(_source(environment, name), name)
        except TemplateSyntaxError as error:
            problems.append(f"{name}, line {error.lineno}: {error.message}")
        except UnicodeDecodeError:
            problems.append(f"{name} is no UTF-8: save it so.")
    return problems


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _own_dir() -> Path:
    packaged = _PACKAGE / "_templates"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "templates"
