// SPDX-License-Identifier: GPL-2.0-or-later
/* What is printed on a terminal of a given width. */
#include "capture.h"

#include <pthread.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct reader {
	int master;
	FILE *text;
};

/* A terminal holds 4 KiB; whoever prints more waits for this. */
static void *read_all(void *arg)
{
	struct reader *r = arg;
	char bytes[1024];
	ssize_t n;

	while ((n = read(r->master, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)n, r->text);
	return NULL;
}

static int open_terminal(unsigned short columns, int *master)
{
	struct winsize size = {.ws_row = 25, .ws_col = columns};
	struct termios raw = {.c_cflag = CS8 | CREAD};
	int slave;

	if (openpty(master, &slave, NULL, &raw, &size)) {
		perror("openpty");
		abort();
	}
	return slave;
}

char *capture(unsigned short columns, void (*print)(const void *what), const void *what)
{
	struct reader r;
	int slave = open_terminal(columns, &r.master), before;
	pthread_t thread;
	char *text;
	size_t size;

	fflush(stdout);
	before = dup(STDOUT_FILENO);
	dup2(slave, STDOUT_FILENO);
	close(slave);
	r.text = open_memstream(&text, &size);
	pthread_create(&thread, NULL, read_all, &r);
	print(what);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	pthread_join(thread, NULL);
	close(r.master);
	fclose(r.text);
	return text;
}

unsigned widest_line(const char *text)
{
	unsigned widest = 0, width = 0;

	for (; *text; text++) {
		width += ((unsigned char)*text & 0xc0) != 0x80;
		if (*text == '\n')
			width = 0;
		if (width > widest)
			widest = width;
	}
	return widest;
}
