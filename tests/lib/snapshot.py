# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Machines of QEMU that have booted once, kept in the cache and gone on with by each suite: 2 s instead of
a boot. A snapshot is a folder CACHE/snapshots/NAME-KEY with QEMU's migration stream (`memory`), what was
written to its disk (`disk`) and the files that belong to it. The key is a hash of all
that went in: QEMU, the machine, kernel, its arguments, the initramfs. So one is never stale; those that
nobody needs any more go when a new one is made.
"""
import hashlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import process
from paths import CACHE, locked

FOLDER = CACHE / "snapshots"
KEPT_SECONDS = 24 * 3600
KEY_SIZE = 20
MIGRATION_TIMEOUT = 300


class SnapshotError(Exception):
    """The machine did not boot, or QEMU did not save it."""


def key(*parts):
    """A name for all that makes a machine what it is: strings, bytes, lists of strings."""
    digest = hashlib.sha256(_qemu_version())
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part).encode()
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()[:KEY_SIZE]


def _qemu_version():
    return subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE, check=True).stdout


def get(name, digest, make):
    """
    The folder of a snapshot; where it is not there, make(folder) boots a machine and saves it.
    Returns (folder, whether it was made now).
    """
    folder = FOLDER / f"{name}-{digest}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with locked(f"snapshot-{name}"):
        made = not folder.exists()
        if made:
            _remove_old(name)
            scratch = pathlib.Path(tempfile.mkdtemp(prefix=f".{name}-", dir=FOLDER))
            try:
                make(scratch)
                os.rename(scratch, folder)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        os.utime(folder)
    return folder, made


def _remove_old(name):
    """Those that nobody has used for a day, and all of this name but the last one used."""
    found = sorted((path for path in FOLDER.iterdir() if not path.name.startswith(".")),
                   key=lambda path: -path.stat().st_mtime)
    same = [path for path in found if path.name.startswith(f"{name}-") and len(path.name) == len(name) + 1 + KEY_SIZE]
    for path in found:
        if path in same[1:] or time.time() - path.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def monitor_arguments(scratch):
    """A monitor in the folder `scratch`, which has to have a short name, as sockets must."""
    return ["-qmp", f"unix:{scratch}/qmp,server=on,wait=off"]


def save(machine_process, scratch, folder):
    """Of a machine with such a monitor: writes `memory`, and ends it."""
    with Monitor(scratch) as monitor:
        # It is stopped at once, and by the migration alone: one that was stopped before stays so.
        monitor.call("migrate-set-parameters", **{"max-bandwidth": 1 << 40, "downtime-limit": 100_000})
        monitor.call("migrate", uri=f"file:{folder / 'memory'}")
        deadline = time.monotonic() + MIGRATION_TIMEOUT
        while (status := monitor.call("query-migrate").get("status")) != "completed":
            if status in ("failed", "cancelled") or time.monotonic() > deadline:
                raise SnapshotError(f"QEMU did not save the machine: {monitor.call('query-migrate')}")
            time.sleep(0.1)
        monitor.call("quit")
    process.wait_end(machine_process, 30)


def resume_arguments(folder):
    return ["-incoming", f"file:{folder / 'memory'}"]


def await_running(scratch):
    """What is sent to a machine while its memory is read is lost."""
    with Monitor(scratch) as monitor:
        deadline = time.monotonic() + MIGRATION_TIMEOUT
        while monitor.call("query-status")["status"] != "running":
            if time.monotonic() > deadline:
                raise SnapshotError("QEMU does not go on")
            time.sleep(0.05)


class Monitor:
    """QEMU's machine protocol, as far as it is needed here (QEMU, docs/interop/qmp-spec)."""

    def __init__(self, scratch):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(f"{scratch}/qmp")
        self.stream = self.socket.makefile("rw")
        self.stream.readline()
        self.call("qmp_capabilities")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()

    def call(self, command, **arguments):
        print(json.dumps({"execute": command, "arguments": arguments}), file=self.stream, flush=True)
        for line in self.stream:
            answer = json.loads(line)
            if "error" in answer:
                raise SnapshotError(f"QEMU: {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise SnapshotError(f"QEMU ended at {command}")
