"""A PostgreSQL for tests: Debian's, in a folder of its own, started and stopped as a test asks, gone at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.wikis import free_port

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
NOT_THERE = "PostgreSQL is not installed: apt-get install postgresql"


class Cluster:
    """A server on a port of this machine alone; its user is `quoth`, its password `s3cret`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        # PostgreSQL does not run as root.
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        shutil.chown(folder, self.user)
        (folder / "password").write_text("s3cret")
        given = ("--username=quoth", f"--pwfile={folder / 'password'}", "--auth=scram-sha-256", "--no-sync")
        self.run("initdb", "-D", str(folder / "data"), *given)
        self.address = f"postgresql+psycopg://quoth:s3cret@127.0.0.1:{self.port}/postgres"

    def run(self, program: str, *given: str) -> None:
        subprocess.run(
            [str(FOLDERS[-1] / program), *given], user=self.user, cwd="/", check=True, capture_output=True, timeout=60
        )

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-o", options, "-w", "start")

    def stop(self, how: str = "immediate") -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", how, "-w", "stop")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """One that runs meanwhile."""
    folder = Path(tempfile.mkdtemp(prefix="quoth-postgres-"))
    one = Cluster(folder)
    one.start()
    try:
        yield one
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            one.stop()
        shutil.rmtree(folder, ignore_errors=True)
