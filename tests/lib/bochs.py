# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Machines that Bochs emulates: VMX. Bochs 3.0 is Debian 13's; Debian 12 has an older one that loses
NMIs, so setup.sh unpacks the packages of Debian 13 into the cache there, and they run with their own
libraries.
"""
import dataclasses
import os
import pathlib

import bochs_boot
import process
from paths import CACHE

LIBRARIES = "usr/lib/x86_64-linux-gnu"
KERNEL_ARGS = ("console=ttyS0,115200 quiet nokaslr mitigations=off no_timer_check lpj=200000 "
               "cryptomgr.notests idle=halt tsc=reliable panic=-1")

# No display that needs no terminal but rfb; nobody has to connect to it. Time runs by instructions:
# 50 million of each CPU are a second.
CONFIGURATION = """\
config_interface: textconfig
display_library: rfb, options="timeout=0"
memory: guest=1024, host=1024
romimage: file={tree}/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file={tree}/usr/share/vgabios/vgabios.bin
optramimage1: file={setup}, address={address:#x}
cpu: model={cpu}, count=4, ips=50000000, quantum=16, reset_on_triple_fault=0, ignore_bad_msrs=1
clock: sync=none, time0=utc
pci: enabled=1, chipset=i440fx
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path={disk}, mode=flat
boot: disk
log: {log}
panic: action=fatal
"""


def tree():
    """Where Bochs and its libraries are: unpacked in the cache, or installed."""
    unpacked = CACHE / "bochs/tree"
    return unpacked if unpacked.exists() else pathlib.Path("/")


def program():
    """Bochs by its own loader and libraries, which may be newer than this machine's."""
    libraries = tree() / LIBRARIES
    return [libraries / "ld-linux-x86-64.so.2", "--library-path", libraries,
            tree() / "usr/bin/bochs-bin"]


@dataclasses.dataclass(frozen=True)
class Bochs:
    name: str
    what: str
    cpu: str = "corei7_haswell_4770"
    without: tuple = ()  # features of the CPU that are taken from it
    emulator = "Bochs"
    patience = 2
    has_snapshots = False

    def _configuration(self, **places):
        lines = CONFIGURATION.format(tree=tree(), address=bochs_boot.SETUP, cpu=self.cpu, **places)
        if self.without:
            lines += f'cpu: exclude_features="{",".join(self.without)}"\n'
        return lines

    def start(self, version, initrd, ports, log, kernel_args="", options=()):
        """
        The running process; the serial ports write the files `ports`, Bochs itself `log` and
        bochs.log beside it. `options` are lines of bochsrc, or of its debugger where they begin with ">".
        """
        folder = pathlib.Path(log.name).parent
        setup, disk, configuration, commands = (
            folder / name for name in ("bochs-setup", "bochs-disk", "bochsrc", "bochs-commands"))
        disk.with_name(disk.name + ".lock").unlink(missing_ok=True)  # of one that was killed
        bochs_boot.build(version, initrd, f"{KERNEL_ARGS} {kernel_args}".rstrip(), setup, disk)
        lines = self._configuration(setup=setup, disk=disk, log=folder / "bochs.log")
        for number, port in enumerate(ports, 1):
            lines += f"com{number}: enabled=1, mode=file, dev={port}\n"
        debugger = [option[1:].strip() for option in options if option.startswith(">")]
        configuration.write_text(
            lines + "".join(f"{option}\n" for option in options if not option.startswith(">")))
        commands.write_text("\n".join([*debugger, "c", ""]))
        return process.start(
            [*program(), "-q", *(["-debugger"] if debugger else []), "-rc", commands, "-f", configuration],
            stdout=log, stderr=log,
            env={**os.environ, "LTDL_LIBRARY_PATH": str(tree() / LIBRARIES / "bochs/plugins")})
