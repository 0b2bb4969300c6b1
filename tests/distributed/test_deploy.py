"""The files of `deploy/` say what Dagster, Docker and the image take; as far as that is known without an engine."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from tests.warehouse.lakes import needs_postgres, postgres

DEPLOY = Path(__file__).parents[2] / "deploy"
needs_distributed = pytest.mark.skipif(
    find_spec("dagster_celery") is None or find_spec("dagster_postgres") is None,
    reason="the extra `distributed` is not installed",
)


@needs_distributed
@needs_postgres
def test_dagster_takes_its_settings(tmp_path: Path) -> None:
    """Dagster itself reads them, makes its tables in a PostgreSQL and says what it found."""
    text = (DEPLOY / "dagster.yaml").read_text()
    (tmp_path / "dagster.yaml").write_text(text)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(f"/tmp/reamaze-deploy-{port}")
    known = {
        "DAGSTER_HOME": str(tmp_path),
        "DAGSTER_POSTGRES_HOST": "127.0.0.1",
        "DAGSTER_POSTGRES_PORT": str(port),
        "DAGSTER_POSTGRES_USER": "postgres",
        "DAGSTER_POSTGRES_PASSWORD": "unused",
        "DAGSTER_POSTGRES_DB": "postgres",
        "DAGSTER_CELERY_BROKER": "redis://127.0.0.1:1/0",
        "DAGSTER_SCRATCH": str(tmp_path),
    }
    assert set(re.findall(r"env: (\w+)", text)) < set(known)
    try:
        with postgres(folder, port):
            command = [str(Path(sys.executable).parent / "dagster"), "instance", "info"]
            told = subprocess.run(
                command, env={**os.environ, **known}, capture_output=True, text=True, timeout=100, check=True
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert "CeleryRunLauncher" in told.stdout
    assert "free_slots_after_run_end_seconds: 60" in told.stdout


def test_nothing_holds_a_secret_runs_as_root_or_writes_to_its_image() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    ours = [services[name] for name in ("code", "webserver", "daemon", "worker")]
    assert all(service["read_only"] and service["user"] != "0" for service in ours)
    assert all("healthcheck" in services[name] for name in ("postgres", "redis", "objects", "code", "webserver"))
    assert "USER reamaze" in (DEPLOY / "Dockerfile").read_text()
    for service in services.values():
        for name, value in (service.get("environment") or {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|KEY", name):
                assert str(value).startswith("${"), name
        assert ":latest" not in service["image"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
