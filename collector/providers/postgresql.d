/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PostgreSQL 15: names and types of its probes' arguments, written from the table
 * "Built-in DTrace Probes" in the chapter "Dynamic Tracing" of its documentation.
 */
typedef unsigned int Oid;
typedef unsigned int BlockNumber;
typedef unsigned int LocalTransactionId;
typedef enum { main, fsm, vm, init } ForkNumber;
typedef enum { exclusive, shared, wait_until_free } LWLockMode;
typedef enum {
	none, access_share, row_share, row_exclusive, share_update_exclusive, share,
	share_row_exclusive, exclusive, access_exclusive
} LOCKMODE;
typedef enum {
	relation, relation_extend, database_frozen_ids, page, tuple, transaction,
	virtual_transaction, speculative_token, object, user_lock, advisory
} LockTagType;
typedef enum { heap, index, datum } SortKind;
typedef enum { serial, worker, leader } SortParallel;

provider postgresql {
	probe transaction__start(LocalTransactionId transaction);
	probe transaction__commit(LocalTransactionId transaction);
	probe transaction__abort(LocalTransactionId transaction);

	probe query__start(const char *query);
	probe query__done(const char *query);
	probe query__parse__start(const char *query);
	probe query__parse__done(const char *query);
	probe query__rewrite__start(const char *query);
	probe query__rewrite__done(const char *query);
	probe query__plan__start();
	probe query__plan__done();
	probe query__execute__start();
	probe query__execute__done();
	probe statement__status(const char *status);

	probe checkpoint__start(int flags);
	probe checkpoint__done(int buffers_written, int buffers, int wal_added,
			       int wal_removed, int wal_recycled);
	probe clog__checkpoint__start(bool is_normal);
	probe clog__checkpoint__done(bool is_normal);
	probe subtrans__checkpoint__start(bool is_normal);
	probe subtrans__checkpoint__done(bool is_normal);
	probe multixact__checkpoint__start(bool is_normal);
	probe multixact__checkpoint__done(bool is_normal);
	probe twophase__checkpoint__start();
	probe twophase__checkpoint__done();

	probe buffer__checkpoint__start(int flags);
	probe buffer__checkpoint__sync__start();
	probe buffer__checkpoint__done();
	probe buffer__sync__start(int buffers, int dirty);
	probe buffer__sync__written(int buffer);
	probe buffer__sync__done(int buffers, int written, int expected);
	probe buffer__read__start(ForkNumber forkNum, BlockNumber blockNum, Oid tablespace,
				  Oid database, Oid relation, int backend, bool isExtend);
	probe buffer__read__done(ForkNumber forkNum, BlockNumber blockNum, Oid tablespace,
				 Oid database, Oid relation, int backend, bool isExtend,
				 bool isHit);
	probe buffer__flush__start(ForkNumber forkNum, BlockNumber blockNum, Oid tablespace,
				   Oid database, Oid relation);
	probe buffer__flush__done(ForkNumber forkNum, BlockNumber blockNum, Oid tablespace,
				  Oid database, Oid relation);
	probe buffer__write__dirty__start(ForkNumber forkNum, BlockNumber blockNum,
					  Oid tablespace, Oid database, Oid relation);
	probe buffer__write__dirty__done(ForkNumber forkNum, BlockNumber blockNum,
					 Oid tablespace, Oid database, Oid relation);

	probe wal__buffer__write__dirty__start();
	probe wal__buffer__write__dirty__done();
	probe wal__insert(unsigned char rmid, unsigned char info);
	probe wal__switch();

	probe smgr__md__read__start(ForkNumber forkNum, BlockNumber blockNum, Oid tablespace,
				    Oid database, Oid relation, int backend);
	probe smgr__md__read__done(ForkNumber forkNum, BlockNumber blockNum, Oid tablespace,
				   Oid database, Oid relation, int backend, int bytes_read,
				   int bytes_requested);
	probe smgr__md__write__start(ForkNumber forkNum, BlockNumber blockNum, Oid tablespace,
				     Oid database, Oid relation, int backend);
	probe smgr__md__write__done(ForkNumber forkNum, BlockNumber blockNum, Oid tablespace,
				    Oid database, Oid relation, int backend,
				    int bytes_written, int bytes_requested);

	probe sort__start(SortKind kind, bool unique, int keys, int work_mem_kb,
			  bool random_access, SortParallel parallel);
	probe sort__done(bool external, long size);

	probe lwlock__acquire(const char *tranche, LWLockMode mode);
	probe lwlock__release(const char *tranche);
	probe lwlock__wait__start(const char *tranche, LWLockMode mode);
	probe lwlock__wait__done(const char *tranche, LWLockMode mode);
	probe lwlock__condacquire(const char *tranche, LWLockMode mode);
	probe lwlock__condacquire__fail(const char *tranche, LWLockMode mode);
	probe lwlock__acquire__or__wait(const char *tranche, LWLockMode mode);
	probe lwlock__acquire__or__wait__fail(const char *tranche, LWLockMode mode);

	probe lock__wait__start(unsigned int field1, unsigned int field2,
				unsigned int field3, unsigned int field4,
				LockTagType type, LOCKMODE mode);
	probe lock__wait__done(unsigned int field1, unsigned int field2,
			       unsigned int field3, unsigned int field4, LockTagType type,
			       LOCKMODE mode);
	probe deadlock__found();
};
