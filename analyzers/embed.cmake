# SPDX-License-Identifier: GPL-2.0-or-later
# Writes OUTPUT, a C file with the shipped models in the order of MODELS, a list of
# paths. Run by cmake -P at build time.
set(rows "")
set(texts "")
foreach(path ${MODELS})
	get_filename_component(name ${path} NAME_WE)
	string(MAKE_C_IDENTIFIER ${name} id)
	file(READ ${path} bytes HEX)
	string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
	string(APPEND texts "static const char ${id}[] = {${bytes}0};\n")
	string(APPEND rows "\t{\"${name}\", ${id}},\n")
endforeach()
file(WRITE ${OUTPUT} "/* made by analyzers/embed.cmake */\n"
	"#include \"analyzers/model_find.h\"\n\n${texts}\n"
	"const struct shipped_model shipped_models[] = {\n${rows}};\n"
	"const size_t nr_shipped_models = sizeof(shipped_models) / sizeof(*shipped_models);\n")
