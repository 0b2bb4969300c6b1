"""Where Dagster keeps its records: `DAGSTER_HOME`, or a folder beside the database.

Telemetry is switched off here, for every process that this one starts.
"""

import os
from pathlib import Path

import dagster as dg

from reamaze_pipeline.settings import SettingsError

HOME = "DAGSTER_HOME"
INSTANCE_YAML = """\
# Dagster's settings for this deployment; see the Dagster documentation for what else may stand here.
telemetry:
  enabled: false
"""


def dagster_home(database: Path) -> Path:
    """The folder of Dagster's records, made if it is ours, and `DAGSTER_HOME` set to it for child processes.

    Raises:
        SettingsError: `DAGSTER_HOME` is set to something that is not a folder, or ours cannot be made.
    """
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    chosen = os.environ.get(HOME)
    home = Path(chosen).expanduser().absolute() if chosen else database.absolute().parent / "dagster"
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


def open_instance(database: Path) -> dg.DagsterInstance:
    """Dagster's records for this warehouse; close with a `with` block."""
    dagster_home(database)
    return dg.DagsterInstance.get()
