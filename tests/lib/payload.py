# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a guest has of the project: its installation, cellhv.ko of the guest's kernel, test programs."""
import subprocess

import kernel
from paths import BUILD, INSTALLED


def module_files(version):
    """cellhv.ko of this kernel, where it has been built."""
    for path in sorted((BUILD / "kmod").rglob("cellhv.ko")):
        magic = subprocess.run(["modinfo", "-F", "vermagic", path], capture_output=True, text=True)
        if magic.stdout.split(" ")[0] == version:
            return [path]
    return []


def add_tests(image, prefix, libraries):
    # The hypervisor's lines go to the second serial port as well: they are there after a crash.
    image.data(f"{prefix}/etc/cellmgr/host.json", b'{ "debug-port": "0x2f8" }\n')
    if (BUILD / "tests/vm/celltool").exists():
        image.program(f"{prefix}/usr/bin/celltool", BUILD / "tests/vm/celltool", libraries)
    for path in sorted((BUILD / "examples/clients").glob("*-cell*")):
        if path.is_file():
            image.program(f"{prefix}/usr/bin/{path.name}", path, libraries)
    for path in sorted((BUILD / "examples/clients").glob("link-*")):
        if path.is_file():
            image.program(f"{prefix}/usr/bin/{path.name}", path, libraries)
    for path in sorted((BUILD / "tests/guests").glob("*.*")):
        if path.suffix in (".bin", ".json"):
            image.data(f"{prefix}/etc/cells/{path.name}", path.read_bytes())


def add(image, version, prefix="", libraries=True, tests=True):
    """Into an Initramfs, below `prefix`; the test programs only with `tests`."""
    if INSTALLED.exists():
        image.tree(INSTALLED, prefix, libraries)
    if tests:
        add_tests(image, prefix, libraries)
    base = kernel.fetch(version) / "lib/modules" / version
    image.modules(version, module_files(version), base, prefix)
