# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/gdb/fathom.py is made of."""
