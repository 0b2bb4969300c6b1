"""Where Dagster keeps its records: `DAGSTER_HOME`, or a folder beside the database.

Telemetry is switched off here, for every process that this one starts. A run whose process was killed stays
"started" in these records for ever, so runs carry the process they belong to, and the next command ends them.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from reamaze_pipeline.errors import SettingsError
from reamaze_pipeline.instance import record_files

HOME = "DAGSTER_HOME"
PROCESS_TAG = "reamaze_pipeline/process"
INSTANCE_YAML = """\
# Dagster's settings for this deployment; see the Dagster documentation for what else may stand here.
telemetry:
  enabled: false
nux:
  enabled: false
"""


def dagster_home(database: Path) -> Path:
    """The folder of Dagster's records, made if it is ours, and `DAGSTER_HOME` set to it for child processes.

    Raises:
        SettingsError: `DAGSTER_HOME` is set to something that is not a folder, or ours cannot be made.
    """
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    chosen = os.environ.get(HOME)
    home = Path(chosen).expanduser().absolute() if chosen else _beside(database.absolute())
    if chosen and not home.is_dir():
        raise SettingsError(f"{HOME} {home} is not a folder; make it, or unset {HOME}")
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not chosen and not (home / "dagster.yaml").exists():
            (home / "dagster.yaml").write_text(INSTANCE_YAML)
    except OSError as error:
        raise SettingsError(f"cannot write to {home} ({error.strerror}); set {HOME} to a writable folder") from error
    os.environ[HOME] = str(home)
    return home


def _beside(database: Path) -> Path:
    return database.parent / ("dagster" if database.name != "dagster" else "dagster-records")


@contextmanager
def open_instance(database: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster's records for this warehouse, for as long as the block lasts."""
    with record_files.kept_open(dagster_home(database)), dg.DagsterInstance.get() as instance:
        yield instance


def process_tag() -> dict[str, str]:
    """The run tag that says which process a run lives in."""
    return {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}"}


def end_abandoned_runs(instance: dg.DagsterInstance) -> int:
    """Mark as failed the runs whose process on this host is gone; returns how many there were."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    abandoned = [run for run in instance.get_runs(unfinished) if _is_gone(run.tags.get(PROCESS_TAG, ""))]
    for run in abandoned:
        instance.report_run_failed(run, "The process of this run was ended from outside.")
    return len(abandoned)


def _is_gone(process: str) -> bool:
    host, _, number = process.rpartition(":")
    if host != socket.gethostname() or int(number) == os.getpid():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
