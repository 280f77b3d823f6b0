// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: any text as a job file. Wrong ones must say why in one line. */
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "probes/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct failure f = {{0}};
	struct job_file file;

	if (!text)
		return 0;
	if (job_file_read_text(&file, "fuzz", text, &f) || job_file_check(&file, &f))
		if (!*f.text || strchr(f.text, '\n'))
			abort();
	job_file_free(&file);
	free(text);
	return 0;
}
