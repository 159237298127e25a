# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What a guest has of the project: its installation, the modules of the guest's kernel, test programs; or
its packages, yet to be installed.
"""
import subprocess

import kernel
from paths import BUILD, INSTALLED, PACKAGES, ROOT

DRIVERS = ["msr", "e1000e", "nvme"]
NETWORK = ["e1000e", "virtio_net"]


def module_files(version):
    """The project's modules for this kernel, where they have been built."""
    return [*kernel_modules("kmod/cellhv.ko", version), *kernel_modules("kmod/cell-net.ko", version)]


def kernel_modules(name, version):
    folder, name = name.rsplit("/", 1)
    for path in sorted((BUILD / folder).rglob(name)):
        magic = subprocess.run(["modinfo", "-F", "vermagic", path], capture_output=True, text=True)
        if magic.stdout.split(" ")[0] == version:
            return [path]
    return []


def add_tests(image, version, prefix, libraries):
    # The hypervisor's lines go to the second serial port as well: they are there after a crash.
    image.data(f"{prefix}/etc/cellmgr/host.json", b'{ "debug-port": "0x2f8" }\n')
    preloaded = (BUILD / "tests/failing/failing-ioctl.so", BUILD / "tests/vm/devices-ioctl.so")
    for path in (*preloaded, *kernel_modules("tests/failing/failing.ko", version),
                 *kernel_modules("tests/mapping/mapping.ko", version),
                 *kernel_modules("tests/tamper/tamper.ko", version),
                 *kernel_modules("tests/mistakes/mistakes.ko", version)):
        image.data(f"{prefix}/rig/{path.name}", path.read_bytes(), 0o755)
    for path in (ROOT / "examples/network").glob("*.network"):
        image.data(f"{prefix}/rig/{path.name}", path.read_bytes())
    for name in ("celltool", "dma", "ones", "stepper"):
        if (BUILD / "tests/vm" / name).exists():
            image.program(f"{prefix}/usr/bin/{name}", BUILD / "tests/vm" / name, libraries)
    for path in sorted((BUILD / "examples/clients").glob("*-cell*")):
        if path.is_file():
            image.program(f"{prefix}/usr/bin/{path.name}", path, libraries)
    for path in sorted((BUILD / "examples/clients").glob("link-*")):
        if path.is_file():
            image.program(f"{prefix}/usr/bin/{path.name}", path, libraries)
    for path in sorted([*(BUILD / "tests/guests").glob("*.*"), *(BUILD / "tests/attack").glob("*.bin")]):
        if path.suffix in (".bin", ".json"):
            image.data(f"{prefix}/etc/cells/{path.name}", path.read_bytes())
    if (BUILD / "tests/attack/hostile-root").exists():
        image.program(f"{prefix}/usr/bin/hostile-root", BUILD / "tests/attack/hostile-root", libraries)
    _add_drivers(image, version, prefix)


def _add_drivers(image, version, prefix):
    """In /rig, for the tests to insert: in the order of /rig/NAME.order."""
    for name in DRIVERS:
        paths = kernel.with_dependencies(version, [name])
        for path in paths:
            image.module(f"{prefix}/rig/{path.name.removesuffix('.xz')}", path)
        order = "".join(f"/rig/{path.name.removesuffix('.xz')}\n" for path in paths)
        image.data(f"{prefix}/rig/{name}.order", order.encode())


def add(image, version, prefix="", libraries=False):
    """Into an Initramfs, below `prefix`; `libraries`: those of this machine that programs need."""
    if INSTALLED.exists():
        image.tree(INSTALLED, prefix, libraries)
    _add_modules(image, version, module_files(version), prefix)


def add_for_demo(image, version, prefix):
    """With drivers of network adapters, which udev loads, and what speaks to another machine by one."""
    image.tree(INSTALLED, prefix, False)
    drivers = kernel.with_dependencies(version, NETWORK)
    _add_modules(image, version, [*module_files(version), *drivers], prefix)
    for name in ("ip", "ping"):
        image.file(f"{prefix}/usr/local/bin/{name}", "/bin/busybox")


def add_with_tests(image, version, prefix="", libraries=False):
    add(image, version, prefix, libraries)
    add_tests(image, version, prefix, libraries)


def add_disk_modules(image, version, names):
    """Modules of the kernel and what they need; /disk-modules lists them in the order to insert them."""
    found = []
    for path in kernel.with_dependencies(version, names):
        found.append(f"/modules/{path.name.removesuffix('.xz')}")
        image.module(found[-1], path)
    image.data("disk-modules", "\n".join(found).encode())


def add_packages(image, version, prefix):
    """The packages of build/packages in /packages, and a guest that never answers."""
    for path in sorted(PACKAGES.glob("*.deb")):
        image.data(f"{prefix}/packages/{path.name}", path.read_bytes())
    for name in ("no-answer.json", "no-answer.bin"):
        image.data(f"{prefix}/etc/cells/{name}", (BUILD / "tests/guests" / name).read_bytes())
    _add_modules(image, version, [], prefix)


def _add_modules(image, version, files, prefix):
    image.modules(version, files, kernel.fetch(version) / "lib/modules" / version, prefix)
