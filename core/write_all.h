/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FATHOM_CORE_WRITE_ALL_H
#define FATHOM_CORE_WRITE_ALL_H

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

/* write(2) of all @size bytes: 0 or a negative errno. */
static inline int write_all(int fd, const void *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data = (const char *)data + n;
			size -= (size_t)n;
		}
	}
	return 0;
}

#endif
