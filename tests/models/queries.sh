#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What was recorded for postgresql.data.xz, on a server with shared_buffers=400kB and
# wal_buffers=32kB: every model of PostgreSQL has something to see. Wants PGHOST.
sql() { psql -qXAt postgres -c "$1" >/dev/null 2>&1; }

sql "create table t as select i a, md5(i::text) b from generate_series(1, 1500) i"
sql "begin; lock table t in exclusive mode; select pg_sleep(0.3); commit" &
sleep 0.1
sql "insert into t values (1)" # waits for the lock
wait
sql "select count(*) from (select * from t order by b) x"
sql "update t set a = a + 1"
pgbench -n -c 4 -t 5 postgres >/dev/null 2>&1
pgbench -n -c 2 -t 5 -M prepared -S postgres >/dev/null 2>&1
sql "checkpoint"
sql "select 1/0"
sql "begin; insert into t values (2); rollback"
