"""Assets of tables whose names hold more than Dagster takes for a step or a group: any letter, a dash, a dot, a space.

An asset's key takes them as they are; only what Dagster names after it is spelled in ASCII.
"""

import re

import dagster as dg


def plain(name: str) -> str:
    """The name in letters, digits and underscores alone; different for different names."""
    return re.sub(r"[^A-Za-z0-9_]", lambda found: f"_{ord(found[0]):x}_", name)


def plain_key(schema: str, name: str) -> dg.AssetKey:
    """The key that an asset is defined with; `keyed` then gives it its own."""
    return dg.AssetKey([plain(schema), plain(name)])


def keyed(asset: dg.AssetsDefinition, schema: str, name: str) -> dg.AssetsDefinition:
    """The asset of one table under the key that is its name."""
    key = dg.AssetKey([schema, name])
    return asset if asset.key == key else asset.with_attributes(asset_key_replacements={asset.key: key})
