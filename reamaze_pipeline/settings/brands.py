"""Several brands in one deployment: a YAML file in which each has a login, a first day, a zone, a budget of its own.

A brand is the environment with its settings laid over, so that all that reads settings knows nothing of brands. What a
brand does not say is as in the environment; its address, its database and its copy are its own in any case. The file
holds the names of the variables of a login, never a login.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import BaseSettings

from reamaze_pipeline.errors import SettingsError, UsageRefused
from reamaze_pipeline.settings import groups
from reamaze_pipeline.settings.environment import load_environment, read
from reamaze_pipeline.settings.groups import PREFIX
from reamaze_pipeline.settings.values import one_place

_LOGIN = {"email": "REAMAZE_EMAIL", "api_token": "REAMAZE_API_TOKEN"}
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
VIEWS = "all_brands.duckdb"
"""The file of the views over all brands."""
_OWN = {"api_url": "", "snapshot": ""}
"""What no brand takes over from the environment, unless it says so itself."""


class _EachOnce(yaml.SafeLoader):
    """YAML whose mappings name nothing twice: of two brands of one name, the last would take the other's place."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        names = [self.construct_object(key, deep=True) for key in keys]
        for name in names:
            if names.count(name) > 1:
                raise SettingsError(f"{PREFIX}BRANDS names {name} twice, on line {node.start_mark.line + 1} and below")
        return super().construct_mapping(node, deep=deep)


@dataclass(frozen=True, slots=True)
class NamedBrand:
    """`environment` is laid over the environment; the login is in the two variables."""

    name: str
    environment: Mapping[str, str]
    email_variable: str
    token_variable: str

    def lay_over(self) -> None:
        """From now on this process is about the brand alone."""
        login = {
            _LOGIN["email"]: os.environ.get(self.email_variable, ""),
            _LOGIN["api_token"]: os.environ.get(self.token_variable, ""),
        }
        os.environ.update({**self.environment, **login})
        _chosen.append(self)

    @contextmanager
    def laid_over(self) -> Iterator[None]:
        """The same within the block."""
        before = dict(os.environ)
        self.lay_over()
        try:
            yield
        finally:
            _chosen.pop()
            os.environ.clear()
            os.environ.update(before)


_chosen: list[NamedBrand] = []


def chosen() -> NamedBrand | None:
    """The brand that this process is about, if it is about one of several."""
    return _chosen[-1] if _chosen else None


def choose(name: str | None, *, needed: bool) -> None:
    """Lay a brand over the environment; with None the only one there is.

    Raises:
        SettingsError: the file cannot be read, or there is none although a brand is named.
        UsageRefused: there is no such brand, or none is named where one is `needed`.
    """
    brands = known_brands()
    if not brands:
        if name is not None:
            raise SettingsError("--brand chooses one of the brands in the file REAMAZE_BRANDS, which is not set")
        return
    if name is None and len(brands) > 1:
        if needed:
            raise UsageRefused(f"say which brand: {', '.join(f'--brand {each}' for each in brands)}")
        return
    wanted = name or next(iter(brands))
    if wanted not in brands:
        alike = get_close_matches(wanted, brands, n=1)
        hint = f"did you mean {alike[0]}?" if alike else f"there is {', '.join(brands)}"
        raise UsageRefused(f"there is no brand {wanted!r}; {hint}")
    brands[wanted].lay_over()


def known_brands() -> dict[str, NamedBrand]:
    """The brands of `REAMAZE_BRANDS` by name, in the order of the file; none if it is not set.

    Raises:
        SettingsError: the file cannot be read, or a brand is not as it should be; the text names it.
    """
    load_environment()
    file = read(groups.Brands).brands
    return read_brands(file) if file else {}


def read_brands(file: Path) -> dict[str, NamedBrand]:
    """The brands that a file describes. Raises as `known_brands` does."""
    try:
        found = yaml.load(file.read_text(encoding="utf-8"), _EachOnce)  # noqa: S506 a SafeLoader
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsError(f"{PREFIX}BRANDS {file} cannot be read ({type(error).__name__})") from None
    if not isinstance(found, dict) or not found:
        raise SettingsError(f"{PREFIX}BRANDS {file} must name brands, each with its settings below it")
    folder = _folder()
    brands = {str(name): _brand(str(name), values or {}, folder) for name, values in found.items()}
    _refuse_shared(brands.values())
    return brands


def _refuse_shared(brands: Iterable[NamedBrand]) -> None:
    owners: dict[str, str] = {}
    for brand in brands:
        for setting in ("DATABASE", "SNAPSHOT"):
            place = brand.environment[f"{PREFIX}{setting}"]
            if Path(place).name == VIEWS:
                raise SettingsError(
                    f"the brand {brand.name} cannot write {place}: the views of all brands are made there"
                )
            if place and owners.setdefault(one_place(place), brand.name) != brand.name:
                other = owners[one_place(place)]
                raise SettingsError(f"{brand.name} and {other} have one {setting.lower()}, {place}; each needs its own")


def _folder() -> Path:
    """Where the databases are that no brand places elsewhere: beside the one of the environment."""
    location = str(read(groups.Warehouse).database)
    return Path("data") if ":" in location else Path(location).parent


def _brand(name: str, values: Any, folder: Path) -> NamedBrand:
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"the brand {name!r} must be named in small letters, digits and dashes, a dash not first, at most 63"
        )
    if not isinstance(values, dict):
        raise SettingsError(f"the brand {name} must have settings below it, such as start_date: 2024-01-31")
    _refuse_unknown(name, values)
    variables = {key: _variable(name, key, values[key]) if key in values else own for key, own in _LOGIN.items()}
    told = {key: _text(value) for key, value in values.items() if key not in _LOGIN}
    defaults = {**_OWN, "brand": name, "database": str(folder / f"{name}.duckdb")}
    said = {key: value for key, value in told.items() if value or key not in defaults}
    environment = {PREFIX + key.upper(): value for key, value in (defaults | said).items()}
    return NamedBrand(name, environment, variables["email"], variables["api_token"])


def _refuse_unknown(name: str, values: Mapping[str, Any]) -> None:
    kinds = [kind for kind in vars(groups).values() if isinstance(kind, type) and issubclass(kind, BaseSettings)]
    known = {field for kind in kinds for field in kind.model_fields} - {"brands"}
    for key in values:
        if key not in known:
            alike = get_close_matches(str(key), known, n=1)
            hint = f"; did you mean {alike[0]}?" if alike else ""
            raise SettingsError(f"the brand {name} has {key}, which is no setting{hint}")


def _variable(name: str, key: str, value: object) -> str:
    found = _REFERENCE.fullmatch(str(value))
    if found is None:
        raise SettingsError(
            f"the brand {name} must name the variable of its {key}, such as ${{{name.upper().replace('-', '_')}"
            f"_{key.upper().removeprefix('API_')}}}; a login does not belong into the file"
        )
    return found[1]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
