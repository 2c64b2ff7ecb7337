"""The tables of the index, and the ways to open it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Another number, and every index is made anew from the ledger.
VERSION = 5
PATIENCE = 10.0  # seconds that one connection waits for another

# Texts that repeat are numbered (`words`, `names`); ids of tasks, sessions and traces are hashes of 63 bits (`key_of`), since
# there are as many of them as rows: whoever asks by one of these looks at the line as well. Ids are used again: `runs` says which
# run a number in a column `run` means. What belongs to no session has the empty text for its `session_id`.
_TABLES = """
CREATE TABLE state (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE files (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, path TEXT NOT NULL, identity TEXT NOT NULL, head INTEGER NOT NULL,
  position INTEGER NOT NULL, first_seq INTEGER, last_seq INTEGER);
CREATE TABLE events (
  seq INTEGER PRIMARY KEY, file INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, part INTEGER NOT NULL,
  time INTEGER NOT NULL, name INTEGER NOT NULL, severity INTEGER NOT NULL, service INTEGER, persona INTEGER, cycle INTEGER,
  task INTEGER, session INTEGER, trace INTEGER, writer INTEGER, run INTEGER, session_run INTEGER, cycle_run INTEGER);
CREATE INDEX events_name ON events (name);
CREATE INDEX events_task ON events (task) WHERE task IS NOT NULL;
CREATE INDEX events_session ON events (session) WHERE session IS NOT NULL;
CREATE INDEX events_trace ON events (trace) WHERE trace IS NOT NULL;
CREATE INDEX events_severe ON events (seq) WHERE severity >= 17;
CREATE TABLE words (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (kind, text));
CREATE TABLE names (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, category TEXT NOT NULL, is_own INTEGER NOT NULL,
  count INTEGER NOT NULL, errors INTEGER NOT NULL, first_time INTEGER, last_time INTEGER, first_seq INTEGER,
  last_seq INTEGER);
CREATE TABLE seconds (
  second INTEGER NOT NULL, name INTEGER NOT NULL, level INTEGER NOT NULL,
  count INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  PRIMARY KEY (second, name, level)) WITHOUT ROWID;
CREATE TABLE tasks (
  task_id TEXT NOT NULL, run INTEGER NOT NULL, name TEXT, persona TEXT, session_id TEXT, session_run INTEGER, cycle INTEGER,
  cycle_run INTEGER, parent_task_id TEXT, parent_run INTEGER, trace_id TEXT, span_id TEXT, writer TEXT, state TEXT NOT NULL,
  started INTEGER, ended INTEGER, duration REAL, events INTEGER NOT NULL, errors INTEGER NOT NULL, error_type TEXT,
  attributes TEXT, first_time INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  PRIMARY KEY (task_id, run));
CREATE INDEX tasks_last ON tasks (last_seq);
CREATE INDEX tasks_parent ON tasks (parent_task_id) WHERE parent_task_id IS NOT NULL;
CREATE INDEX tasks_open ON tasks (last_seq) WHERE state = 'running';
CREATE TABLE sessions (
  session_id TEXT NOT NULL, run INTEGER NOT NULL, trace_id TEXT NOT NULL, writer TEXT NOT NULL, service TEXT, started INTEGER,
  ended INTEGER, duration REAL, events INTEGER NOT NULL, errors INTEGER NOT NULL, first_time INTEGER NOT NULL,
  last_time INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, PRIMARY KEY (session_id, run));
CREATE INDEX sessions_last ON sessions (last_seq);
CREATE TABLE cycles (
  session_id TEXT NOT NULL, cycle NOT NULL, run INTEGER NOT NULL, session_run INTEGER, trace_id TEXT NOT NULL,
  writer TEXT NOT NULL, day, stalls INTEGER NOT NULL, service TEXT, started INTEGER, ended INTEGER, duration REAL,
  events INTEGER NOT NULL, errors INTEGER NOT NULL, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL,
  first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, PRIMARY KEY (session_id, cycle, run));
CREATE INDEX cycles_last ON cycles (last_seq);
CREATE TABLE minutes (
  minute INTEGER NOT NULL, service INTEGER NOT NULL, persona INTEGER NOT NULL, count INTEGER NOT NULL,
  errors INTEGER NOT NULL, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL, first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL, PRIMARY KEY (minute, service, persona)) WITHOUT ROWID;
CREATE TABLE faults (
  seq INTEGER PRIMARY KEY, fingerprint INTEGER NOT NULL, service INTEGER, time INTEGER NOT NULL, weight INTEGER NOT NULL);
CREATE INDEX faults_fingerprint ON faults (fingerprint);
CREATE TABLE spans (
  id INTEGER PRIMARY KEY, trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_span_id TEXT NOT NULL, name TEXT NOT NULL,
  started INTEGER NOT NULL, ended INTEGER NOT NULL, status INTEGER NOT NULL, service TEXT NOT NULL, task_id TEXT,
  session_id TEXT, file INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (trace_id, span_id));
CREATE INDEX spans_task ON spans (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX spans_file ON spans (file);
CREATE TABLE writers (
  writer TEXT PRIMARY KEY, service TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER, resource TEXT, started INTEGER,
  first_number INTEGER NOT NULL, last_number INTEGER NOT NULL, received INTEGER NOT NULL, emitted INTEGER,
  dropped TEXT NOT NULL, summed INTEGER NOT NULL, is_stopped INTEGER NOT NULL, last_time INTEGER NOT NULL,
  last_seq INTEGER NOT NULL);
CREATE TABLE numbers (writer TEXT NOT NULL, chunk INTEGER NOT NULL, marks BLOB NOT NULL, PRIMARY KEY (writer, chunk))
  WITHOUT ROWID;
CREATE TABLE uids (hash INTEGER PRIMARY KEY, seq INTEGER NOT NULL);
"""


def create(path: Path) -> sqlite3.Connection:
    """Return a connection that writes to a new index at *path*, where nothing is."""
    # Before SQLite does: the files that it puts beside have the mode of this one.
    path.touch(0o600)
    connection = _connect(path)
    # Pages of 8 KiB: half as many of them to rewrite for rows that come in the order of their keys.
    connection.execute("PRAGMA page_size = 8192")
    _tune(connection)
    connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    return connection


def open_for_writing(path: Path) -> sqlite3.Connection | None:
    """Return a connection that writes to the index at *path*; None if there is none that this version can use."""
    if not path.is_file():
        return None
    connection = _connect(path)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            _tune(connection)
            connection.execute("SELECT count(*) FROM files").fetchone()
            return connection
    except sqlite3.DatabaseError:
        pass  # whatever it is, it is no index: the caller makes a new one
    connection.close()
    return None


class ReadingConnection(sqlite3.Connection):
    """A connection that others can know without keeping it open; it is closed with the thread that has it."""

    def __del__(self) -> None:
        """Close it: since Python 3.13 a connection complains of whoever leaves that to it."""
        self.close()


def open_for_reading(path: Path) -> ReadingConnection:
    """Return a connection that only reads."""
    # Of an index that is missing it makes none: that is the writer's business.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=PATIENCE,
        factory=ReadingConnection,
    )
    connection.execute("PRAGMA query_only = 1")
    connection.execute("PRAGMA mmap_size = 268435456")
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=PATIENCE)


def _tune(connection: sqlite3.Connection) -> None:
    # What a power cut takes from the index is read from the ledger again: no commit waits for the disk.
    # Under load its log is written back every 32 MB; when there is nothing to do, `IndexFile.fold` does so.
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -65536", "wal_autocheckpoint = 4000"):
        connection.execute(f"PRAGMA {pragma}")
