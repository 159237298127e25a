# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What a cell with Linux is made of, for guests of ours to start: the distribution's own kernel as its package
has it, the initramfs of examples/linux/make-initrd, and a description.
"""
import json
import os
import pathlib
import subprocess
import tempfile

import kernel
import payload
from paths import ROOT

ALWAYS = ["button", "evdev"]  # make-initrd takes them by itself
DRIVERS = ["e1000e"]


def initrd(version):
    """Made below a root that has no more modules of the kernel than it takes."""
    ours = [str(path) for path in payload.kernel_modules("kmod/cell-net.ko", version)]
    with tempfile.TemporaryDirectory(prefix="cellmgr-") as root:
        output, modules = pathlib.Path(root) / "initrd", pathlib.Path(root) / "lib/modules" / version
        modules.mkdir(parents=True)
        for path in kernel.with_dependencies(version, ALWAYS + DRIVERS):
            (modules / path.name).symlink_to(path)
        subprocess.run(["depmod", "-b", root, version], check=True, stderr=subprocess.DEVNULL)
        subprocess.run([ROOT / "examples/linux/make-initrd", output, version, *DRIVERS, *ours], check=True,
                       env=os.environ | {"ROOT": root})
        return output.read_bytes()


def description():
    return json.dumps({"name": "linux", "cpus": [2, 3], "memory": "128M",
                       "linux": {"kernel": "/boot/vmlinuz", "initrd": "/boot/linux-cell.img",
                                 "command-line": "address=10.0.4.2/24"},
                       "links": [{"name": "linux", "kind": "network"}],
                       "shutdown": {"timeout": "20s"}})


def add(image, version, prefix=""):
    image.data(f"{prefix}/boot/vmlinuz", kernel.image(version).read_bytes())
    image.data(f"{prefix}/boot/linux-cell.img", initrd(version))
    image.data(f"{prefix}/etc/cells/linux.json", description().encode())
