"""The graph that Dagster sees: partitions, resources, assets, checks, schedule. It holds no logic of its own."""

import warnings

from dagster import BetaWarning

# A range of days in one run needs a backfill policy, which Dagster calls beta on each of our assets.
warnings.filterwarnings("ignore", message="Parameter `backfill_policy`", category=BetaWarning)
