// SPDX-License-Identifier: GPL-2.0-or-later
/* One end of a control connection: what cannot be said is not said otherwise. */
#include "unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/failure.h"
#include "probes/link.h"

static void test_no_body_is_no_message(void **state)
{
	struct channel_peer nobody = {.cid = CHANNEL_NO_CID};
	struct control_message m;
	struct failure f = {{0}};
	struct link agent, master;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	link_open(&agent, ends[0], CONTROL_AGENT, &nobody);
	link_open(&master, ends[1], CONTROL_MASTER, &nobody);
	assert_int_equal(link_send(&agent, CONTROL_ERROR, 1,
				   json_pack("{s:s}", "text", "\xff"), &f),
			 -ENOMEM);
	assert_string_equal(f.text, "no memory for a message, or no UTF-8 in it");
	assert_int_equal(link_fill(&master, &f), 0);
	assert_int_equal(link_next(&master, &m, &f), 0);
	assert_int_equal(link_send(&agent, CONTROL_ERROR, 2, json_object(), &f), 0);
	assert_int_equal(link_fill(&master, &f), 0);
	assert_int_equal(link_next(&master, &m, &f), 1);
	assert_int_equal(m.number, 2);
	link_close(&agent);
	assert_int_equal(link_fill(&master, &f), -ECONNRESET);
	link_close(&master);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_body_is_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
