# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is being done, and how long everything has taken: the counterpart of common.sh's step."""
import os
import sys
import time

_START = float(os.environ.get("CELLMGR_START") or time.time())


def step(message):
    print(f"[{time.time() - _START:4.0f} s] {message}", file=sys.stderr, flush=True)
