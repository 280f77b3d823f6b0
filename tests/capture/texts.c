// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A foreign program: its probe texts:say(char *, int) has no names and sleeps behind a
 * semaphore.
 *
 * texts once    fires for each of its texts, the last a bad pointer
 * texts wait    for each line of stdin fires for the first text and prints the semaphore
 */
#define _SDT_HAS_SEMAPHORES 1
#include <stdio.h>
#include <string.h>
#include <sys/sdt.h>

__attribute__((section(".probes"), used)) volatile unsigned short texts_say_semaphore;

static const char *const texts[] = {
	"one",
	"two",
	"",
	"two and a half",
	"tab\there \"quoted\" \\ \x1b[31mred",
	"0123456789012345678901234567890123456789",
	(const char *)8,
};

__attribute__((noinline)) static void say(const char *text, int number)
{
	if (texts_say_semaphore)
		STAP_PROBE2(texts, say, text, number);
}

int main(int argc, char **argv)
{
	char line[16];

	if (argc > 1 && strcmp(argv[1], "wait") == 0) {
		printf("ready\n");
		fflush(stdout);
		while (fgets(line, sizeof(line), stdin)) {
			say(texts[0], 0);
			printf("%u\n", texts_say_semaphore);
			fflush(stdout);
		}
		return 0;
	}
	for (int i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])); i++)
		say(texts[i], i);
	return 0;
}
