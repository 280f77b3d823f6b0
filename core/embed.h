/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text files that are built in, so that a binary alone has them: fathom_embed() in
 * CMakeLists.txt makes an array of these, which ends with a NULL name. */
#ifndef FATHOM_CORE_EMBED_H
#define FATHOM_CORE_EMBED_H

struct embedded_text {
	const char *name; /* of the file, without folder and ending */
	const char *text;
};

#endif
