"""The selection of our own assets, which looks at the whole code location while it is resolved.

Two brands that write one file would replace each other's days in turn, each run green. Nothing but a location's own
graph holds both, and Dagster resolves the selections of its jobs against that when it loads it.
"""

from collections.abc import Collection, Iterable
from typing import Any

import dagster as dg

from reamaze_pipeline.errors import SettingsError

WRITES = "reamaze/writes"


class OursAlone(dg.AssetSelection):
    """The assets of these keys, in a location in which nobody else writes where they write.

    Raises `SettingsError` where somebody does, when the location is loaded.
    """

    def __init__(self, keys: Iterable[dg.AssetKey]) -> None:
        self._keys = frozenset(keys)
        self._selection = dg.AssetSelection.assets(*sorted(self._keys))

    def resolve_inner(self, asset_graph: Any, allow_missing: bool) -> Any:
        """The keys; what is typed `Any` here is Dagster's own."""
        owners: dict[str, dg.AssetKey] = {}
        for key in sorted(asset_graph.get_all_asset_keys()):
            for place in _written(asset_graph.get(key).metadata):
                if owners.setdefault(place, key) != key:
                    both = " and ".join(_prefix(each) for each in (owners[place], key))
                    raise SettingsError(f"{both} both write {place}; give each a database and a snapshot of its own")
        return self._selection.resolve_inner(asset_graph, allow_missing=allow_missing)

    def to_selection_str(self) -> str:
        return self._selection.to_selection_str()


def writing(asset: dg.AssetsDefinition, places: Collection[str]) -> dg.AssetsDefinition:
    """The asset, on record as the one that writes the places."""
    told = {WRITES: dg.MetadataValue.json(sorted(places))}
    return asset.map_asset_specs(lambda spec: spec.merge_attributes(metadata=told))


def _written(metadata: Any) -> list[str]:
    told = metadata.get(WRITES)
    return list(told.value) if isinstance(told, dg.JsonMetadataValue) and isinstance(told.value, list) else []


def _prefix(key: dg.AssetKey) -> str:
    return f"the brand {'/'.join(key.path[:-2])}" if len(key.path) > 2 else "the brand without a key_prefix"
