# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where things are: the source tree, the build directory, the cache."""
import contextlib
import fcntl
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
CACHE = pathlib.Path(os.environ.get("CELLMGR_CACHE") or ROOT / ".cache")
LOGS = BUILD / "logs"
PACKAGES = BUILD / "packages"  # see packages.sh
INSTALLED = BUILD / "installed"  # what `meson install` puts on a system, see build.sh


@contextlib.contextmanager
def locked(name):
    """One at a time, of all suites and of all clones that share the cache."""
    folder = CACHE / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / name, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
