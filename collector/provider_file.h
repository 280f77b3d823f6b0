/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names and types of probes from a provider file: DTrace's .d, as PostgreSQL's probes.d,
 * or QEMU's trace-events.
 *
 *	provider postgresql {
 *		probe query__start(const char *query);
 *	};
 *
 *	virtio_blk_req_complete(void *vdev, void *req, int status) "vdev %p req %p status
 *%d"
 *
 * Sources: "Provider Declaration Syntax" of the DTrace guide; QEMU
 *docs/devel/tracing.rst.
 */
#ifndef FATHOM_COLLECTOR_PROVIDER_FILE_H
#define FATHOM_COLLECTOR_PROVIDER_FILE_H

#include <stddef.h>

#include "trace/argument.h"

struct failure;

struct provider_probe {
	char *provider; /* "" in a trace-events file: any provider */
	char *name;	/* "query__start", also if declared as query-start */
	unsigned line;
	/* A name is NULL when the file tells a type only; a size is 0 when the type is
	 * not known here (an enum, a typedef): the site's operand tells it. */
	struct argument arguments[ARGUMENTS_MAX];
	size_t nr_arguments;
};

struct provider_file {
	char *path;
	struct provider_probe *probes; /* sorted by name */
	size_t nr_probes;
};

/* Reads @path, at most 4 MiB. 0, or a negative errno with "path:line: reason" in @f. */
int provider_file_open(struct provider_file **file, const char *path, struct failure *f);

/* The same for @text in memory; @name stands for the path. */
int provider_file_parse(struct provider_file **file, const char *name, const char *text,
			struct failure *f);
void provider_file_close(struct provider_file *file); /* NULL is fine */

/* The declaration of a probe, or NULL; of two the first. */
const struct provider_probe *provider_file_find(const struct provider_file *file,
						const char *provider, const char *name);

#endif
