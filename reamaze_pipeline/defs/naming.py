"""Under which names the graph stands in a code location: alone, beside somebody else's, or as one brand of several.

Dagster keeps one name for one thing in a location, whoever defined it: assets, steps, jobs, schedules, resources.
Tables may be named with any letter, a dash, a dot, a space: an asset's key takes them as they are; only what Dagster
names after it is spelled in ASCII.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

import dagster as dg

from reamaze_pipeline.errors import SettingsError
from reamaze_pipeline.settings.typed import about

RESOURCES = {
    "reamaze": "reamaze",
    "warehouse": "reamaze_warehouse",
    "renderer": "reamaze_renderer",
    "crawl_progress": "reamaze_crawl_progress",
}
"""What our assets ask of Dagster: the names of their parameters, and the keys that nobody else would take."""

JOB = "daily_messages"

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
_PARAMETER = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]{0,62})?")
_GROUP = re.compile(r"[A-Za-z0-9_]{1,63}")

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Naming:
    """`key_prefix` stands before every asset key, `resource_prefix` before every resource key; `group` holds all.

    In a location of our `own` every run on record is ours to tell of, to end and to forget; in another's none is but
    those of our job.
    """

    key_prefix: tuple[str, ...] = ()
    resource_prefix: str = ""
    group: str | None = None
    own: bool = False

    @classmethod
    def of(
        cls, key_prefix: str | Sequence[str] | None, resource_prefix: str | None = None, group: str | None = None
    ) -> Naming:
        """In another's location. Without a prefix of their own, resources take that of the keys.

        Raises `SettingsError` for what Dagster would refuse as a name, in words that say what it takes.
        """
        path = (key_prefix,) if isinstance(key_prefix, str) else tuple(key_prefix or ())
        for part in path:
            _refuse("key_prefix", part, _PART, "a to z, A to Z, digits, _, - and ., of which - and . are not the first")
        if resource_prefix is None:
            resource_prefix = resource_prefix_of(path)
        _refuse("resource_prefix", resource_prefix, _PARAMETER, "a to z, A to Z, digits and _, no digit first")
        if group is not None:
            _refuse("group", group, _GROUP, "a to z, A to Z, digits and _")
        return cls(path, resource_prefix, group)

    def key(self, *path: str) -> dg.AssetKey:
        """The key of a table, or of anything else that is ours."""
        return dg.AssetKey([*self.key_prefix, *path])

    def plain_key(self, *path: str) -> dg.AssetKey:
        """The same in letters that Dagster takes for a step."""
        return dg.AssetKey([*map(plain, self.key_prefix), *map(plain, path)])

    def keyed(self, asset: dg.AssetsDefinition, *path: str) -> dg.AssetsDefinition:
        """An asset that was defined with its `plain_key`, under its own key."""
        key = self.key(*path)
        return asset if asset.key == key else asset.with_attributes(asset_key_replacements={asset.key: key})

    def group_of(self, schema: str) -> str:
        """The group of a schema's assets."""
        return self.group or "_".join([*map(plain, self.key_prefix), plain(schema)])

    def name(self, name: str) -> str:
        """The name of a step, a job or a schedule."""
        return "_".join([*map(plain, self.key_prefix), name])

    @property
    def job_alone(self) -> str | None:
        """The only job whose runs are looked at; None where all are ours."""
        return None if self.own and not self.key_prefix else self.name(JOB)

    @property
    def brand(self) -> str | None:
        """The brand of several that this is, as commands name it; in another's location nobody types commands of it."""
        return self.key_prefix[0] if self.own and self.key_prefix else None

    def resource(self, key: str) -> str:
        """The key of one of our `RESOURCES`."""
        return f"{self.resource_prefix}{RESOURCES[key]}"

    def asking(self, function: F) -> F:
        """The function, its resources asked for by their keys here: to Dagster a parameter's name is the key.

        What it says of commands is said of this brand.
        """
        asked = {self.resource(name): name for name in RESOURCES}
        signature = inspect.signature(function)
        renamed = [
            parameter.replace(name=self.resource(name)) if name in RESOURCES else parameter
            for name, parameter in signature.parameters.items()
        ]

        def ours(named: dict[str, Any]) -> dict[str, Any]:
            return {asked.get(name, name): value for name, value in named.items()}

        as_asked: Any
        if inspect.isgeneratorfunction(function):  # Dagster looks whether it is one

            @wraps(function)
            def as_asked(*arguments: Any, **named: Any) -> Iterator[Any]:
                yield from _each_about(self.brand, function(*arguments, **ours(named)))
        else:

            @wraps(function)
            def as_asked(*arguments: Any, **named: Any) -> Any:
                with about(self.brand):
                    return function(*arguments, **ours(named))

        as_asked.__signature__ = signature.replace(parameters=renamed)
        as_asked.__annotations__ = {
            self.resource(name) if name in RESOURCES else name: kind for name, kind in function.__annotations__.items()
        }
        del as_asked.__wrapped__
        return cast("F", as_asked)


def _refuse(what: str, given: object, allowed: re.Pattern[str], in_words: str) -> None:
    if not isinstance(given, str) or not allowed.fullmatch(given):
        raise SettingsError(f"{what} {given!r} cannot be: it takes 1 to 63 of {in_words}")


def resource_prefix_of(path: Sequence[str]) -> str:
    """What stands before the resources of such a key prefix: the start of a Python name, as a parameter's is."""
    prefix = "".join(f"{plain(part)}_" for part in path)
    return f"_{prefix}" if prefix[:1].isdigit() else prefix


def _each_about(brand: str | None, results: Iterator[Any]) -> Iterator[Any]:
    """Between two results Dagster does other work, which may be about another brand."""
    while True:
        with about(brand):
            try:
                result = next(results)
            except StopIteration:
                return
        yield result


def plain(name: str) -> str:
    """The name in letters, digits and underscores alone; different for different names."""
    return re.sub(r"[^A-Za-z0-9_]", lambda found: f"_{ord(found[0]):x}_", name)


DOMAIN = "support"
"""The domain of what is shipped; a model names another as ``config: meta: domain``."""


def tags_of(schema: str, domain: str = DOMAIN) -> dict[str, str]:
    """By which the catalog can be filtered."""
    return {"layer": plain(schema)[:63], "domain": plain(domain)[:63]}


ALONE = Naming(own=True)
"""Our own code location, with one brand."""
