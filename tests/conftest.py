"""What all tests share: how property tests run, and a PostgreSQL server. Ledgers and models are in the conftest above."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

# No time limit on one example: the first of a run builds the character tables.
settings.register_profile("fenban", deadline=None)
settings.load_profile("fenban")


def _program(name: str) -> str:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(installed[-1]) if installed else shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed: `./run test` installs Debian's postgresql, or apt-get install it")
    return found


class PostgreSQL:
    """A running server; `database()` makes an empty place of its own and returns its URL."""

    def __init__(self, folder: Path) -> None:
        # The server refuses to run as root; Debian's package makes a user for it.
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self._folder = folder
        self._count = 0

    def start(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self._folder, self._user)
        data = self._folder / "data"
        self._run("initdb", "-D", str(data), "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._folder}' -c fsync=off"
        self._run("pg_ctl", "-D", str(data), "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")

    def database(self) -> str:
        # A schema of its own is made in milliseconds, a database in a second.
        self._count += 1
        name = f"fenban{self._count}"
        url = f"{self._user}@/postgres?host={self._folder}"
        engine = sa.create_engine(f"postgresql+psycopg://{url}")
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        engine.dispose()
        return f"postgresql://{url}&options=-csearch_path%3D{name}"

    def _run(self, program: str, *arguments: str) -> None:
        user = self._user if os.geteuid() == 0 else None
        subprocess.run(
            [_program(program), *arguments], check=True, user=user, cwd=self._folder, stdout=subprocess.DEVNULL
        )


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A real PostgreSQL server in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="fenban-pg-", dir="/tmp"))
    server = PostgreSQL(folder)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
