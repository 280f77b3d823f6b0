// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses as people write them. */
#include "unit.h"

#include <linux/vm_sockets.h>
#include <stdbool.h>
#include <string.h>

#include "core/failure.h"
#include "probes/channel.h"

static void reads(const char *text, const char *as)
{
	struct channel_address a;
	char back[CHANNEL_TEXT];
	struct failure f = {{0}};

	if (channel_parse(text, &a, &f))
		fail_msg("%s: %s", text, f.text);
	channel_text(back, &a);
	assert_string_equal(back, as);
}

static void good_ones(void **state)
{
	(void)state;
	reads("vsock:3:7700", "vsock:3:7700");
	reads("vsock:host:0x10", "vsock:2:16");
	reads("vsock:local:1", "vsock:1:1");
	reads("vsock:any:7700", "vsock:any:7700");
	reads("vsock:4294967294:4294967294", "vsock:4294967294:4294967294");
	reads("unix:/run/a:b", "unix:/run/a:b");
	reads("tcp:127.0.0.1:80", "tcp:127.0.0.1:80");
	reads("tcp::80", "tcp:127.0.0.1:80");
	reads("tcp::0x50", "tcp:127.0.0.1:80");
	reads("tcp:[::1]:80", "tcp:[::1]:80");
}

static void bad_ones(void **state)
{
	static const char *const bad[] = {"",
					  "3:7700",
					  "vsock:",
					  "vsock:3",
					  "vsock:3:",
					  "vsock::1",
					  "vsock:x:1",
					  "vsock:3:x",
					  "vsock:3:1:2",
					  "vsock:-1:1",
					  "unix:",
					  "tcp:",
					  "tcp:80",
					  "tcp:localhost",
					  "tcp:::1:80",
					  "tcp:[::1]",
					  "tcp:a:65536",
					  "udp::80",
					  "vsock:3:4294967295",
					  "vsock:4294967295:1"};
	char longest[256] = "unix:";

	(void)state;
	memset(longest + 5, 'x', sizeof(longest) - 6);
	for (size_t i = 0; i <= ARRAY_SIZE(bad); i++) {
		const char *text = i < ARRAY_SIZE(bad) ? bad[i] : longest;
		struct channel_address a;
		struct failure f = {{0}};

		if (!channel_parse(text, &a, &f))
			fail_msg("'%s' was taken", text);
		assert_true(*f.text);
		assert_null(strchr(f.text, '\n'));
	}
}

static bool is_public(const char *text)
{
	struct channel_address a;

	assert_int_equal(channel_parse(text, &a, NULL), 0);
	return channel_is_public(&a);
}

static void who_can_come_from_outside(void **state)
{
	(void)state;
	assert_true(is_public("tcp:0.0.0.0:1"));
	assert_true(is_public("tcp:192.0.2.1:1"));
	assert_true(is_public("tcp:[::]:1"));
	assert_false(is_public("tcp:127.3.2.1:1"));
	assert_false(is_public("tcp:[::1]:1"));
	assert_false(is_public("unix:/x"));
	assert_false(is_public("vsock:any:1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones),
		cmocka_unit_test(bad_ones),
		cmocka_unit_test(who_can_come_from_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
