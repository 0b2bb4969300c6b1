"""The environment and `.env`: loaded, read into groups, and what is wrong with it told all at once.

Which settings there are does not belong here; see `groups`.
"""

import logging
import os
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TypeVar

from dotenv import load_dotenv
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings

from reamaze_pipeline.errors import SettingsError
from reamaze_pipeline.settings.groups import EXAMPLES, PREFIX

S = TypeVar("S", bound=BaseSettings)


def load_environment(file: Path = Path(".env")) -> None:
    """Add the lines of `.env` in the working directory to the environment; what is set there already wins.

    Names that look like settings and are none are told on stderr, once.

    Raises:
        SettingsError: the file is not UTF-8 text.
    """
    try:
        load_dotenv(file, override=False, encoding="utf-8-sig")  # a byte order mark is no part of the first name
    except (UnicodeDecodeError, OSError) as error:
        reason = "is not UTF-8 text; save it as UTF-8" if isinstance(error, ValueError) else "cannot be read"
        raise SettingsError(f"{file} {reason}") from None
    for line in strange_names(tuple(os.environ)):
        _say_once(line)


def strange_names(names: tuple[str, ...]) -> list[str]:
    """A line for each of the names that is no setting but begins or reads like one."""
    known = {field.upper() for group in _groups(BaseSettings) for field in group.model_fields}
    lines = []
    for name in sorted(names):
        written, ours = name.upper().removeprefix(PREFIX), name.upper().startswith(PREFIX)
        if ours and written in known:
            continue
        spelled = written if ours else name.upper()
        candidates = known if ours else {PREFIX + field for field in known}
        if alike := get_close_matches(spelled, candidates, n=1, cutoff=0.6 if ours else 0.85):
            meant = PREFIX + alike[0].removeprefix(PREFIX)
            lines.append(f"{name} is no setting and is ignored; did you mean {meant}?")
        elif ours:
            lines.append(f"{name} is no setting and is ignored; see .env.example for those there are")
    return lines


def _groups(kind: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for group in kind.__subclasses__():
        if group.model_config.get("env_prefix") == PREFIX:
            yield group
        yield from _groups(group)


@cache
def _say_once(line: str) -> None:
    logging.getLogger(__name__).warning(line)


def read(kind: type[S]) -> S:
    """Read one group of settings from the environment.

    Raises:
        SettingsError: with one line that names every setting that is missing or malformed.
    """
    try:
        return kind()
    except ValidationError:
        raise SettingsError("; ".join(problems(kind))) from None


def problems(*kinds: type[BaseSettings]) -> list[str]:
    """Everything that is missing or malformed in the groups, each said once."""
    found: dict[str, None] = {}
    for kind in kinds:
        # A rule over several fields is not looked at where one is wrong, so what a group is made of is asked by itself.
        for group in (each for each in reversed(kind.__mro__) if each in set(_groups(BaseSettings))):
            try:
                group()
            except ValidationError as error:
                found |= dict.fromkeys(in_words(problem) for problem in error.errors())
    return list(found)


def in_words(problem: ErrorDetails) -> str:
    """What is wrong with one setting, by its name, and how to mend it; never its value."""
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return message
    name = PREFIX + str(problem["loc"][0]).upper()
    if problem["type"] in {"missing", "string_too_short", "too_short"}:
        return f"{name} is not set ({EXAMPLES.get(name, 'see .env.example')})"
    return f"{name} {message[:1].lower()}{message[1:]}"
