#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""PostgreSQL 15 under pgbench: postgresql_test.py FATHOM

A cluster of its own in a temporary directory, on a socket there, run by the user postgres
(the server refuses root). The server forks a process per client: all of them count.
"""
import os
import pwd
import re
import shutil
import subprocess
import tempfile

from real import (DEADLINE, each_backend, events, latency, need, perf_script, record, run,
                  skip)

BIN = "/usr/lib/postgresql/15/bin/"
SERVER = need(BIN + "postgres", "postgresql-15")
TRANSACTIONS = 50


class Cluster:
    """A running server while the context lasts."""

    def __init__(self):
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            skip("the package postgresql-15 is not installed: no user postgres")
        self.who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.place = tempfile.mkdtemp(prefix="fathom-postgres-")
        os.chown(self.place, user.pw_uid, user.pw_gid)

    def tool(self, name, *arguments):
        done = run(BIN + name, *arguments, cwd=self.place, **self.who)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
        return done.stdout

    def __enter__(self):
        data = self.place + "/data"
        try:
            self.tool("initdb", "-N", "-A", "trust", "--no-locale", "-D", data)
            self.server = subprocess.Popen(
                [SERVER, "-D", data, "-k", self.place, "-c", "listen_addresses=",
                 "-c", "fsync=off"], stderr=subprocess.PIPE, text=True, cwd=self.place, **self.who)
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

    def client(self):
        """A command that runs pgbench on it as its user."""
        return ["setpriv", f"--reuid={self.who['user']}", f"--regid={self.who['group']}",
                "--clear-groups", BIN + "pgbench", "-h", self.place, "-S", "-n", "-c", "2",
                "-t", str(TRANSACTIONS), "postgres"]


def queries(backend):
    with Cluster() as cluster:
        said = record(backend, "-e", "postgresql:query__start", "-e", "postgresql:query__done",
                      "-e", "postgresql:buffer__read__done", "-e", "postgresql:deadlock__found",
                      "-a", "-x", SERVER, "--", *cluster.client())
    assert re.search(r"postgresql:deadlock__found +0 hits +\(attached, never hit\)", said), said
    found = events()
    selects = [values["query"] for _, probe, values in found
               if probe == "postgresql:query__start"
               and values["query"].startswith('"SELECT abalance FROM pgbench_accounts')]
    assert len(selects) == 2 * TRANSACTIONS, len(selects)
    assert all(re.fullmatch(r'"SELECT abalance FROM pgbench_accounts WHERE aid = \d+;"', text)
               for text in selects), selects[:3]
    started = sum(probe == "postgresql:query__start" for _, probe, _ in found)
    assert started == sum(probe == "postgresql:query__done" for _, probe, _ in found)
    reads = [values for _, probe, values in found if probe == "postgresql:buffer__read__done"]
    assert len(reads) >= 2 * TRANSACTIONS, len(reads)
    assert {values["forkNum"] for values in reads} <= {"main", "fsm", "vm", "init"}, reads[:3]
    assert all(values["isHit"] in "01" and int(values["relation"]) > 0 for values in reads)
    assert {thread for thread, _, _ in found} == {"postgres"}
    assert latency("postgresql/query") == {"query": started}
    printed = perf_script()
    assert not printed or selects[0] in printed, printed[-500:]


each_backend(queries)
