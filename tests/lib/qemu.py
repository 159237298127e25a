# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines that QEMU emulates (TCG): SVM."""
import dataclasses

import kernel
import process
from paths import ROOT

THREADED = ["-accel", "tcg,thread=multi"]
ICOUNT = [
    "-accel", "tcg,thread=single", "-icount", "shift=5,sleep=off", "-seed", "1",
    "-rtc", "base=2026-01-01T00:00:00,clock=vm",
]
REMAPPING = ["-device", "intel-iommu,intremap=on,eim=on"]
REMAPPING_39 = ["-device", "intel-iommu,intremap=on,eim=on,aw-bits=39"]
NO_REMAPPING = ["-device", "intel-iommu,intremap=off"]
# Those that cells get: without a reset, with one by power state, with one of its own.
ASSIGNED = [
    "-device", "edu,addr=4",
    "-netdev", "user,id=net", "-device", "e1000e,netdev=net,romfile=,addr=5",
    "-drive", "if=none,id=nvme,driver=null-co,size=16M,read-zeroes=on,snapshot=on",
    "-device", "nvme,drive=nvme,serial=1,addr=6",
]
# One edu after the other: beside everything; both functions of a device; both behind a bridge, which makes all
# requests its own; behind a switch.
BRIDGES = [
    "-device", "edu,addr=4",
    "-device", "edu,addr=8.0,multifunction=on", "-device", "edu,addr=8.1",
    "-device", "pcie-root-port,id=port1,chassis=1,slot=1,addr=5", "-device", "pcie-pci-bridge,id=bridge,bus=port1",
    "-device", "edu,bus=bridge,addr=2,dma_mask=0xffffffffff", "-device", "edu,bus=bridge,addr=3",
    "-device", "pcie-root-port,id=port2,chassis=2,slot=2,addr=6", "-device", "x3130-upstream,bus=port2,id=up",
    "-device", "xio3130-downstream,bus=up,id=down,chassis=3,slot=3", "-device", "edu,bus=down",
]
# Two adapters on one wire: a cell's, and Linux's.
WIRE = [
    "-netdev", "hubport,id=cell,hubid=0", "-device", "e1000e,netdev=cell,romfile=,addr=5",
    "-netdev", "hubport,id=linux,hubid=0", "-device", "virtio-net-pci,netdev=linux,romfile=,addr=6",
]
# A fourth serial port, whose interrupt Linux has nothing else on: a cell may have it.
UART = ["-chardev", "null,id=uart", "-device", "isa-serial,index=3,irq=7,chardev=uart"]
# The disk does DMA like a physical one, and edu does it for whoever asks; a server sends numbers.
DMA = [
    "-global", "virtio-blk-pci.iommu_platform=on", "-global", "virtio-blk-pci.disable-legacy=on",
    "-device", "edu,addr=1c.0,dma_mask=0xffffffffff",
    "-netdev", "user,id=net,guestfwd=tcp:10.0.2.100:80-cmd:seq 300000",
    "-device", "e1000e,netdev=net,romfile=,addr=7",
]
AMDVI = ["-device", "amd-iommu,intremap=off,pt=off"]
AMDVI_REMAPPING = ["-device", "amd-iommu,intremap=on,xtsup=on,pt=off"]  # pt: DMA would not be translated
KERNEL_ARGS = ("console=ttyS0 quiet mitigations=off no_timer_check lpj=10400000 cryptomgr.notests "
               "panic=-1")


@dataclasses.dataclass(frozen=True)
class Qemu:
    name: str
    what: str
    cpu: str
    accel: list = dataclasses.field(default_factory=lambda: THREADED)
    devices: list = dataclasses.field(default_factory=list)
    kernel_args: str = ""
    migrates: bool = True
    polled: bool = False  # no interrupt of a serial port comes
    emulator = "QEMU"
    patience = 1

    @property
    def has_snapshots(self):
        """QEMU cannot go on counting instructions where another one stopped; nor do all devices migrate."""
        return self.accel is THREADED and self.migrates

    def arguments(self, image, initrd, kernel_args="", memory="1G", cpus=4):
        """The command line up to serial ports and disks, which belong to the kind of guest."""
        append = " ".join(filter(None, [KERNEL_ARGS, self.kernel_args, kernel_args]))
        return [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-M", "q35", *self.accel, "-cpu", self.cpu, "-smp", str(cpus),
            "-m", memory, *self.devices, "-kernel", str(image), "-initrd", str(initrd), "-append", append,
        ]

    def start(self, version, initrd, ports, log, kernel_args="", options=()):
        """The running process; the serial ports write the files `ports`, QEMU itself `log`."""
        arguments = self.arguments(kernel.image(version), initrd, kernel_args)
        return launch([*arguments, *serial_ports(ports), "-monitor", "none", *options], log)


def serial_ports(files):
    return [argument for port in files for argument in ("-serial", f"file:{port}")]


def launch(arguments, log):
    return process.start(arguments, cwd=ROOT, stdout=log, stderr=log)
