// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names and types of probes from a provider file.
 *
 * One tokenizer and one reader of C types serve both dialects. A file is of DTrace's if
 * it has a `provider NAME {`; outside of one, what is no directive is a line of
 * trace-events. `#define WORD type` and typedefs are kept, which is how PostgreSQL's
 * probes.d names its types.
 *
 * Rejected: running the file through cpp, as dtrace -h does. It needs a compiler where
 * traces are taken, and lets a foreign file include any other.
 */
#include "collector/provider_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/provider_parser.h"
#include "core/failure.h"

enum { FILE_MAX = 4 << 20, PROBES_MAX = 100000 };

/* Words are copied, and a name if there is one. */
static int copy_type(struct argument *to, const struct parsed_type *parsed)
{
	struct argument from = parsed->type;
	int err;

	from.name = strndup(parsed->name.length ? parsed->name.text : "",
			    parsed->name.length);
	if (!from.name)
		return -ENOMEM;
	err = argument_copy(to, &from);
	free(from.name);
	if (!err && !parsed->name.length) {
		free(to->name);
		to->name = NULL;
	}
	return err;
}

static int read_parameter(struct parser *p, struct provider_probe *probe)
{
	struct parsed_type parsed;
	int err = parser_read_type(p, UINT32_MAX, &parsed);

	if (err || (parsed.is_nothing && !probe->nr_arguments))
		return err; /* (void) */
	if (probe->nr_arguments == ARGUMENTS_MAX)
		return fail(p->f, -E2BIG, "%s:%u: more than %d arguments", p->path,
			    p->token.line, ARGUMENTS_MAX);
	err = copy_type(&probe->arguments[probe->nr_arguments], &parsed);
	if (err)
		return fail(p->f, err, "%s: out of memory", p->path);
	probe->nr_arguments++;
	return 0;
}

/* "(…)"; what is behind it is the caller's. */
static int read_parameters(struct parser *p, struct provider_probe *probe)
{
	int err;

	if (!token_is(p->token, "("))
		return parser_complain(p, "'('");
	parser_next(p);
	if (token_is(p->token, ")"))
		return 0;
	for (;;) {
		err = read_parameter(p, probe);
		if (err)
			return err;
		if (token_is(p->token, ")"))
			return 0;
		if (!token_is(p->token, ","))
			return parser_complain(p, "',' or ')'");
		parser_next(p);
	}
}

/* DTrace writes query-start for what the program calls query__start; to be freed. */
static char *probe_name(struct token t)
{
	char *name = malloc(2 * t.length + 1), *to = name;

	if (!name)
		return NULL;
	for (size_t i = 0; i < t.length; i++) {
		*to++ = t.text[i];
		if (t.text[i] == '-') {
			to[-1] = '_';
			*to++ = '_';
		}
	}
	*to = 0;
	return name;
}

static struct provider_probe *add_probe(struct parser *p, struct token provider)
{
	struct provider_file *file = p->file;
	struct provider_probe *probe;

	if (file->nr_probes % 64 == 0) {
		struct provider_probe *probes = NULL;

		if (file->nr_probes < PROBES_MAX)
			probes = reallocarray(file->probes, file->nr_probes + 64,
					      sizeof(*probes));
		if (!probes)
			return NULL;
		file->probes = probes;
	}
	probe = &file->probes[file->nr_probes++];
	*probe = (struct provider_probe){
		.provider = strndup(provider.text, provider.length),
		.name = probe_name(p->token),
		.line = p->token.line,
	};
	return probe->provider && probe->name ? probe : NULL;
}

/* NAME(…), up to its ')'. */
static int read_probe(struct parser *p, struct token provider)
{
	struct provider_probe *probe;

	if (!token_is_word(p->token))
		return parser_complain(p, "a probe's name");
	probe = add_probe(p, provider);
	if (!probe)
		return fail(p->f, -ENOMEM, "%s:%u: no memory, or more than %d probes",
			    p->path, p->token.line, PROBES_MAX);
	parser_next(p);
	return read_parameters(p, probe);
}

/* DTrace's ": (translated types)" says nothing about what the program passes. */
static int end_declaration(struct parser *p)
{
	parser_next(p);
	if (token_is(p->token, ":"))
		while (p->token.length && !token_is(p->token, ";"))
			parser_next(p);
	return token_is(p->token, ";") ? 0 : parser_complain(p, "';'");
}

/* provider NAME { probe …; … }; */
static int read_provider(struct parser *p)
{
	struct token provider;
	int err = 0;

	parser_next(p);
	provider = p->token;
	if (!token_is_word(provider))
		return parser_complain(p, "a provider's name");
	parser_next(p);
	if (!token_is(p->token, "{"))
		return parser_complain(p, "'{'");
	for (parser_next(p); !err && token_is(p->token, "probe"); parser_next(p)) {
		parser_next(p);
		err = read_probe(p, provider);
		if (!err)
			err = end_declaration(p);
	}
	if (err)
		return err;
	if (!token_is(p->token, "}"))
		return parser_complain(p, "'probe' or '}'");
	parser_next(p);
	if (token_is(p->token, ";"))
		parser_next(p);
	return 0;
}

static bool is_property(struct token t)
{
	return token_is(t, "disable") || token_is(t, "vcpu") || token_is(t, "tcg") ||
	       token_is(t, "nop");
}

/* [property…] NAME(…) "format", on one line. */
static int read_trace_event(struct parser *p)
{
	int err;

	while (is_property(p->token))
		parser_next(p);
	err = read_probe(p, (struct token){"", 0, 0});
	if (!err)
		parser_skip_line(p);
	return err;
}

static int read_file(struct parser *p)
{
	int err = 0;

	parser_next(p);
	while (!err && p->token.length) {
		if (token_is(p->token, "#"))
			err = parser_read_define(p);
		else if (token_is(p->token, "typedef"))
			err = parser_read_typedef(p);
		else if (token_is(p->token, "provider"))
			err = read_provider(p);
		else
			err = read_trace_event(p);
	}
	return err;
}

static int read_text(const char *path, char **text, struct failure *f)
{
	FILE *file = fopen(path, "re");
	size_t size;
	int err = 0;

	if (!file)
		return fail(f, -errno, "%s: %s", path, strerror(errno));
	*text = malloc(FILE_MAX + 1);
	if (!*text) {
		fclose(file);
		return fail(f, -ENOMEM, "%s: out of memory", path);
	}
	size = fread(*text, 1, FILE_MAX + 1, file);
	if (ferror(file))
		err = fail(f, -EIO, "%s: %s", path, strerror(errno));
	else if (size > FILE_MAX)
		err = fail(f, -EFBIG, "%s: larger than %d bytes", path, FILE_MAX);
	else if (memchr(*text, 0, size))
		err = fail(f, -EINVAL, "%s: holds a NUL byte, so it is not text", path);
	else
		(*text)[size] = 0;
	fclose(file);
	return err;
}

static int order_probes(const void *a, const void *b)
{
	const struct provider_probe *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

int provider_file_parse(struct provider_file **result, const char *name, const char *text,
			struct failure *f)
{
	struct provider_file *file = calloc(1, sizeof(*file));
	struct parser *p = calloc(1, sizeof(*p));
	int err;

	if (!file || !p || !(file->path = strdup(name))) {
		err = fail(f, -ENOMEM, "%s: out of memory", name);
		goto out;
	}
	*p = (struct parser){.path = name, .at = text, .line = 1, .file = file, .f = f};
	err = read_file(p);
	if (!err && file->nr_probes)
		qsort(file->probes, file->nr_probes, sizeof(*file->probes), order_probes);
	parser_release(p);
out:
	free(p);
	if (err)
		provider_file_close(file);
	else
		*result = file;
	return err;
}

int provider_file_open(struct provider_file **file, const char *path, struct failure *f)
{
	char *text = NULL;
	int err = read_text(path, &text, f);

	if (!err)
		err = provider_file_parse(file, path, text, f);
	free(text);
	return err;
}

void provider_file_close(struct provider_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->nr_probes; i++) {
		free(file->probes[i].provider);
		free(file->probes[i].name);
		arguments_release(file->probes[i].arguments,
				  file->probes[i].nr_arguments);
	}
	free(file->probes);
	free(file->path);
	free(file);
}

const struct provider_probe *provider_file_find(const struct provider_file *file,
						const char *provider, const char *name)
{
	size_t low = 0, high = file->nr_probes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(file->probes[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < file->nr_probes && !strcmp(file->probes[low].name, name); low++)
		if (!*file->probes[low].provider ||
		    !strcmp(file->probes[low].provider, provider))
			return &file->probes[low];
	return NULL;
}
