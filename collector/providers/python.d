/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPython 3.11: names and types of its probes' arguments, written from "Instrumenting
 * CPython with DTrace and SystemTap" in its documentation.
 */
provider python {
	probe function__entry(const char *filename, const char *function, int lineno);
	probe function__return(const char *filename, const char *function, int lineno);
	probe line(const char *filename, const char *function, int lineno);
	probe gc__start(int generation);
	probe gc__done(long collected);
	probe import__find__load__start(const char *module);
	probe import__find__load__done(const char *module, int found);
	probe audit(const char *event, void *tuple);
};
