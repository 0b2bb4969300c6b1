"""The graph that Dagster sees: partitions, resources, assets, checks, schedule. It holds no logic of its own."""
