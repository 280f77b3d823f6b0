// SPDX-License-Identifier: GPL-2.0-or-later
/* Throws seven exceptions, rethrows each once, and catches them. */
#include <stdexcept>

static void rethrow()
{
	try {
		throw std::runtime_error("again");
	} catch (...) {
		throw;
	}
}

int main()
{
	for (int i = 0; i < 7; i++) {
		try {
			rethrow();
		} catch (const std::exception &) {
		}
	}
}
