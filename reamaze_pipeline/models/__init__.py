"""SQL files as models: read, bound, checked; their lineage, their tests, their seeds.

The door is `project.load_project`; `model` holds the values it gives. Beside them: `promises` (what must hold, of
`column_tests` and `singular_tests`), `lineage` (which column comes from which), `seeds` (CSV files as tables) and
`business_hours` (a schedule for the models' variable). How rows are stored belongs to `warehouse`; when a model runs,
to `defs`.
"""
