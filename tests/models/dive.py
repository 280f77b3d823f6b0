# SPDX-License-Identifier: GPL-2.0-or-later
"""What was recorded for python.data.xz: calls that nest, generators, exceptions, garbage."""
import gc


def fathoms(depth):
    return 1 if depth < 2 else fathoms(depth - 1) + fathoms(depth - 2)


def soundings(count):
    for depth in range(count):
        yield fathoms(depth % 5)


def aground():
    raise ValueError("too shallow")


def try_it():
    try:
        aground()
    except ValueError:
        pass


class Diver:
    def __init__(self):
        self.me = self  # a cycle, for the garbage collector


def survey():
    for _ in range(20):
        sum(soundings(6))
        try_it()
        Diver()
    gc.collect()


survey()
import colorsys  # noqa: E402, F401
