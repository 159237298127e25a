# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What a cell with Linux is made of, for guests of ours to start: the distribution's own kernel as its package
has it, a small initramfs with a shell on the console, and descriptions.
"""
import json

import kernel
import payload
from initramfs import Initramfs

FOLDER = "boot"  # in the guest
MODULES = ["button", "evdev"]  # what a press of the power button needs

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /usr/bin
export PATH=/usr/sbin:/usr/bin HOME=/root TERM=dumb PS1='cell# '
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
for module in $(cat /disk-modules); do insmod "$module"; done
(head -c 24 /dev/input/event0 >/run/pressed; poweroff -f) &
echo "Linux $(uname -r) is up in the cell, $(nproc) CPUs"
exec setsid cttyhack sh
"""


def initrd(version):
    image = Initramfs()
    image.file("usr/bin/busybox", "/bin/busybox")
    image.symlink("usr/bin/sh", "busybox")
    image.data("init", INIT.encode(), 0o755)
    payload.add_disk_modules(image, version, MODULES)
    return image.archive()


def description(**more):
    return json.dumps({"name": "linux", "cpus": [2, 3], "memory": "128M",
                       "linux": {"kernel": f"/{FOLDER}/vmlinuz", "initrd": f"/{FOLDER}/initrd"}} | more)


def add(image, version):
    image.data(f"{FOLDER}/vmlinuz", (kernel.fetch(version) / f"boot/vmlinuz-{version}").read_bytes())
    image.data(f"{FOLDER}/initrd", initrd(version))
    image.data("etc/cells/linux.json", description().encode())
