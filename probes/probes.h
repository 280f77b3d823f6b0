/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's probes as functions: probe_submit(id, fd, op, offset, length, depth) and
 * so on, each a probe site where it is called. The list is probes/probes.def.
 */
#ifndef FATHOM_PROBES_PROBES_H
#define FATHOM_PROBES_PROBES_H

#include "probes/fathom/sdt.h"

/* The words of probe_submit's op; the list has the same. */
enum io_op { IO_READ = 0, IO_WRITE = 1, IO_SYNC = 2 };

#define PROBE_PARAMETER(...) FATHOM_CAT(PROBE_PARAMETER_, FATHOM_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define PROBE_PARAMETER_2(type, name, meaning) FATHOM_TYPE_##type name
#define PROBE_PARAMETER_3(type, name, meaning, words) FATHOM_TYPE_##type name

#define PROBE_TUPLE(...) FATHOM_CAT(PROBE_TUPLE_, FATHOM_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define PROBE_TUPLE_2(type, name, meaning) (type, name, name)
#define PROBE_TUPLE_3(type, name, meaning, words) (type, name, name, words)

/* -DFATHOM_NO_PROBES leaves the parameters unused. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define PROBE(name, when, ...) \
	__attribute__((always_inline)) static inline void probe_##name( \
		FATHOM_LIST(PROBE_PARAMETER, name, __VA_ARGS__)) \
	{ \
		FATHOM_PROBE(fathom, name, FATHOM_LIST(PROBE_TUPLE, name, __VA_ARGS__)); \
	}
#include "probes/probes.def"
#undef PROBE
#pragma GCC diagnostic pop

#endif
