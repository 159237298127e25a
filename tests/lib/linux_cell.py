# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What a cell with Linux is made of, for guests of ours to start: the distribution's own kernel as its package
has it, an initramfs as examples/linux/make-initrd makes it, and a description.
"""
import json

import kernel
import payload
from initramfs import Initramfs
from paths import ROOT

MODULES = ["button", "evdev"]


def initrd(version):
    image = Initramfs()
    image.file("usr/bin/busybox", "/bin/busybox")
    image.file("init", ROOT / "examples/linux/init")
    modules = [*kernel.with_dependencies(version, MODULES), *payload.kernel_modules("kmod/cell-net.ko", version)]
    for number, path in enumerate(modules, 11):
        image.module(f"modules/{number}.ko", path)
    return image.archive()


def description():
    return json.dumps({"name": "linux", "cpus": [2, 3], "memory": "128M",
                       "linux": {"kernel": "/boot/vmlinuz", "initrd": "/boot/linux-cell.img",
                                 "command-line": "address=10.0.4.2/24"},
                       "links": [{"name": "linux", "kind": "network"}],
                       "shutdown": {"timeout": "20s"}})


def add(image, version, prefix=""):
    vmlinuz = kernel.fetch(version) / f"boot/vmlinuz-{version}"
    image.data(f"{prefix}/boot/vmlinuz", vmlinuz.read_bytes())
    image.data(f"{prefix}/boot/linux-cell.img", initrd(version))
    image.data(f"{prefix}/etc/cells/linux.json", description().encode())
