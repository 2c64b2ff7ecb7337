"""What the exit code of a command means; docs/cli.md has the same table."""

from __future__ import annotations

OK = 0
# The command did its work, and the answer is no: a target missed, something not found, an event not accepted.
NO = 1
# The command line cannot be understood: an unknown option, a wrong filter.
USAGE = 2
# What was to be read or written cannot be: no such file, a full disk, a missing extra.
INPUT = 3
INTERRUPTED = 130
BROKEN_PIPE = 141
# `run`: the command could not be found, or could not be started.
NOT_FOUND = 127
NOT_EXECUTABLE = 126
