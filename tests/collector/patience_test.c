// SPDX-License-Identifier: GPL-2.0-or-later
/* The line that says that the kernel takes its time, on a terminal of our own. */
#include "collector/patience.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Reads what the terminal shows until @wanted came; the test's time limit ends it else.
 */
static void expect_shown(int terminal, const char *wanted)
{
	char shown[1024] = "";
	size_t size = 0;

	while (!strstr(shown, wanted)) {
		ssize_t got = read(terminal, shown + size, sizeof(shown) - size - 1);

		assert_true(got > 0);
		size += (size_t)got;
		shown[size] = 0;
	}
}

static void test_shown(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), terminal, old = dup(STDERR_FILENO);
	struct patience *patience;

	(void)state;
	assert_true(master >= 0 && !grantpt(master) && !unlockpt(master));
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0);
	dup2(terminal, STDERR_FILENO);
	patience = patience_begin("attaching", 1);
	expect_shown(master, "attaching: ");
	patience_end(patience);
	expect_shown(master, "\r\033[K");
	dup2(old, STDERR_FILENO);
	close(old);
	close(terminal);
	close(master);
}

static void test_short(void **state)
{
	(void)state;
	patience_end(patience_begin("attaching", 3600));
	patience_end(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
