/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What engines over the same ring share with engine io_uring. */
#ifndef FATHOM_PROBES_ENGINE_IO_URING_H
#define FATHOM_PROBES_ENGINE_IO_URING_H

struct io_uring;

/* The ring of a queue that engine_io_uring.open() made. */
struct io_uring *uring_ring(void *queue);

#endif
