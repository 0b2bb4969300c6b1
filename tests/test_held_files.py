"""What a killed process left behind is told from what is in use, and swept."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reamaze_pipeline.held_files import held, is_let_go, sweep, temporary_folder

HOLD = """
import sys, threading
from pathlib import Path
from reamaze_pipeline.held_files import held, temporary_folder
with temporary_folder("reamaze-test-") as folder, held(Path(sys.argv[1])):
    print(folder, flush=True)
    threading.Event().wait()
"""


@contextmanager
def holding(file: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A process that holds the file and a temporary folder, killed at the end of the block at the latest."""
    command = [sys.executable, "-c", HOLD, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Path(process.stdout.readline().strip()), process
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    sweep.cache_clear()
    return folder


def test_what_a_killed_process_held_is_let_go_and_its_folder_swept(tmp_path: Path) -> None:
    file = tmp_path / "run"
    with holding(file) as (folder, process):
        assert not is_let_go(file)
        with held(file) as mine:
            assert not mine
        sweep("reamaze-test-", 1)
        assert folder.is_dir()
        process.kill()
        process.wait()
        assert is_let_go(file)
        sweep("reamaze-test-", 2)
        assert not folder.parent.exists()


def test_a_block_that_ends_leaves_nothing(tmp_path: Path, temporary: Path) -> None:
    with temporary_folder("reamaze-test-") as folder, held(tmp_path / "run") as mine:
        assert mine
        assert folder.parent.parent == temporary
        assert folder.parent.stat().st_mode & 0o777 == 0o700
        assert list(folder.iterdir()) == []
        assert not is_let_go(tmp_path / "run")
    assert not is_let_go(tmp_path / "run")
    assert list(temporary.iterdir()) == []


def test_folders_without_a_held_file_go_when_they_are_old(temporary: Path) -> None:
    young, old, other = (temporary / name for name in ("reamaze-test-young", "reamaze-test-old", "other-old"))
    for folder in (young, old, other):
        folder.mkdir()
        (folder / "file").touch()
    for folder in (old, other):
        os.utime(folder, (0, 0))
    (temporary / "reamaze-test-link").symlink_to(other)
    sweep("reamaze-test-", 1)
    assert sorted(found.name for found in temporary.iterdir()) == [
        "other-old",
        "reamaze-test-link",
        "reamaze-test-young",
    ]
    assert (other / "file").exists()
