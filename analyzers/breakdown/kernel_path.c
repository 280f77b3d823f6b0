// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests on their way through the kernel. */
#include "analyzers/breakdown/kernel_path.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "core/failure.h"

enum {
	FIELDS = 4,
	WORKER_SEARCHED = 4096, /* requests that a bio of a worker may belong to */
	SECTOR = 512,
};

enum kernel_role {
	ROLE_NONE,
	URING_SUBMIT,
	URING_WORKER,
	URING_COMPLETE,
	BIO_QUEUE,
	RQ_ISSUE,
	RQ_COMPLETE,
	SWITCH,
};

enum { RING, USER_DATA };
enum { DEVICE, FIRST_SECTOR, SECTORS, WAY };
enum { PREVIOUS, NEXT };

/* What is looked for; a name changed with Linux 6.3. */
static const struct kernel_event {
	const char *provider, *probe;
	enum kernel_role role;
	const char *fields[FIELDS];
} kernel_events[] = {
	{"io_uring", "io_uring_submit_req", URING_SUBMIT, {"ctx", "user_data"}},
	{"io_uring", "io_uring_submit_sqe", URING_SUBMIT, {"ctx", "user_data"}},
	{"io_uring", "io_uring_queue_async_work", URING_WORKER, {"ctx", "user_data"}},
	{"io_uring", "io_uring_complete", URING_COMPLETE, {"ctx", "user_data"}},
	{"block", "block_bio_queue", BIO_QUEUE, {"dev", "sector", "nr_sector", "rwbs"}},
	{"block", "block_rq_issue", RQ_ISSUE, {"dev", "sector", "nr_sector"}},
	{"block", "block_rq_complete", RQ_COMPLETE, {"dev", "sector", "nr_sector"}},
	{"sched", "sched_switch", SWITCH, {"prev_pid", "next_pid"}},
};

enum { NR_KERNEL_EVENTS = sizeof(kernel_events) / sizeof(*kernel_events) };

struct kernel_type {
	enum kernel_role role;
	const struct event_field *fields[FIELDS];
};

static uint64_t value(const struct kernel_type *t, const struct event *event,
		      unsigned field)
{
	return (uint64_t)event_integer(event, t->fields[field]);
}

static struct life *life_at(const struct kernel_path *k, uint32_t index)
{
	return &k->lives->items[index];
}

/* The slot of by_data that has the names, or the free one where they would go. */
static uint32_t data_slot(const struct kernel_path *k, uint64_t ring, uint64_t data)
{
	uint32_t hash = index_hash(data ^ ring, 0), at = hash & k->by_data.mask;

	for (; k->by_data.slots[at].index; at = (at + 1) & k->by_data.mask) {
		const struct life *l = life_at(k, k->by_data.slots[at].index);

		if (l->user_data == data && l->ring == ring)
			break;
	}
	return at;
}

static void leave_ring(struct kernel_path *k, uint32_t index)
{
	struct life *l = life_at(k, index);

	if (!l->is_in_ring)
		return;
	l->is_in_ring = false;
	index_table_remove(&k->by_data, data_slot(k, l->ring, l->user_data));
	k->nr_in_ring--;
}

/* From now on user_data tells that request. */
static int enter_ring(struct kernel_path *k, uint32_t index, uint64_t ring, uint64_t data)
{
	struct life *l = life_at(k, index);
	uint32_t at;

	if (index_table_reserve(&k->by_data, k->nr_in_ring))
		return -ENOMEM;
	leave_ring(k, index);
	at = data_slot(k, ring, data);
	if (k->by_data.slots[at].index) { /* its complete was not seen */
		leave_ring(k, k->by_data.slots[at].index);
		at = data_slot(k, ring, data);
	}
	l->ring = ring;
	l->user_data = data;
	l->is_in_ring = true;
	k->has_io_uring = true;
	k->by_data.slots[at] =
		(struct index_slot){.index = index, .hash = index_hash(data ^ ring, 0)};
	k->nr_in_ring++;
	return 0;
}

/* The request whose key or alias is io_uring's user_data; 0: none. */
static uint32_t find_by_key(const struct kernel_path *k, const struct event *event,
			    uint64_t data)
{
	const struct requests *r = k->requests;
	int32_t scope = requests_scope(r, event);
	const struct request *q = r->model->scope == SCOPE_STACK
					  ? NULL
					  : inflight_find(&r->in_flight, data, scope);

	if (q)
		return inflight_index(&r->in_flight, q);
	return r->aliases.count ? aliases_find(&r->aliases, data, scope) : 0;
}

/* The thread's next; where the model has stages, one that reached the first. */
static uint32_t find_next(const struct kernel_path *k, uint32_t thread)
{
	uint32_t index = thread ? k->threads->items[thread].first : 0;

	if (index && k->requests->model->nr_stages && life_at(k, index)->nr_marks < 2)
		return 0;
	return index;
}

static int uring_submit(struct kernel_path *k, const struct kernel_type *t,
			const struct event *event)
{
	uint32_t thread = threads_find(k->threads, event->pid, event->tid);
	uint64_t data = value(t, event, USER_DATA);
	uint32_t index = find_by_key(k, event, data);
	enum life_join how = index ? JOIN_KEY : JOIN_ORDER;
	struct life *l;

	if (!index)
		index = find_next(k, thread);
	if (!index) {
		k->strange_data += k->threads->items[thread].requests != 0;
		thread_work(k->threads, k->lives, thread, 0);
		return 0;
	}
	thread_dequeue(k->threads, k->lives, index);
	thread_work(k->threads, k->lives, thread, index);
	l = life_at(k, index);
	l->join = (uint8_t)how;
	life_mark(l, event->time_ns, STAGE_IO_URING);
	return enter_ring(k, index, value(t, event, RING), data);
}

static uint32_t in_ring(const struct kernel_path *k, const struct kernel_type *t,
			const struct event *event)
{
	return k->by_data
		.slots[data_slot(k, value(t, event, RING), value(t, event, USER_DATA))]
		.index;
}

static void uring_worker(struct kernel_path *k, const struct kernel_type *t,
			 const struct event *event)
{
	uint32_t index = in_ring(k, t, event);

	if (!index)
		return;
	life_at(k, index)->for_worker = true;
	thread_work(k->threads, k->lives, life_at(k, index)->worked_by, 0);
}

/* The program could see it from now on. */
static void answered(struct kernel_path *k, const struct life *l, uint64_t time_ns)
{
	struct thread *thread = &k->threads->items[l->thread];

	if (thread->waiting.is_on && !thread->answer_ns)
		thread->answer_ns = time_ns;
}

static void uring_complete(struct kernel_path *k, const struct kernel_type *t,
			   const struct event *event)
{
	uint32_t index = in_ring(k, t, event);

	if (!index)
		return;
	life_mark(life_at(k, index), event->time_ns, STAGE_REAP);
	answered(k, life_at(k, index), event->time_ns);
	leave_ring(k, index);
}

bool kernel_path_writes(struct kernel_path *k, const struct request *q)
{
	if (!k->asked[q->op]) {
		const char *word = requests_op_word(k->requests, q->op);

		k->asked[q->op] = true;
		k->writes[q->op] = strcasestr(word, "write") != NULL;
	}
	return k->writes[q->op];
}

/* Does the bio go the way of the request: to the device, or from it? */
static bool goes_the_way(struct kernel_path *k, uint32_t index, bool writes)
{
	return kernel_path_writes(k, &k->requests->in_flight.pool[index]) == writes;
}

/* The oldest that waits for a worker thread of the process. */
static uint32_t find_for_worker(struct kernel_path *k, int32_t pid, bool writes)
{
	const struct inflight *in = &k->requests->in_flight;
	uint32_t index = in->pool[INFLIGHT_LIVE].newer;

	for (unsigned i = 0; index >= INFLIGHT_LISTS && i < WORKER_SEARCHED;
	     i++, index = in->pool[index].newer)
		if (in->pool[index].pid == pid && life_at(k, index)->for_worker &&
		    goes_the_way(k, index, writes))
			return index;
	return 0;
}

/* Whose bio a thread queues; 0: nobody's. */
static uint32_t find_owner(struct kernel_path *k, uint32_t thread, bool writes)
{
	const struct thread *at = &k->threads->items[thread];
	uint32_t index = at->at_work;

	if (index)
		return index;
	index = find_next(k, thread);
	if (index && goes_the_way(k, index, writes)) {
		thread_dequeue(k->threads, k->lives, index);
		thread_work(k->threads, k->lives, thread, index);
		life_at(k, index)->join = JOIN_ORDER;
		return index;
	}
	if (at->pid < 0 || at->requests)
		return 0;
	index = find_for_worker(k, at->pid, writes);
	if (!index)
		return 0;
	life_at(k, index)->for_worker = false;
	life_at(k, index)->join = JOIN_WORKER;
	thread_work(k->threads, k->lives, thread, index);
	return index;
}

static bool is_write(const struct kernel_type *t, const struct event *event)
{
	size_t length;
	const char *way = event_string(event, t->fields[WAY], &length);

	return way && memchr(way, 'W', length);
}

static int bio_queue(struct kernel_path *k, const struct kernel_type *t,
		     const struct event *event)
{
	uint32_t thread = threads_find(k->threads, event->pid, event->tid);
	uint64_t sectors = value(t, event, SECTORS), length;
	uint32_t index;
	struct life *l;

	if (!sectors)
		return 0; /* a flush, which has no place on the device */
	index = find_owner(k, thread, is_write(t, event));
	if (!index) {
		k->strange_bios += k->threads->items[thread].requests != 0;
		return 0;
	}
	l = life_at(k, index);
	l->queued_bytes += sectors * SECTOR;
	length = k->requests->in_flight.pool[index].length;
	if (length && l->queued_bytes >= length)
		thread_work(k->threads, k->lives, thread, 0);
	l->bios++;
	life_mark(l, event->time_ns, STAGE_BLOCK);
	return bios_add(&k->bios, &l->first_bio, index, (uint32_t)value(t, event, DEVICE),
			value(t, event, FIRST_SECTOR), sectors);
}

static void issued(struct kernel_path *k, struct bio *bio, uint64_t sectors,
		   uint64_t time_ns)
{
	struct life *l = life_at(k, bio->owner);

	(void)sectors;
	bio->is_issued = true;
	if (life_stage(l) == STAGE_BLOCK)
		life_mark(l, time_ns, STAGE_DEVICE);
}

static void completed(struct kernel_path *k, struct bio *bio, uint64_t sectors,
		      uint64_t time_ns)
{
	struct life *l = life_at(k, bio->owner);

	bio->left -= sectors < bio->left ? sectors : bio->left;
	if (bio->left)
		return;
	bios_remove(&k->bios, &l->first_bio, (uint32_t)(bio - k->bios.items));
	l->bios--;
	if (l->bios)
		return;
	life_mark(l, time_ns, STAGE_FINISH);
	if (!l->is_in_ring)
		answered(k, l, time_ns);
}

/* Of all bios that what the block layer works on covers, those that it had issued before
 * or not. */
static void each_bio(struct kernel_path *k, const struct kernel_type *t,
		     const struct event *event, bool is_issued,
		     void (*tell)(struct kernel_path *k, struct bio *bio,
				  uint64_t sectors, uint64_t time_ns))
{
	uint32_t device = (uint32_t)value(t, event, DEVICE), index;
	uint64_t sector = value(t, event, FIRST_SECTOR);
	uint64_t end = sector + value(t, event, SECTORS);

	while (sector < end &&
	       (index = bios_at(&k->bios, device, sector, is_issued)) != 0) {
		struct bio *bio = &k->bios.items[index];
		uint64_t until = bio->end < end ? bio->end : end;

		tell(k, bio, until - sector, event->time_ns);
		sector = until;
	}
}

static void switched(struct kernel_path *k, const struct kernel_type *t,
		     const struct event *event)
{
	int32_t previous = (int32_t)value(t, event, PREVIOUS);
	int32_t next = (int32_t)value(t, event, NEXT);
	uint32_t thread;

	if (previous) {
		thread = threads_find(k->threads, -1, previous);
		spell_begin(&k->threads->items[thread].off_cpu, event->time_ns);
	}
	if (next) {
		thread = threads_find(k->threads, -1, next);
		spell_end(&k->threads->items[thread].off_cpu, event->time_ns);
	}
}

static int path_event(void *state, const struct event *event, struct failure *f)
{
	struct kernel_path *k = state;
	const struct kernel_type *t = &k->types[event->type->index];
	int err = 0;

	switch (t->role) {
	case URING_SUBMIT:
		err = uring_submit(k, t, event);
		break;
	case URING_WORKER:
		uring_worker(k, t, event);
		break;
	case URING_COMPLETE:
		uring_complete(k, t, event);
		break;
	case BIO_QUEUE:
		k->has_block = true;
		err = bio_queue(k, t, event);
		break;
	case RQ_ISSUE:
		each_bio(k, t, event, false, issued);
		break;
	case RQ_COMPLETE:
		each_bio(k, t, event, true, completed);
		break;
	default:
		k->has_sched = true;
		switched(k, t, event);
	}
	return err ? fail(f, err, "no memory for requests in the kernel") : 0;
}

static const struct kernel_event *find_event(const struct event_type *type)
{
	for (size_t i = 0; i < NR_KERNEL_EVENTS; i++)
		if (!strcmp(type->provider, kernel_events[i].provider) &&
		    !strcmp(type->probe, kernel_events[i].probe))
			return &kernel_events[i];
	return NULL;
}

/* Has the record all that is wanted, in a form that can be read? */
static bool bind(struct kernel_type *to, const struct kernel_event *event,
		 const struct event_type *type)
{
	for (size_t i = 0; i < FIELDS && event->fields[i]; i++) {
		const struct event_field *field =
			event_type_field(type, event->fields[i]);
		bool is_text = event->role == BIO_QUEUE && i == WAY;

		if (!field || (field->type.kind == ARGUMENT_STRING) != is_text ||
		    field->type.kind == ARGUMENT_FLOAT)
			return false;
		to->fields[i] = field;
	}
	to->role = event->role;
	return true;
}

static int path_begin(void *state, const struct trace *trace, struct failure *f)
{
	struct kernel_path *k = state;

	(void)trace;
	if (bios_init(&k->bios) || index_table_init(&k->by_data))
		return fail(f, -ENOMEM, "no memory");
	return 0;
}

static int path_type(void *state, const struct event_type *type, struct failure *f)
{
	const struct kernel_event *event = find_event(type);
	struct kernel_path *k = state;
	struct kernel_type *types;

	types = reallocarray(k->types, type->index + 1, sizeof(*types));
	if (!types)
		return fail(f, -ENOMEM, "no memory for event types");
	k->types = types;
	for (; k->nr_types <= type->index; k->nr_types++)
		types[k->nr_types] = (struct kernel_type){0};
	if (!event || !bind(&types[type->index], event, type))
		return 0;
	k->is_traced = true; /* of a stream, too, before its first event */
	return 1;
}

const struct analyzer kernel_path_analyzer = {
	.name = "kernel path",
	.begin = path_begin,
	.type = path_type,
	.event = path_event,
};

void kernel_path_begin(struct kernel_path *k, const struct request *q, uint32_t index)
{
	uint32_t thread = threads_find(k->threads, q->pid, q->tid);

	life_at(k, index)->thread = thread;
	if (k->is_traced)
		thread_enqueue(k->threads, k->lives, index);
}

static void count_ended(struct kernel_path *k, const struct life *l)
{
	k->joined[l->join]++;
	k->reached_device += l->queued_bytes != 0;
	k->unseen += l->bios != 0;
}

void kernel_path_end(struct kernel_path *k, uint32_t index, bool is_completed)
{
	struct life *l = life_at(k, index);

	if (is_completed)
		count_ended(k, l);
	if (!k->is_traced)
		return;
	bios_drop(&k->bios, &l->first_bio);
	leave_ring(k, index);
	thread_dequeue(k->threads, k->lives, index);
	if (l->worked_by)
		thread_work(k->threads, k->lives, l->worked_by, 0);
}

void kernel_path_release(struct kernel_path *k)
{
	bios_release(&k->bios);
	index_table_release(&k->by_data);
	free(k->types);
}
