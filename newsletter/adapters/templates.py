"""Where the templates lie: the operator's own folder, the installed copy, or the checkout's."""

from pathlib import Path

from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader

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


def _own_dir() -> Path:
    packaged = _PACKAGE / "_templates"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "templates"
