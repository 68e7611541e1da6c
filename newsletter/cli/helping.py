"""Help in words: what an option takes, where the library would name a type of its language."""

from enum import Enum
from typing import Any, get_args

# What stands for the value, where that is not the name of the option.
TAKES = {"data": "PATH", "reason": "WORDS"}


def tidy(command: Any) -> None:
    """Let the help of this command and all below it name no type. command: as Typer made it."""
    for parameter in command.params:
        _tidy_parameter(parameter)
    _add_help(command)
    for below in getattr(command, "commands", {}).values():
        tidy(below)


def _add_help(command: Any) -> None:
    """The option that Typer adds itself is a flag without a value."""
    from typer import Context

    names = ["-h", "--help"]
    option = command.get_help_option(Context(command, help_option_names=names))
    if option is not None:
        option.metavar = ""


def _tidy_parameter(parameter: Any) -> None:
    if parameter.param_type_name == "argument":
        parameter.display_type_rich = _no_type
        return
    if parameter.metavar is not None:
        return
    choices = _choices(parameter)
    parameter.metavar = TAKES.get(parameter.name, parameter.opts[-1].lstrip("-").upper())
    if choices:
        parameter.help = f"{parameter.help} One of {', '.join(choices)}."


def _choices(parameter: Any) -> list[str]:
    annotation = parameter.type_descriptor.annotation
    kinds = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type)]
    enums = [one for one in kinds if issubclass(one, Enum)]
    return [str(one.value) for one in enums[0]] if enums else []


def _no_type(ctx: Any) -> None:
    """An argument's name says what it is."""
