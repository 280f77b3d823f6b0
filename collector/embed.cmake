# SPDX-License-Identifier: GPL-2.0-or-later
# Writes OUTPUT, a C file with the shipped provider files of the list PROVIDERS, paths.
# Run by cmake -P at build time.
set(rows "")
set(texts "")
foreach(path ${PROVIDERS})
	get_filename_component(name ${path} NAME_WE)
	string(MAKE_C_IDENTIFIER ${name} id)
	file(READ ${path} bytes HEX)
	string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
	string(APPEND texts "static const char ${id}[] = {${bytes}0};\n")
	string(APPEND rows "\t{\"${name}\", ${id}},\n")
endforeach()
file(WRITE ${OUTPUT} "/* made by collector/embed.cmake */\n"
	"#include \"collector/provider_search.h\"\n\n${texts}\n"
	"const struct shipped_provider shipped_providers[] = {\n${rows}\t{0},\n};\n")
