"""Files that are held as long as the process that made them lives: the system lets go of them however it ends.

So what a killed process left behind is told from what is in use, without process numbers, which are given out again
and mean nothing in another container. Temporary folders stand here too; what is stored for good does not.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

HELD = ".held"
OLD_SECONDS = 86_400.0
"""A folder in which nothing is held is of an earlier version, or just being made; this old, it is the former."""


@contextmanager
def held(file: Path) -> Iterator[bool]:
    """Hold the file for as long as the block lasts, then remove it; gives False if another holds it."""
    lock = FileLock(file, is_singleton=False, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        with suppress(OSError):
            file.unlink()
        lock.release()


def is_let_go(file: Path) -> bool:
    """Whether the process that held the file has ended without removing it."""
    if not file.exists():
        return False
    lock = FileLock(file, is_singleton=False, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A folder only we may look into, which goes with the block, or else when the next of its kind is made."""
    sweep(prefix, os.getpid())
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder, held(Path(folder, HELD)):
        inner = Path(folder, "files")
        inner.mkdir()
        yield inner


@cache
def sweep(prefix: str, process: int) -> None:  # noqa: ARG001 the key of the cache: once for each process
    """Remove the temporary folders of this kind that processes of ours left when they were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with suppress(OSError):  # another sweeps too
            if _is_ours(folder) and _is_left(folder):
                shutil.rmtree(folder)


def _is_ours(folder: Path) -> bool:
    """A folder and no link to one, and this user's."""
    found = folder.lstat()
    return folder.is_dir() and not folder.is_symlink() and (not hasattr(os, "getuid") or found.st_uid == os.getuid())


def _is_left(folder: Path) -> bool:
    if (folder / HELD).exists():
        return is_let_go(folder / HELD)
    return time.time() - folder.stat().st_mtime > OLD_SECONDS
