"""The graph that Dagster sees: partitions, resources, assets, checks, schedule. It holds no logic of its own."""

import warnings

from dagster import BetaWarning

# Beta to Dagster, on each of our assets: a range of days in one run, and the way from an asset's page to its file.
for beta in ("Parameter `backfill_policy`", "Class `LocalFileCodeReference`", "Class `CodeReferencesMetadataValue`"):
    warnings.filterwarnings("ignore", message=beta, category=BetaWarning)
