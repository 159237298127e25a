# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The Debian guest: systemd, D-Bus and polkit of this machine's own release on a virtio disk that no
run changes. The project's files are not in the image: the initrd lays them over it at each boot, so
a rebuild of the project costs nothing here. Tests have an image that can build programs and modules
for the guest's kernel and has a boot loader's tools; the demo is content with less.

Serial ports: 0 Linux's console, 1 (I/O port 2F8) left to the hypervisor, 2 a shell for the driver:
it takes one line of base64 at a time, runs it with bash, and ends the output with byte 1E and the
exit status.
"""
import base64
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

import grub
import kernel
import payload
import process
import snapshot
from initramfs import Initramfs
from paths import CACHE, ROOT, locked

PACKAGES = "systemd,systemd-sysv,dbus,kmod,udev,polkitd,libjson-c5,libkmod2,libsystemd0,bsdutils"
BUILDING = "gcc,libc6-dev,pkgconf,dkms,grub2-common,linux-headers-"
READY_TIMEOUT = 300
SETTLE_SECONDS = 3  # what systemd still starts after the driver's shell
LAYOUT = 4  # of what is made below: a change makes a new image
SHELL_END = b"\x1e"
DISK_MODULES = ["virtio_pci", "virtio_blk", "crc32c_generic", "ext4"]

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /usr/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /disk-modules); do insmod "$module"; done
n=0
while [ ! -b /dev/vda ] && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.1; done
mount -t ext4 -o noatime /dev/vda /newroot || { echo "no disk"; poweroff -f; }
cp -a /overlay/. /newroot/
touch /newroot/usr
mount --move /dev /newroot/dev
umount /sys /proc
exec switch_root /newroot /sbin/init
"""

SHELL = """#!/bin/bash
stty -F /dev/ttyS2 raw -echo
exec <>/dev/ttyS2 >&0
printf '\\036ready\\n'
while read -r line; do
	bash -c "$(base64 -d <<<"$line")" </dev/null 2>&1
	printf '\\036%d\\n' $?
done
"""

SHELL_UNIT = """[Unit]
Description=Shell of the test driver
After=dbus.socket systemd-journald.socket
[Service]
ExecStart=/usr/local/lib/rig-shell
Environment=HOME=/root SYSTEMD_PAGER= SYSTEMD_COLORS=0 LC_ALL=C.UTF-8
StandardOutput=null
[Install]
WantedBy=multi-user.target
"""

AUTOLOGIN = """[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --keep-baud 115200 %I $TERM
"""


class GuestError(Exception):
    """The guest did not boot, did not answer in time, or ended."""


def release():
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', pathlib.Path("/etc/os-release").read_text(), re.M))
    return fields["VERSION_CODENAME"]


def sources(suite):
    """Those of this machine, updates and security among them: the guest's kernel may be one of these."""
    output = subprocess.run(
        ["apt-get", "indextargets", "--format", "deb $(REPO_URI) $(RELEASE) $(COMPONENT)",
         "Created-By: Packages"], capture_output=True, text=True, check=True).stdout
    wanted = {suite, f"{suite}-updates", f"{suite}-security"}
    found = sorted({line for line in output.splitlines() if line.split()[2] in wanted})
    if not found:
        raise SystemExit("error: no package source of Debian is configured; see /etc/apt/sources.list")
    return found


def image_path(version):
    """The richer one of those that are there, else where the plain one will be."""
    plain, building = (CACHE / f"debian-{release()}-{LAYOUT}{kind}.ext4" for kind in ("", f"-{version}"))
    return building if building.exists() else plain


def _as_root(arguments, log):
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    with open(log, "ab") as output:
        subprocess.run([*prefix, *arguments], check=True, stdin=subprocess.DEVNULL,
                       stdout=output, stderr=subprocess.STDOUT)


def _customise(tree):
    """The parts of the image that are the rig's."""
    def write(name, content, mode=0o644):
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(mode)

    write("usr/local/lib/rig-shell", SHELL, 0o755)
    write("etc/systemd/system/rig-shell.service", SHELL_UNIT)
    write("etc/systemd/system/serial-getty@ttyS0.service.d/autologin.conf", AUTOLOGIN)
    write("etc/fstab", "/dev/vda / ext4 noatime 0 0\n")
    write("etc/hostname", "cellmgr-demo\n")
    write("etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    units = tree / "etc/systemd/system"
    (units / "multi-user.target.wants").mkdir(exist_ok=True)
    (units / "multi-user.target.wants/rig-shell.service").symlink_to("../rig-shell.service")
    for unit in ("getty@tty1.service", "systemd-hwdb-update.service", "apt-daily.timer",
                 "apt-daily-upgrade.timer", "e2scrub_all.timer", "e2scrub_reap.service",
                 "systemd-resolved.service", "fstrim.timer", "dpkg-db-backup.timer"):
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")


def build_image(log, version, building=False):
    """Makes the disk image where it is not in the cache; needs root, or sudo."""
    with locked("debian-image"):
        return _build_image(log, version, building)


def _build_image(log, version, building):
    target, packages, size = image_path(version), PACKAGES, "700M"
    if building:
        target = target.with_name(f"debian-{release()}-{LAYOUT}-{version}.ext4")
        packages, size = f"{PACKAGES},{BUILDING}{version}", "1400M"
    if target.exists():
        return target

    if os.geteuid() != 0:
        _as_root(["env", f"CELLMGR_CACHE={CACHE}", "python3", __file__, str(log), version,
                  *["building"] * building], log)
        return target

    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        tree, image = pathlib.Path(scratch) / "tree", pathlib.Path(scratch) / "image"
        suite = release()
        _as_root(["mmdebstrap", "--variant=minbase", f"--include={packages}", "--mode=root",
                  '--dpkgopt=path-exclude=/usr/share/doc/*', '--dpkgopt=path-exclude=/usr/share/man/*',
                  '--dpkgopt=path-exclude=/usr/share/locale/*',
                  suite, tree, *sources(suite)], log)
        _customise(tree)
        _as_root(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", tree, image, size], log)
        image.chmod(0o644)
        os.rename(image, target)
    return target


def make_overlay(base, target):
    """A disk that begins as `base` and keeps what is written apart from it; returns its name."""
    kind = "raw" if base.suffix == ".ext4" else "qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", kind, "-b", base, target], check=True)
    return target


def build_initrd(target, version, content):
    image = Initramfs()
    image.file("usr/bin/busybox", "/bin/busybox")
    image.data("init", INIT.encode(), 0o755)
    image.directory("newroot")
    payload.add_disk_modules(image, version, DISK_MODULES)
    image.directory("overlay")
    content(image, version, "overlay")
    image.write(target)


class Guest:
    """
    A machine; a context manager that ends it whatever happens. content(image, version, prefix) puts
    into an Initramfs what is laid over the disk. What it writes to the disk is lost at the end of each
    run of Linux, or with `keeps_disk` only at that of the machine. It goes on from the snapshot of one
    that has booted with the same content, but for those that a person sits at or that have options of
    QEMU's own.
    """

    def __init__(self, machine, version, logs, kernel_args="", memory="1G", qemu=(),
                 interactive=False, content=payload.add_with_tests, keeps_disk=False):
        self.machine, self.version, self.logs = machine, version, logs
        self.kernel_args, self.memory, self.qemu, self.content = kernel_args, memory, qemu, content
        self.interactive, self.keeps_disk = interactive, keeps_disk
        self.boots, self.cpu_seconds, self.process, self.shell = 0, 0.0, None, None
        logs.mkdir(parents=True, exist_ok=True)
        self.initrd = logs / "initrd.cpio"
        build_initrd(self.initrd, version, content)
        self.scratch = tempfile.mkdtemp(prefix="cellmgr-")
        self.is_ready = machine.has_snapshots and not interactive and not qemu
        if self.is_ready:
            self._resume()
        else:
            self.disk = self._disk_over(image_path(version))
            self._start(self._arguments())

    def _resume(self):
        image, initrd = image_path(self.version), self.initrd.read_bytes()
        kind = snapshot.key(self._arguments(initrd="initrd"), self.content.__name__)
        digest = snapshot.key(kind, initrd, image.name, image.stat().st_mtime_ns)
        folder, made = snapshot.get(f"debian-{self.machine.name}-{self.version}-{kind[:8]}", digest,
                                    self._make_snapshot)
        self.boots += made
        self.disk = self._disk_over(folder / "disk")
        self._start([*self._arguments(), *snapshot.monitor_arguments(self.scratch),
                     *snapshot.resume_arguments(folder)])
        snapshot.await_running(self.scratch)

    def _make_snapshot(self, folder):
        """Boots the machine until its shell answers; `folder` gets what it has written to its disk, too."""
        disk = make_overlay(image_path(self.version), folder / "disk")
        self._start([*self._arguments(), *snapshot.monitor_arguments(self.scratch)], disk)
        try:
            self._await_shell(READY_TIMEOUT)
            self.run("systemctl is-system-running --wait", READY_TIMEOUT)
            time.sleep(SETTLE_SECONDS)
            snapshot.save(self.process, self.scratch, folder)
        finally:
            self._finish()

    def _disk_over(self, base):
        return make_overlay(base, os.path.join(self.scratch, "disk"))

    def _arguments(self, more_kernel_args="", initrd=None):
        """Without the serial ports and the disk, whose places are no part of what a machine is."""
        append = " ".join(filter(None, ["systemd.show_status=0", self.kernel_args, more_kernel_args]))
        return self.machine.arguments(kernel.vmlinux(self.version), initrd or self.initrd, append, self.memory)

    def _start(self, arguments, disk=None):
        self.pending = b""
        address = os.path.join(self.scratch, "shell")
        console = "mon:stdio" if self.interactive else f"file:{self.logs / 'console'}"
        arguments = arguments + [
            "-serial", console, "-serial", f"file:{self.logs / 'hypervisor'}",
            "-serial", f"unix:{address},server=on,wait=off",
            "-drive", f"file={disk or self.disk},format=qcow2,if=virtio,cache=unsafe", *self.qemu]
        with open(self.logs / "qemu", "wb") as log:
            output = None if self.interactive else log
            self.process = process.start(
                arguments, cwd=ROOT, stdin=None if self.interactive else subprocess.DEVNULL,
                stdout=output, stderr=output)
        self.shell = self._connect(address)

    def reboot(self, timeout=120):
        """Once more with the disk as it is, and the kernel arguments of its GRUB, where it has one."""
        arguments = grub.kernel_arguments(self.run("cat /boot/grub/grub.cfg 2>/dev/null")[1])
        self.shell.sendall(base64.b64encode(b"systemctl reboot --no-block") + b"\n")
        if not self.wait_end(timeout):
            raise GuestError(f"the machine did not end within {timeout} s")
        self._finish()
        os.rename(self.logs / "console", self.logs / "console.first")
        if not self.keeps_disk:
            self.disk = self._disk_over(image_path(self.version))
        self.boots += 1
        self._start(self._arguments(arguments))
        self._await_shell(READY_TIMEOUT)

    def _finish(self):
        if self.process:
            self.cpu_seconds += process.finish(self.process)
        if self.shell:
            self.shell.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._finish()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _connect(self, address):
        for _ in range(200):
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(address)
                return connection
            except OSError:
                connection.close()
                time.sleep(0.05)
                if process.has_ended(self.process):
                    break
        raise GuestError(f"QEMU did not start: {(self.logs / 'qemu').read_text(errors='replace')}")

    def _read_until(self, pattern, deadline, on_output=None):
        """Returns (what came before the match, the match)."""
        shown = 0
        while True:
            match = re.search(pattern, self.pending)
            end = match.start() if match else len(self.pending)
            if on_output and end > shown and (match or SHELL_END not in self.pending):
                on_output(self.pending[shown:end])
                shown = end
            if match:
                before, self.pending = self.pending[:end], self.pending[match.end():]
                return before, match
            self.shell.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                chunk = self.shell.recv(65536)
            except socket.timeout:
                raise GuestError(f"no end in time, after the output: {self._tail()}") from None
            if not chunk:
                raise GuestError(f"the machine ended, after the output: {self._tail()}")
            self.pending += chunk

    def _tail(self):
        return self.pending[-300:].decode(errors="replace").strip() or "(none)"

    def wait_ready(self, timeout=READY_TIMEOUT):
        if not self.is_ready:
            self.boots += 1
            self._await_shell(timeout)
            self.is_ready = True

    def _await_shell(self, timeout):
        self._read_until(rb"\x1eready\r?\n", time.monotonic() + timeout)

    def run(self, command, timeout=60, on_output=None):
        """Returns (exit status, output)."""
        self.shell.sendall(base64.b64encode(command.encode()) + b"\n")
        output, match = self._read_until(rb"\x1e(\d+)\r?\n", time.monotonic() + timeout, on_output)
        return int(match[1]), output.decode(errors="replace")

    def power_off(self, timeout=60):
        """Returns whether the machine switched itself off in time."""
        self.shell.sendall(base64.b64encode(b"systemctl poweroff --no-block") + b"\n")
        return self.wait_end(timeout)

    def wait_end(self, timeout=None):
        """Whether it has switched itself off in time."""
        if not process.wait_end(self.process, timeout):
            return False
        self.cpu_seconds += process.finish(self.process)
        return self.process.returncode == 0


if __name__ == "__main__":
    import sys
    _build_image(pathlib.Path(sys.argv[1]), sys.argv[2], "building" in sys.argv[3:])
