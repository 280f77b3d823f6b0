// SPDX-License-Identifier: GPL-2.0-or-later
/* A library that plugger.c loads while it runs: plug:work, and plug:gated that sleeps
 * behind its semaphore. PLUG_NUMBER, if defined, makes it another build. */
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

__attribute__((section(".probes"), used)) volatile unsigned short plug_work_semaphore;
__attribute__((section(".probes"), used)) volatile unsigned short plug_gated_semaphore;

#ifndef PLUG_NUMBER
#define PLUG_NUMBER 0
#endif
int plug_number = PLUG_NUMBER;

void work(int number);

void work(int number)
{
	STAP_PROBE1(plug, work, number);
	if (plug_gated_semaphore)
		STAP_PROBE1(plug, gated, number);
}
