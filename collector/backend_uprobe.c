// SPDX-License-Identifier: GPL-2.0-or-later
/* The backend through uprobe events of tracefs: not there yet, says so. */
#include "collector/backend.h"

#include <errno.h>

#include "core/failure.h"

static int uprobe_missing(struct failure *why)
{
	return fail(why, -EOPNOTSUPP, "the uprobe backend is not part of this build");
}

const struct backend backend_uprobe = {
	.name = "uprobe",
	.how = "uprobe events of tracefs",
	.missing = uprobe_missing,
};
