"""Who may read what we write: the owner alone, and the owner's group where a setting says so. Whatever the umask is.

Every file that holds people's messages, or what was made of them, gets its mode from here.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class _Choice:
    group_reads: bool = False


_choice = _Choice()


def keep_private(*, group_reads: bool) -> None:
    """Say it once, early: from now on whatever this process and its children make is private too."""
    let_read(group_reads=group_reads)
    os.umask(0o027 if group_reads else 0o077)


def let_read(*, group_reads: bool) -> None:
    """Of our own files alone: for a process that is not ours."""
    _choice.group_reads = group_reads


def make_private(path: Path) -> None:
    """Give a file or folder its mode; one of another owner is left alone."""
    mode = 0o750 if path.is_dir() else 0o640
    wanted = mode if _choice.group_reads else mode & 0o700
    with suppress(PermissionError, FileNotFoundError):
        if path.stat().st_mode & 0o777 != wanted:
            path.chmod(wanted)
