/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka with what it needs before it, and without its macro fail(), which is core's. */
#ifndef FATHOM_TESTS_UNIT_H
#define FATHOM_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail
#undef fail_msg
#define fail_msg(...) (print_error(__VA_ARGS__), _fail(__FILE__, __LINE__))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

#endif
