// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom doctor: says what works here, what does not and how to get it. */
#include <jansson.h>
#include <stdio.h>

#include "collector/backend.h"
#include "collector/features.h"
#include "collector/tracefs.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/options.h"

struct doctor_options {
	bool json, clean;
};

static const struct option_row rows[] = {
	{"json", 0, OPTION_FLAG, offsetof(struct doctor_options, json), NULL,
	 "print an object instead of lines", 0, 0},
	{"clean", 0, OPTION_FLAG, offsetof(struct doctor_options, clean), NULL,
	 "remove the uprobe events that killed runs left in tracefs", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "doctor",
	.synopsis = "[--json] [--clean]",
	.summary = "Say what this kernel and this user can do, and how to get the rest.",
	.rows = rows,
};

static void print_lines(void)
{
	const struct backend *best = backend_best(NULL);

	for (const struct feature *feature = features; feature->name; feature++) {
		struct failure text = {""};
		int err = feature->check(&text);

		printf("%-22s %-4s %s\n", feature->what, err < 0 ? "no" : "yes",
		       text.text);
	}
	if (best)
		printf("\nrecord will use --backend %s.\n", best->name);
	else
		puts("\nrecord cannot work for this user.");
}

static int print_json(struct failure *f)
{
	const struct backend *best = backend_best(NULL);
	json_t *list = json_array();
	json_t *all = json_pack("{so ss?}", "features", list, "backend",
				best ? best->name : NULL);
	int err;

	for (const struct feature *feature = features; feature->name; feature++) {
		struct failure text = {""};
		int code = feature->check(&text);

		json_array_append_new(list,
				      json_pack("{ss sb ss}", "name", feature->name,
						"works", code >= 0, "detail", text.text));
	}
	err = json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
	return err ? fail(f, -1, "cannot write JSON") : 0;
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor_options options = {0};
	int first = options_parse(&usage, argc, argv, &options), err = 0;
	struct failure f;

	if (first < 0)
		return options_exit(first);
	if (first < argc)
		return options_complain(&usage, "'%s' is one word too many", argv[first]);
	if (options.clean) {
		err = tracefs_clean(&f);
		if (err >= 0)
			fprintf(stderr, "fathom doctor: removed %d left uprobe events\n",
				err);
	}
	if (err < 0)
		return command_failed("doctor", &f);
	if (!options.json)
		print_lines();
	else if (print_json(&f))
		return command_failed("doctor", &f);
	return EXIT_FINE;
}
