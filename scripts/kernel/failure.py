# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user is told in one line when the work cannot be done."""


class Failure(Exception):
    """A sentence for the user; the script that catches it prints it and exits."""
