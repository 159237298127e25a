# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The busybox guest: a shell command in the emulated machine, seconds after the start. Serial ports:
0 Linux's console, 1 (I/O port 2F8) left to the hypervisor, 2 verdicts: lines `ok NAME`,
`not ok NAME: why` of the command, and its exit status at the end.
"""
import re
import subprocess
import sys
import threading

import kernel
import payload
from initramfs import Initramfs
from machine import qemu_args
from paths import ROOT

STATUS_TIMEOUT = 124
STATUS_NO_VERDICT = 125

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /usr/bin
export PATH=/usr/sbin:/usr/bin HOME=/root TERM=dumb
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
stty -F /dev/ttyS2 raw
exec </dev/null >/dev/ttyS0 2>&1
verdict() { echo "$*"; echo "$*" >/dev/ttyS2; }
( . /command )
echo "exit $?" >/dev/ttyS2
poweroff -f
"""


def build_initramfs(target, version, command, files):
    image = Initramfs()
    image.file("usr/bin/busybox", "/bin/busybox")
    image.symlink("usr/bin/sh", "busybox")
    image.data("init", INIT.encode(), 0o755)
    image.data("command", command.encode())
    payload.add(image, version)
    for host, guest in files:
        image.file(guest, host)
    image.write(target)


def _pump(stream, log, show):
    for chunk in iter(lambda: stream.read1(4096), b""):
        log.write(chunk)
        log.flush()
        if show:
            sys.stdout.buffer.write(chunk.replace(b"\r\n", b"\n"))
            sys.stdout.flush()


def run(machine, version, command, files=(), timeout=120, logs=None, show=True, kernel_args="",
        qemu=()):
    """Returns the exit status of `command`; logs/ gets console, hypervisor and verdict."""
    logs.mkdir(parents=True, exist_ok=True)
    for name in ("hypervisor", "verdict"):
        (logs / name).write_bytes(b"")
    initrd = logs / "initramfs.cpio"
    build_initramfs(initrd, version, command, files)
    arguments = qemu_args(machine, kernel.image(version), initrd, kernel_args) + [
        "-serial", "stdio", "-serial", f"file:{logs / 'hypervisor'}",
        "-serial", f"file:{logs / 'verdict'}", "-monitor", "none", *qemu]

    with open(logs / "console", "wb") as log:
        process = subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        reader = threading.Thread(target=_pump, args=(process.stdout, log, show))
        reader.start()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            return STATUS_TIMEOUT
        finally:
            process.kill()
            reader.join()
    return verdict_status(logs)


def verdict_status(logs):
    found = re.findall(r"^exit (\d+)$", (logs / "verdict").read_text(errors="replace"), re.M)
    return int(found[-1]) if found else STATUS_NO_VERDICT
