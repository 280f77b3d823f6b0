# SPDX-License-Identifier: GPL-2.0-or-later
# Writes OUTPUT, a C file with the array ARRAY of the texts in FILES, a list of paths, in
# their order. Run by cmake -P at build time; fathom_embed() calls it.
set(rows "")
set(texts "")
foreach(path ${FILES})
	get_filename_component(name ${path} NAME_WE)
	string(MAKE_C_IDENTIFIER ${name} id)
	file(READ ${path} bytes HEX)
	string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
	string(APPEND texts "static const char ${id}[] = {${bytes}0};\n")
	string(APPEND rows "\t{\"${name}\", ${id}},\n")
endforeach()
file(WRITE ${OUTPUT} "/* made by core/embed.cmake */\n"
	"#include \"core/embed.h\"\n\n${texts}\n"
	"extern const struct embedded_text ${ARRAY}[];\n"
	"const struct embedded_text ${ARRAY}[] = {\n${rows}\t{0},\n};\n")
