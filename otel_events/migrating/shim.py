"""A module under an old system's name that is its drop-in."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from otel_events.migrating.source_files import SourceFileError, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from otel_events.migrating.systems import System

_TEMPLATE = '''\
"""The {title}, by its old name: this module is {path}. Made by `otel-events migrate shim`."""

import runpy
import sys

if __name__ == "__main__":
    runpy.run_module("{path}", run_name="__main__", alter_sys=True)
else:
    from otel_events.compat import {drop_in} as _drop_in
    from otel_events.compat.{drop_in} import *  # noqa: F403  # for editors and checkers

    sys.modules[__name__] = _drop_in  # so that what programs set in this module holds
'''


def shim_text(system: System) -> str:
    """Return the module that stands for *system*."""
    return _TEMPLATE.format(title=system.title, path=system.path, drop_in=system.drop_in)


def write_shim(path: Path, system: System, *, overwrites: bool) -> Path | None:
    """Write the module that stands for *system* to *path*; return where what was there is kept, if something was.

    Raises:
        SourceFileError: something is there and *overwrites* is False; it is no regular file; or it cannot be written.
    """
    text = shim_text(system).encode()
    try:
        status = path.lstat()
    except FileNotFoundError:
        write_whole(path, text)
        return None
    except OSError as error:
        raise SourceFileError(f"{path} cannot be written: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise SourceFileError(f"{path} is there, and is no regular file")
    if path.read_bytes() == text:
        return None
    if not overwrites:
        raise SourceFileError(f"{path} is there already; --force puts a shim in its place, and keeps a backup")
    backup = _keep(path)
    write_whole(path, text, like=status)
    return backup


def _keep(path: Path) -> Path:
    """Give what is at *path* a second name; return that."""
    number = 0
    while True:
        backup = path.with_name(f"{path.name}.bak{number or ''}")
        try:
            # A name that is taken is never written over, whoever takes it in this instant.
            fd = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        except FileExistsError:
            number += 1
            continue
        except OSError as error:
            raise SourceFileError(f"{backup} cannot be written: {error.strerror}") from error
        with os.fdopen(fd, "wb") as file:
            file.write(path.read_bytes())
        backup.chmod(stat.S_IMODE(path.lstat().st_mode))
        return backup
