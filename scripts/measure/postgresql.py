# SPDX-License-Identifier: GPL-2.0-or-later
"""A PostgreSQL 15 server of our own: in a temporary directory, on a socket there, run by the
user postgres, for the server refuses root. Also used by tests/real."""
import os
import pwd
import shutil
import subprocess
import tempfile

BIN = "/usr/lib/postgresql/15/bin/"
SERVER = BIN + "postgres"
DEADLINE = 60


def missing():
    """Why there can be no server here, or None."""
    if not os.path.exists(SERVER):
        return f"{SERVER} of the package postgresql-15 is not installed"
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return "the package postgresql-15 is not installed: no user postgres"
    return None


class Cluster:
    """A running server while the context lasts, with the tables of pgbench."""

    def __init__(self, *settings):
        user = pwd.getpwnam("postgres")
        self.settings = settings
        self.who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.place = tempfile.mkdtemp(prefix="fathom-postgres-")
        os.chown(self.place, user.pw_uid, user.pw_gid)

    def tool(self, name, *arguments):
        done = subprocess.run([BIN + name, *arguments], cwd=self.place, capture_output=True,
                              text=True, timeout=DEADLINE, check=False, **self.who)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
        return done.stdout

    def __enter__(self):
        data = self.place + "/data"
        try:
            self.tool("initdb", "-N", "-A", "trust", "--no-locale", "-D", data)
            options = [word for setting in ("listen_addresses=", "fsync=off", *self.settings)
                       for word in ("-c", setting)]
            self.server = subprocess.Popen([SERVER, "-D", data, "-k", self.place, *options],
                                           stderr=subprocess.PIPE, text=True, cwd=self.place,
                                           **self.who)
            for line in self.server.stderr:
                if "ready to accept connections" in line:
                    break
            else:
                raise AssertionError("the server ended before it was ready")
            self.tool("pgbench", "-h", self.place, "-i", "-q", "postgres")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if hasattr(self, "server"):
            self.server.terminate()  # waits for clients; there are none
            self.server.communicate(timeout=DEADLINE)
        shutil.rmtree(self.place)

    def client(self, *options, program="pgbench"):
        """A command that runs pgbench, or another client, on it as its user."""
        return ["setpriv", f"--reuid={self.who['user']}", f"--regid={self.who['group']}",
                "--clear-groups", BIN + program, "-h", self.place, *options, "postgres"]
