# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where tests register."""

TESTS = []


def test(polkit=None, daemon=True):
    """polkit: the actions that the stand-in allows; without any it is absent."""
    def register(function):
        TESTS.append((function, polkit, daemon))
        return function
    return register
