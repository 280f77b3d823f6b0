#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""PostgreSQL 15 under pgbench: postgresql_test.py FATHOM

A cluster of its own in a temporary directory, on a socket there, run by the user postgres
(the server refuses root). The server forks a process per client: all of them count.
"""
import os
import re
import sys

from real import each_backend, events, latency, perf_script, record, skip

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../scripts/measure"))
sys.dont_write_bytecode = True
import postgresql  # noqa: E402

TRANSACTIONS = 50
HOLD_A_LOCK = r"""BEGIN;
UPDATE pgbench_branches SET bbalance = bbalance + 1 WHERE bid = 1;
SELECT pg_sleep(0.01);
END;
"""


def queries(backend, cluster):
    """SQL text, and buffer reads with named arguments."""
    said = record(backend, "-e", "postgresql:query__start", "-e", "postgresql:query__done",
                  "-e", "postgresql:buffer__read__done", "-e", "postgresql:deadlock__found",
                  "-a", "-x", postgresql.SERVER, "--",
                  *cluster.client("-S", "-n", "-c", "2", "-t", str(TRANSACTIONS)))
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


def lock_waits(backend, cluster):
    """Three clients want the same row, which each holds for a while."""
    with open("hold.sql", "w") as script:
        script.write(HOLD_A_LOCK)
    record(backend, "-e", "postgresql:lock__wait__*/type==transaction/", "-a", "-x",
           postgresql.SERVER, "--",
           *cluster.client("-n", "-c", "3", "-t", "5", "-f", os.path.abspath("hold.sql")))
    waiting, waited = {}, 0
    for _, probe, values in events():
        assert (values["type"], values["mode"]) == ("transaction", "share"), values
        transaction = values["field1"]
        assert int(transaction) > 0
        waiting[transaction] = waiting.get(transaction, 0) + (1 if probe.endswith("start") else -1)
        waited += probe.endswith("done")
    assert waited and not any(waiting.values()), (waited, waiting)


if os.geteuid():
    skip("recording probes, and becoming the user postgres, needs root")
if postgresql.missing():
    skip(postgresql.missing())
with postgresql.Cluster() as server:
    for test in (queries, lock_waits):
        each_backend(lambda backend: test(backend, server))
