#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is installed serves others: a program built through pkg-config and one built
# through the CMake package have the fast site and the notes.
set -euo pipefail
build=$1 probed=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

cmake --install "$build" --prefix "$root/usr" >/dev/null
[ -x "$root/usr/bin/fathom" ]
"$root/usr/bin/fathom" --version | grep -qE '^fathom [0-9.]+$'

[ -f "$root/usr/share/fathom/gdb/fathom.py" ]
[ -f "$root/usr/share/fathom/perf/fathom-latency.py" ]

# nop, nop10, nop5 side by side
has_fast_site() {
	LC_ALL=C grep -qaP '\x90\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00\x0f\x1f\x44\x00\x00' "$1"
}

flags=$(PKG_CONFIG_PATH=$(dirname "$(find "$root/usr" -name fathom-sdt.pc)") \
	pkg-config --cflags fathom-sdt)
# shellcheck disable=SC2086
gcc -O2 $flags "$probed" -o "$root/by-pkg-config"
has_fast_site "$root/by-pkg-config"

mkdir "$root/project"
cp "$probed" "$root/project/program.c"
cp "$probed" "$root/project/program.cc"
cat >"$root/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.18)
project(consumer C CXX)
find_package(fathom-sdt REQUIRED)
add_executable(in_c program.c)
add_executable(in_cxx program.cc)
target_link_libraries(in_c PRIVATE fathom::sdt)
target_link_libraries(in_cxx PRIVATE fathom::sdt)
END
for compiler in gcc:g++ clang:clang++; do
	command -v "${compiler%:*}" >/dev/null || continue
	CC=${compiler%:*} CXX=${compiler#*:} cmake -S "$root/project" -B "$root/${compiler%:*}" \
		-DCMAKE_PREFIX_PATH="$root/usr" -DCMAKE_BUILD_TYPE=Release >/dev/null
	cmake --build "$root/${compiler%:*}" >/dev/null
	has_fast_site "$root/${compiler%:*}/in_c"
	has_fast_site "$root/${compiler%:*}/in_cxx"
done
