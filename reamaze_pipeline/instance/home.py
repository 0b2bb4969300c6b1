"""Where Dagster keeps its records: `DAGSTER_HOME`, or a folder beside the database.

What Dagster reads from the environment is set here, for this process and every one that it starts.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg
from filelock import FileLock

from reamaze_pipeline.errors import SettingsError
from reamaze_pipeline.warehouse.files.permissions import make_private
from reamaze_pipeline.warehouse.lake.location import Location, folder_beside, located

HOME = "DAGSTER_HOME"
POOLS = """\
# One step at a time asks the API: a look at today's messages never runs beside the night.
concurrency:
  pools:
    default_limit: 1
    granularity: op
"""
INSTANCE_YAML = f"""\
# Dagster's settings for this deployment; see the Dagster documentation for what else may stand here.
telemetry:
  enabled: false
nux:
  enabled: false
# One file and each event once, instead of a file for each run besides. What is on record already stays readable.
event_log_storage:
  module: reamaze_pipeline.instance.event_log
  class: SingleFileEventLog
  config:
    home:
      env: DAGSTER_HOME
# How long the ticks of schedules and sensors are kept; REAMAZE_KEEP_RUNS_DAYS says it for runs.
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 2
      failure: 30
      success: 30
# The daemon ends runs that do not start, or do not stop when they are told to.
run_monitoring:
  enabled: true
  start_timeout_seconds: 600
  cancel_timeout_seconds: 180
{POOLS}"""
EARLIER_INSTANCE_YAMLS = [
    INSTANCE_YAML.removesuffix(POOLS),
    """\
# Dagster's settings for this deployment; see the Dagster documentation for what else may stand here.
telemetry:
  enabled: false
nux:
  enabled: false
""",
]
"""What earlier versions wrote, the newest first. Where that stands unchanged it is replaced; others are let be."""
ENVIRONMENT = {
    "DAGSTER_DISABLE_TELEMETRY": "1",
    # The events of a range of days are written together. PostgreSQL's storage takes them so as well.
    "DAGSTER_EVENT_BATCH_SIZE": "1000",
    # One event for each table says what a run plans, and not one for each table and day, which were as many again as
    # those of what it did. Of a run that failed Dagster then shows the run and its step as failed, and the days that it
    # did not come to as missing, which they are, rather than as failed.
    "DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS": "true",
}
"""What is set for Dagster unless the user set it."""


def dagster_home(database: str | Location) -> Path:
    """The folder of Dagster's records, made if it is ours, and `DAGSTER_HOME` set to it for child processes.

    Raises:
        SettingsError: `DAGSTER_HOME` is set to something that is not a folder, or ours cannot be made.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    chosen = os.environ.get(HOME)
    home = Path(chosen).expanduser().absolute() if chosen else _beside(located(database)).absolute()
    if chosen and not home.is_dir():
        raise SettingsError(f"{HOME} {home} is not a folder; make it, or unset {HOME}")
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not chosen:  # a folder that the user made is the user's to open or close
            make_private(home)
        _configure(home / "dagster.yaml", make=not chosen)
    except OSError as error:
        raise SettingsError(f"cannot write to {home} ({error.strerror}); set {HOME} to a writable folder") from error
    os.environ[HOME] = str(home)
    return home


def _beside(database: Location) -> Path:
    taken = isinstance(database, Path) and database.name == "dagster"
    return folder_beside(database) / ("dagster-records" if taken else "dagster")


def _configure(file: Path, *, make: bool) -> None:
    """Write our settings where none are, if that is wished, and where those of an earlier version are."""
    if file.exists() and file.read_text() not in EARLIER_INSTANCE_YAMLS:
        return
    if file.exists() or make:
        written = file.with_name(f".{file.name}.{os.getpid()}")
        written.write_text(INSTANCE_YAML)
        written.replace(file)


@contextmanager
def open_instance(database: str | Location) -> Iterator[dg.DagsterInstance]:
    """Dagster's records for this warehouse, for as long as the block lasts.

    One process opens them at a time: two that make them at once, which Dagster does when they are first asked, would
    each find half of the other's tables.
    """
    home = dagster_home(database)
    with ExitStack() as stack:
        with FileLock(home / ".opening.lock"):
            instance = stack.enter_context(dg.DagsterInstance.get())
            instance.get_runs(limit=1)
            instance.get_asset_keys(limit=1)
        yield instance
