/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of a JSON object that somebody else wrote: what is missing, or is of another
 * type than it should be, reads as nothing. */
#ifndef FATHOM_CORE_JSON_MEMBERS_H
#define FATHOM_CORE_JSON_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

static inline int64_t member_integer(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static inline uint64_t member_count(const json_t *object, const char *key)
{
	int64_t value = member_integer(object, key);

	return value > 0 ? (uint64_t)value : 0;
}

static inline double member_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static inline bool member_is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static inline const char *member_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

#endif
