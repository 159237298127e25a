# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The busybox guest: a shell command in the emulated machine, seconds after the start. Serial ports:
0 Linux's console, 1 (I/O port 2F8) left to the hypervisor, 2 verdicts: lines `ok NAME`,
`not ok NAME: why` of the command, and its exit status at the end.
"""
import re
import sys
import time

import payload
from initramfs import Initramfs

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
stty -F /dev/ttyS0 sane # waits until what was written is sent
poweroff -f
"""


def build_initramfs(target, version, command, files):
    image = Initramfs()
    image.file("usr/bin/busybox", "/bin/busybox")
    image.symlink("usr/bin/sh", "busybox")
    image.data("init", INIT.encode(), 0o755)
    image.data("command", command.encode())
    payload.add_with_tests(image, version, libraries=True)
    for host, guest in files:
        image.file(guest, host)
    image.write(target)


def _follow(process, console, show, timeout):
    """Shows the console until the machine ends; returns whether it does within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    with open(console, "rb") as stream:
        while True:
            ended = process.poll() is not None
            chunk = stream.read()
            if show and chunk:
                sys.stdout.buffer.write(chunk.replace(b"\r\n", b"\n"))
                sys.stdout.flush()
            if ended or time.monotonic() > deadline:
                return ended
            time.sleep(0.05)


def run(machine, version, command, files=(), timeout=120, logs=None, show=True, kernel_args="",
        options=()):
    """
    Returns the exit status of `command`; logs/ gets console, hypervisor and verdict, and what the
    emulator itself says. `timeout` in seconds is multiplied by the machine's patience, `options` are
    the emulator's own.
    """
    logs.mkdir(parents=True, exist_ok=True)
    ports = [logs / name for name in ("console", "hypervisor", "verdict")]
    for port in ports:
        port.write_bytes(b"")
    initrd = logs / "initramfs.cpio"
    build_initramfs(initrd, version, command, files)
    with open(logs / "emulator", "wb") as log:
        process = machine.start(version, initrd, ports, log, kernel_args, options)
        try:
            if not _follow(process, ports[0], show, timeout * machine.patience):
                return STATUS_TIMEOUT
        finally:
            process.kill()
            process.wait()
    return verdict_status(logs)


def verdict_status(logs):
    found = re.findall(r"^exit (\d+)$", (logs / "verdict").read_text(errors="replace"), re.M)
    return int(found[-1]) if found else STATUS_NO_VERDICT
