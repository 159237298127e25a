# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The busybox guest: a shell command in the emulated machine, seconds after the start. Serial ports:
0 Linux's console, 1 (I/O port 2F8) left to the hypervisor, 2 verdicts: lines `ok NAME`,
`not ok NAME: why` of the command, and its exit status at the end.

Nothing of the project is in what boots, so the booted machine is the same for all (snapshot.py). What
a command needs lies on a disk: one block with `payload` and the number of blocks that follow, a cpio
archive. The guest looks at the first block until it is there.
"""
import dataclasses
import re
import sys
import tempfile
import time

import kernel
import payload
import process
import qemu
import snapshot
from initramfs import Initramfs

STATUS_TIMEOUT = process.STATUS_TIMEOUT
STATUS_NO_VERDICT = 125
BOOT_TIMEOUT = 240
SETTLE_SECONDS = 2  # what Linux still does after the first command
DISK_MODULES = ["virtio_pci", "virtio_blk"]
DISK_BLOCK = 4096
DISK_SIZE = 64 << 20

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /usr/bin
export PATH=/usr/sbin:/usr/bin HOME=/root TERM=dumb
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
stty -F /dev/ttyS2 raw
exec </dev/null >/dev/ttyS0 2>&1
[ -e /command ] || . /receive
verdict() { echo "$*"; echo "$*" >/dev/ttyS2; }
( . /command )
echo "exit $?" >/dev/ttyS2
stty -F /dev/ttyS0 sane # waits until what was written is sent
poweroff -f
"""

# Where no interrupt of a serial port comes Linux sends what the kernel says, but nothing of programs': their lines
# are the kernel's, and those of the verdict go to the port (3E8) byte by byte.
POLLED = """mknod /run/console p
while IFS= read -r line; do echo "<3>$line" >/dev/kmsg; done </run/console &
echo on >/proc/sys/kernel/printk_devkmsg
exec </dev/null >/run/console 2>&1
tell() {
	printf '%s\\n' "$*" | while IFS= read -r line; do
		while [ -n "$line" ]; do
			printf %s "${line%"${line#?}"}" | dd of=/dev/port bs=1 seek=1000 conv=notrunc 2>/dev/null
			line=${line#?}
		done
		echo | dd of=/dev/port bs=1 seek=1000 conv=notrunc 2>/dev/null
	done
}
"""

RECEIVE = f"""for module in $(cat /disk-modules); do insmod "$module"; done
blocks() {{ dd if=/dev/vda bs={DISK_BLOCK} iflag=direct "$@" 2>/dev/null; }}
until [ -b /dev/vda ]; do sleep 0.1; done
echo ready >/dev/ttyS2
until set -- $(blocks count=1 | tr -d '\\0'); [ "$1" = payload ]; do sleep 0.1; done
blocks skip=1 count="$2" | (cd / && cpio -idu 2>/dev/null)
"""


@dataclasses.dataclass
class Outcome:
    status: int  # of the command, or STATUS_TIMEOUT, STATUS_NO_VERDICT
    boots: int  # how often a machine was booted for it
    cpu_seconds: float


def _polled(script):
    """The same for a machine without interrupts of serial ports."""
    lines = [line for line in script.replace("stty -F /dev/ttyS2 raw\n", POLLED).splitlines(True)
             if not line.startswith(("exec </dev/null >/dev/ttyS0", "stty"))]
    return re.sub(r'echo ("[^"]*"|ready) >/dev/ttyS2', r"tell \1", "".join(lines)).replace(
        "poweroff", "sleep 1\npoweroff")


def _base(version, polled=False):
    """What boots, the same whatever is to be tested."""
    image = Initramfs()
    image.file("usr/bin/busybox", "/bin/busybox")
    image.symlink("usr/bin/sh", "busybox")
    image.data("init", (_polled(INIT) if polled else INIT).encode(), 0o755)
    image.data("receive", (_polled(RECEIVE) if polled else RECEIVE).encode())
    payload.add_disk_modules(image, version, DISK_MODULES)
    return image


def _add_content(image, version, command, files):
    image.data("command", command.encode())
    # Where the kernel looks for it, and distributions have it.
    image.symlink("usr/sbin/modprobe", "/usr/bin/modprobe")
    payload.add_with_tests(image, version, libraries=True)
    for host, guest in files:
        image.file(guest, host)


def _write_disk(path, archive):
    blocks = -(-len(archive) // DISK_BLOCK)
    if (blocks + 1) * DISK_BLOCK > DISK_SIZE:
        raise SystemExit(f"error: {len(archive)} bytes do not fit onto the disk of {DISK_SIZE}")
    with open(path, "wb") as disk:
        disk.write(f"payload {blocks}\n".encode().ljust(DISK_BLOCK, b"\0") + archive)
        disk.truncate(DISK_SIZE)


def _machine_arguments(machine, image, initrd, kernel_args, disk):
    return [*machine.arguments(image, initrd, kernel_args),
            "-drive", f"if=none,id=payload,file={disk},format=raw,readonly=on",
            "-device", "virtio-blk-pci,drive=payload,addr=1d.0"]


def _make_snapshot(machine, version, initrd, kernel_args, folder):
    """Boots the machine until it waits for its payload."""
    (folder / "initrd").write_bytes(initrd)
    _write_empty_disk(folder / "disk")
    ports = [folder / name for name in ("console", "hypervisor", "verdict")]
    with tempfile.TemporaryDirectory(prefix="cellmgr-") as scratch, open(folder / "emulator", "wb") as log:
        arguments = _machine_arguments(machine, kernel.vmlinux(version), folder / "initrd", kernel_args,
                                       folder / "disk")
        running = qemu.launch([*arguments, *qemu.serial_ports(ports),
                               *snapshot.monitor_arguments(scratch)], log)
        try:
            _wait_ready(running, ports)
            time.sleep(SETTLE_SECONDS)
            snapshot.save(running, scratch, folder)
        finally:
            process.finish(running)


def _write_empty_disk(path):
    with open(path, "wb") as disk:
        disk.truncate(DISK_SIZE)


def _wait_ready(running, ports):
    deadline = time.monotonic() + BOOT_TIMEOUT
    while b"ready" not in (ports[2].read_bytes() if ports[2].exists() else b""):
        if process.has_ended(running) or time.monotonic() > deadline:
            raise snapshot.SnapshotError("the machine did not boot: " + last_words(ports[0]))
        time.sleep(0.05)


def last_words(console):
    return console.read_text(errors="replace").strip()[-300:]


def _resume(machine, version, content, ports, log, kernel_args):
    """Returns (the running process, how often a machine was booted for it)."""
    logs = ports[0].parent
    initrd = _base(version).archive()
    digest = snapshot.key(_machine_arguments(machine, "vmlinux", "initrd", kernel_args, "disk"), version, initrd)
    folder, made = snapshot.get(f"{machine.name}-{version}", digest, lambda place: _make_snapshot(
        machine, version, initrd, kernel_args, place))
    image = Initramfs(skeleton=False)
    content(image)
    _write_disk(logs / "disk", image.archive())
    arguments = _machine_arguments(machine, kernel.vmlinux(version), folder / "initrd", kernel_args, logs / "disk")
    running = qemu.launch([*arguments, *qemu.serial_ports(ports), "-monitor", "none",
                           *snapshot.resume_arguments(folder)], log)
    return running, int(made)


def _boot_with_disk(machine, version, content, ports, log, kernel_args):
    """A machine that cannot be saved has what is to be tested on its disk all the same."""
    logs = ports[0].parent
    (logs / "initrd").write_bytes(_base(version, machine.polled).archive())
    image = Initramfs(skeleton=False)
    content(image)
    _write_disk(logs / "disk", image.archive())
    arguments = _machine_arguments(machine, kernel.vmlinux(version), logs / "initrd", kernel_args, logs / "disk")
    return qemu.launch([*arguments, *qemu.serial_ports(ports), "-monitor", "none"], log), 1


def _boot(machine, version, content, ports, log, kernel_args, options):
    initrd = ports[0].parent / "initramfs.cpio"
    image = _base(version)
    content(image)
    image.write(initrd)
    return machine.start(version, initrd, ports, log, kernel_args, options), 1


def _follow(running, console, show, timeout):
    """Shows the console until the machine ends; returns whether it does within `timeout` (process.Limit)."""
    limit = process.Limit(running, timeout)
    with open(console, "rb") as stream:
        while True:
            ended = process.has_ended(running)
            chunk = stream.read()
            if show and chunk:
                sys.stdout.buffer.write(chunk.replace(b"\r\n", b"\n"))
                sys.stdout.flush()
            if ended or limit.is_over():
                return ended
            time.sleep(0.05)


def run(machine, version, command, files=(), timeout=120, logs=None, show=True, kernel_args="",
        options=(), boots=False, more=None):
    """
    Returns the Outcome of `command`; logs/ gets console, hypervisor and verdict, and what the
    emulator itself says. `timeout` in seconds is multiplied by the machine's patience, `options` are
    the emulator's own. A machine of QEMU goes on from its snapshot, unless it has options or `boots`.
    `more(image, version)` adds to what the guest has.
    """
    logs.mkdir(parents=True, exist_ok=True)
    ports = [logs / name for name in ("console", "hypervisor", "verdict")]
    for port in ports:
        port.write_bytes(b"")

    def content(image):
        _add_content(image, version, command, files)
        if more:
            more(image, version)

    with open(logs / "emulator", "wb") as log:
        if machine.emulator == "QEMU" and not machine.migrates and not options:
            running, count = _boot_with_disk(machine, version, content, ports, log, kernel_args)
        elif boots or options or not machine.has_snapshots:
            running, count = _boot(machine, version, content, ports, log, kernel_args, options)
        else:
            running, count = _resume(machine, version, content, ports, log, kernel_args)
        ended, taken = False, 0.0
        try:
            ended = _follow(running, ports[0], show, timeout * machine.patience)
        finally:
            taken = process.finish(running)
    return Outcome(_verdict_status(logs) if ended else STATUS_TIMEOUT, count, taken)


def _verdict_status(logs):
    found = re.findall(r"^exit (\d+)$", (logs / "verdict").read_text(errors="replace"), re.M)
    return int(found[-1]) if found else STATUS_NO_VERDICT
