// SPDX-License-Identifier: GPL-2.0-or-later
/* The keys of job files as rows: name, kind, place in struct job, range. */
#include "probes/job_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/failure.h"
#include "core/ini.h"
#include "core/units.h"
#include "probes/engine.h"
#include "probes/job.h"

enum key_kind {
	KEY_FLAG,	 /* bool; alone or 1 or 0 */
	KEY_NUMBER,	 /* uint64_t */
	KEY_SIZE,	 /* uint64_t bytes */
	KEY_TIME,	 /* uint64_t ns, seconds without a suffix */
	KEY_NANOSECONDS, /* uint64_t ns, nanoseconds without a suffix */
	KEY_NAME,	 /* char * */
	KEY_FILE,	 /* char *, fio's "\:" */
	KEY_ENGINE,
	KEY_RULE,
	KEY_LATENCY,
	KEY_PATTERN,
	KEY_MIX_WRITE, /* uint64_t, 100 minus the value */
	KEY_NOTHING,   /* known and without effect here */
	KEY_ONE,       /* alone or 1: what happens here always */
};

struct key {
	const char *name;
	enum key_kind kind;
	size_t at;
	uint64_t min, max; /* max 0: no bound */
};

#define AT(member) offsetof(struct job, member)

/* Keys that mean the same stand together, as fio calls them in its JSON first. */
static const struct key keys[] = {
	{"filename", KEY_FILE, AT(filename), 0, 0},
	{"size", KEY_SIZE, AT(size), 1, 0},
	{"offset", KEY_SIZE, AT(offset), 0, 0},
	{"offset_increment", KEY_SIZE, AT(offset_increment), 0, 0},
	{"rw", KEY_PATTERN, AT(pattern), 0, 0},
	{"readwrite", KEY_PATTERN, AT(pattern), 0, 0},
	{"bs", KEY_SIZE, AT(block_size), 1, 64 << 20},
	{"blocksize", KEY_SIZE, AT(block_size), 1, 64 << 20},
	{"iodepth", KEY_NUMBER, AT(depth), 1, 65536},
	{"numjobs", KEY_NUMBER, AT(numjobs), 1, 1024},
	{"runtime", KEY_TIME, AT(runtime_ns), 0, 0},
	{"time_based", KEY_FLAG, AT(time_based), 0, 0},
	{"ramp_time", KEY_TIME, AT(ramp_ns), 0, 0},
	{"direct", KEY_FLAG, AT(direct), 0, 0},
	{"ioengine", KEY_ENGINE, AT(engine), 0, 0},
	{"rwmixread", KEY_NUMBER, AT(read_percent), 0, 100},
	{"rwmixwrite", KEY_MIX_WRITE, AT(read_percent), 0, 100},
	{"thread", KEY_FLAG, AT(thread), 0, 0},
	{"norandommap", KEY_ONE, 0, 0, 0},
	{"group_reporting", KEY_FLAG, AT(group_reporting), 0, 0},
	{"name", KEY_NAME, AT(name), 0, 0},
	{"description", KEY_NOTHING, 0, 0, 0},
	{"randseed", KEY_NUMBER, AT(seed), 0, 0},
	{"loops", KEY_NUMBER, AT(loops), 1, 0},
	{"fsync", KEY_NUMBER, AT(fsync_every), 0, 0},
	{"end_fsync", KEY_FLAG, AT(end_fsync), 0, 0},
	{"stonewall", KEY_FLAG, AT(stonewall), 0, 0},
	{"poll_max_ns", KEY_NANOSECONDS, AT(poll.max_ns), 0, 1000000000},
	{"poll_grow", KEY_NUMBER, AT(poll.grow), 0, 1000},
	{"poll_shrink", KEY_NUMBER, AT(poll.shrink), 0, 1000},
	{"poll_weight", KEY_NUMBER, AT(poll.weight), 0, POLL_WEIGHT_MAX},
	{"poll_algorithm", KEY_RULE, AT(poll_rule), 0, 0},
	{"timer_latency", KEY_LATENCY, AT(latency), 0, 0},
};

enum { NR_KEYS = sizeof(keys) / sizeof(*keys) };

const char *const job_pattern_names[] = {"read",      "write",	"rw", "randread",
					 "randwrite", "randrw", NULL};

/* Spells out what is allowed when a word is none of @words. */
static int not_one_of(const char *value, const char *what, const char *const *words,
		      struct failure *f)
{
	char list[128] = "";

	for (size_t i = 0; words[i]; i++) {
		strncat(list, i ? ", " : "", sizeof(list) - strlen(list) - 1);
		strncat(list, words[i], sizeof(list) - strlen(list) - 1);
	}
	return fail(f, -EINVAL, "unknown %s '%.40s', expected one of %s", what, value,
		    list);
}

static int set_engine(const struct engine **engine, const char *value, struct failure *f)
{
	const struct engine *found = engine_find(value);

	if (!found)
		return not_one_of(value, "ioengine", engine_names, f);
	*engine = found;
	return 0;
}

static int set_rule(const struct poll_rule **rule, const char *value, struct failure *f)
{
	const struct poll_rule *found = poll_rule_find(value);

	if (!found)
		return not_one_of(value, "poll_algorithm", poll_rule_names, f);
	*rule = found;
	return 0;
}

static int set_pattern(enum job_pattern *pattern, const char *value, struct failure *f)
{
	if (strcmp(value, "readwrite") == 0)
		value = "rw";
	for (unsigned i = 0; job_pattern_names[i]; i++)
		if (strcmp(job_pattern_names[i], value) == 0) {
			*pattern = (enum job_pattern)i;
			return 0;
		}
	return not_one_of(value, "pattern", job_pattern_names, f);
}

static int set_flag(bool *flag, const char *value, struct failure *f)
{
	if (strcmp(value, "1") && strcmp(value, "0"))
		return fail(f, -EINVAL, "'%.40s' is neither 0 nor 1", value);
	*flag = *value == '1';
	return 0;
}

static int set_text(char **text, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

/* As in fio a colon separates files, and "\:" is a colon in a name. */
static int set_file(char **text, const char *value, struct failure *f)
{
	char *to;
	int err = set_text(text, value);

	if (err)
		return err;
	to = *text;
	for (const char *from = value; *from; from++) {
		if (*from == ':')
			return fail(f, -EINVAL,
				    "one file per job: write a section for each, or "
				    "'\\:' for a colon in a name");
		if (from[0] == '\\' && from[1] == ':')
			from++;
		*to++ = *from;
	}
	*to = 0;
	return **text ? 0 : fail(f, -EINVAL, "the name is empty");
}

/* fio has lists ("4k,8k"), ranges ("4k-8k") and shares ("50%") here. */
static int check_single(const char *value, struct failure *f)
{
	const char *found = strpbrk(value, ",-%:/");

	if (!found || found == value)
		return 0;
	if (*found == '%')
		return fail(f, -EINVAL, "'%.40s': percent is not supported, give bytes",
			    value);
	return fail(f, -EINVAL, "'%.40s': %s not supported, give one size", value,
		    *found == '-' ? "ranges are" : "lists are");
}

static int set_quantity(const struct key *key, uint64_t *place, const char *value,
			struct failure *f)
{
	uint64_t number = 0;
	int err;

	if (key->kind == KEY_SIZE && (err = check_single(value, f)))
		return err;
	if (key->kind == KEY_SIZE)
		err = size_parse(value, &number, f);
	else if (key->kind == KEY_TIME)
		err = time_parse(value, 1000000000, &number, f);
	else if (key->kind == KEY_NANOSECONDS)
		err = time_parse(value, 1, &number, f);
	else
		err = number_parse(value, &number, f);
	if (err)
		return err;
	if (!key->max && number < key->min)
		return fail(f, -ERANGE, "'%.40s' is below %llu", value,
			    (unsigned long long)key->min);
	if (key->max && (number < key->min || number > key->max))
		return fail(f, -ERANGE, "'%.40s' is not between %llu and %llu", value,
			    (unsigned long long)key->min, (unsigned long long)key->max);
	*place = key->kind == KEY_MIX_WRITE ? 100 - number : number;
	return 0;
}

static int set_value(const struct key *key, struct job *job, const char *value,
		     struct failure *f)
{
	void *place = (char *)job + key->at;

	switch (key->kind) {
	case KEY_FLAG:
		return set_flag(place, value, f);
	case KEY_NAME:
		return set_text(place, value);
	case KEY_FILE:
		return set_file(place, value, f);
	case KEY_ENGINE:
		return set_engine(place, value, f);
	case KEY_RULE:
		return set_rule(place, value, f);
	case KEY_LATENCY:
		return latency_mix_parse(place, value, f);
	case KEY_PATTERN:
		return set_pattern(place, value, f);
	case KEY_NOTHING:
		return 0;
	case KEY_ONE:
		return strcmp(value, "1") == 0
			       ? 0
			       : fail(f, -EINVAL, "only 1 is supported, not '%.40s'",
				      value);
	default:
		return set_quantity(key, place, value, f);
	}
}

/* Keys of fio that people miss here, and what to write. */
static const struct {
	const char *name, *cure;
} cures[] = {
	{"directory", "give the whole path in filename="},
	{"bsrange", "give one size in bs="},
	{"blocksize_range", "give one size in bs="},
	{"bssplit", "give one size in bs="},
	{"filesize", "give size="},
	{"io_size", "give size=, and loops= to work on it more than once"},
	{"nrfiles", "write a section for each file"},
	{"buffered", "give direct=, which is the opposite"},
	{"wait_for_previous", "give stonewall"},
	{"hipri", "give poll_max_ns= to poll the completion ring"},
	{"randrepeat", "give randseed= for other offsets"},
};

static int unknown_key(const char *word, struct failure *f)
{
	const char *names[NR_KEYS + 1] = {0};
	const char *near;

	for (size_t i = 0; i < sizeof(cures) / sizeof(*cures); i++)
		if (strcmp(cures[i].name, word) == 0)
			return fail(f, -EINVAL, "unknown key '%s': %s", word,
				    cures[i].cure);
	for (unsigned i = 0; i < NR_KEYS; i++)
		names[i] = keys[i].name;
	near = nearest_word(word, names);
	if (near)
		return fail(f, -EINVAL, "unknown key '%.60s', did you mean '%s'?", word,
			    near);
	return fail(f, -EINVAL,
		    "unknown or unsupported key '%.60s'; the nearest known one is '%s' "
		    "(fathom-bench(1) has all)",
		    word, closest_word(word, names));
}

static int remember(struct job_options *options, const char *key, const char *value)
{
	struct job_option *items =
		reallocarray(options->items, options->count + 1, sizeof(*options->items));
	struct job_option option = {strdup(key), strdup(value)};

	if (items)
		options->items = items;
	if (!items || !option.key || !option.value) {
		free(option.key);
		free(option.value);
		return -ENOMEM;
	}
	options->items[options->count++] = option;
	return 0;
}

static const struct key *find_key(const char *name)
{
	for (unsigned i = 0; i < NR_KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* What fio's JSON calls it. */
static const char *name_of(const struct key *key)
{
	while (key > keys && key[-1].at == key->at && key[-1].kind == key->kind)
		key--;
	return key->name;
}

int job_set_value(struct job *job, const char *name, const char *value, struct failure *f)
{
	const struct key *key = find_key(name);
	int err;

	if (!key)
		return unknown_key(name, f);
	err = set_value(key, job, value, f);
	return err ? err : remember(&job->options, name_of(key), value);
}

int job_set(struct job *job, const char *name, const char *value, struct failure *f)
{
	const struct key *key = find_key(name);
	int err;

	if (!key)
		return unknown_key(name, f);
	if (!value && key->kind != KEY_FLAG && key->kind != KEY_ONE)
		return fail(f, -EINVAL, "%s needs a value", name);
	err = job_set_value(job, name, value ? value : "1", f);
	return err ? fail_in(f, err, "%s", name) : 0;
}
