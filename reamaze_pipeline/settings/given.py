"""Settings that a program gives in place of the environment: for another brand, or inside somebody else's project."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, Protocol, TypeVar, cast

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from reamaze_pipeline.errors import SettingsError
from reamaze_pipeline.settings import groups
from reamaze_pipeline.settings.environment import in_words

S = TypeVar("S", bound=BaseSettings)


class Reader(Protocol):
    """Gives one group of settings; raises `SettingsError` for what is missing or malformed."""

    def __call__(self, kind: type[S], /) -> S: ...


def given(values: Mapping[str, Any]) -> Reader:
    """What reads the groups from `values`, whose names are in small letters without `REAMAZE_`.

    Raises:
        SettingsError: there is no such setting.
    """
    known = {name for kind in vars(groups).values() if _is_group(kind) for name in kind.model_fields}
    for name in sorted(set(values) - known):
        alike = get_close_matches(name, known, n=1)
        raise SettingsError(f"there is no setting {name!r}" + (f"; did you mean {alike[0]}?" if alike else ""))

    def read(kind: type[S], /) -> S:
        try:
            told = {name: value for name, value in values.items() if name in kind.model_fields}
            return cast("S", _without_environment(kind)(**told))
        except ValidationError as error:
            raise SettingsError("; ".join(in_words(problem) for problem in error.errors())) from None

    return read


def _is_group(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseSettings)


@cache
def _without_environment(kind: type[S]) -> type[S]:
    """The group, told nothing by the environment: it may belong to another brand."""

    class Told(kind):  # type: ignore[misc, valid-type]
        @classmethod
        def settings_customise_sources(
            cls, _settings: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **_: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (init_settings,)

    return Told
