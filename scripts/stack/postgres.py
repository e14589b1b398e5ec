"""PostgreSQL."""

import os
import pathlib
import pwd
import shutil
import subprocess

from scripts.stack.service import Service, StackError, port_is_free


class Postgres(Service):
    """One database cluster, with the user and database `millrace`; local connections need no password."""

    name = "postgres"

    def __init__(self, folder, port=5432):
        super().__init__(folder, port)

    @property
    def url(self):
        return f"postgresql://millrace@127.0.0.1:{self.port}/millrace"

    @staticmethod
    def binaries():
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        if not found:
            raise StackError("PostgreSQL is missing; install it with: MILLRACE_SETUP=stack scripts/setup.sh")
        return found[-1]

    def as_owner(self, *command):
        """The command as the user postgres when this program runs as root, since PostgreSQL refuses to run as root."""
        command = list(map(str, command))
        return (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
            if os.getuid() == 0
            else command
        )

    def prepare(self):
        while not port_is_free(self.port):
            self.port += 1
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        data = self.folder / "data"
        if (data / "PG_VERSION").exists():
            return
        done = subprocess.run(
            self.as_owner(
                self.binaries() / "initdb",
                "-D",
                data,
                "-U",
                "millrace",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ),
            capture_output=True,
            text=True,
            cwd="/",
        )
        if done.returncode != 0:
            shutil.rmtree(data, ignore_errors=True)
            raise StackError(f"creating the database cluster failed:\n{done.stderr}")

    def command(self):
        return self.as_owner(
            self.binaries() / "postgres",
            "-D",
            self.folder / "data",
            "-p",
            self.port,
            "-h",
            "127.0.0.1",
            "-k",
            self.folder,
        )

    def psql(self, statement, database="postgres"):
        return subprocess.run(
            [
                self.binaries() / "psql",
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-U",
                "millrace",
                "-d",
                database,
                "-Atqc",
                statement,
            ],
            capture_output=True,
            text=True,
        )

    def start(self):
        super().start()
        if not self.psql("select 1 from pg_database where datname = 'millrace'").stdout.strip():
            self.psql("create database millrace")
        return self

    def healthy(self):
        return (
            subprocess.run([self.binaries() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode
            == 0
        )
