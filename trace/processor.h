/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this machine's processor is called, as perf writes it into a trace. */
#ifndef FATHOM_TRACE_PROCESSOR_H
#define FATHOM_TRACE_PROCESSOR_H

enum { PROCESSOR_TEXT = 128 };

/* "AMD EPYC"; "" if the kernel does not tell. @text has room for PROCESSOR_TEXT. */
void processor_description(char *text);

/* "AuthenticAMD,26,2,1": vendor, family, model, stepping; of other machines than x86
 * MIDR_EL1, or "". */
void processor_id(char *text);

#endif
