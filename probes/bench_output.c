// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the results of fathom bench go. */
#include "probes/bench_output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/failure.h"
#include "probes/bench_report.h"

static FILE *open_file(const char *path, struct failure *f)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	FILE *to = fd < 0 ? NULL : fdopen(fd, "w");

	if (!to)
		fail(f, -errno, "%s: %s", path, strerror(errno));
	if (!to && fd >= 0)
		close(fd);
	return to;
}

int bench_output_open(struct bench_output *out, const char *path, const char *json,
		      struct failure *f)
{
	*out = (struct bench_output){.main = stdout, .main_path = path};
	out->main_is_json = json && !*json;
	out->json_path = json && *json ? json : NULL;
	if (path)
		out->main = open_file(path, f);
	if (out->main && out->json_path)
		out->json = open_file(json, f);
	return out->main && (out->json || !out->json_path) ? 0 : -EIO;
}

void bench_output_close(struct bench_output *out)
{
	if (out->main && out->main != stdout)
		fclose(out->main);
	if (out->json)
		fclose(out->json);
}

static int write_form(const json_t *results, bool json, FILE *to, const char *path,
		      struct failure *f)
{
	int err = 0;

	if (!json && !json_array_size(json_object_get(results, "jobs")))
		return 0; /* no job ran: the failure says all there is */
	if (to != stdout && ftruncate(fileno(to), 0) && errno != EINVAL)
		return fail(f, -errno, "%s: %s", path, strerror(errno));
	errno = 0;
	if (json)
		err = bench_json(results, to);
	else
		bench_text(results, to);
	if (to == stdout) /* what did not arrive there is told by main */
		return !err || ferror(to)
			       ? 0
			       : fail(f, err, "no results: %s", strerror(-err));
	if ((fflush(to) || ferror(to)) && !err)
		err = errno ? -errno : -EIO;
	return err ? fail(f, err, "%s: %s", path, strerror(-err)) : 0;
}

int bench_output_write(const struct bench_output *out, const json_t *results,
		       struct failure *f)
{
	struct failure other = {{0}};
	int err = 0, err_main;

	if (out->json)
		err = write_form(results, true, out->json, out->json_path, f);
	err_main = write_form(results, out->main_is_json, out->main, out->main_path,
			      err ? &other : f);
	return err ? err : err_main;
}
