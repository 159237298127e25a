# SPDX-License-Identifier: LGPL-2.1-or-later
"""The emulated machines: QEMU flags and the kernel arguments that belong to them."""
import dataclasses

THREADED = ["-accel", "tcg,thread=multi"]
ICOUNT = [
    "-accel", "tcg,thread=single", "-icount", "shift=5,sleep=off", "-seed", "1",
    "-rtc", "base=2026-01-01T00:00:00,clock=vm",
]
REMAPPING = ["-device", "intel-iommu,intremap=on,eim=on"]
COMMON_KERNEL_ARGS = "console=ttyS0 quiet mitigations=off no_timer_check lpj=10400000 panic=-1"


@dataclasses.dataclass(frozen=True)
class Machine:
    name: str
    what: str
    cpu: str
    accel: list = dataclasses.field(default_factory=lambda: THREADED)
    devices: list = dataclasses.field(default_factory=list)
    kernel_args: str = ""


MACHINES = {m.name: m for m in (
    Machine("svm", "SVM, xAPIC", "qemu64,+svm,+npt"),
    Machine("svm-mixed", "SVM, xAPIC in Linux on CPUs that have x2APIC",
            "qemu64,+svm,+npt,+x2apic"),
    Machine("svm-x2apic", "SVM, x2APIC, interrupt remapping", "max,-la57",
            devices=REMAPPING, kernel_args="intel_iommu=off"),
    Machine("la57", "svm-x2apic with five-level paging", "max",
            devices=REMAPPING, kernel_args="intel_iommu=off"),
    # QEMU cannot count instructions across the x2APIC's timer registers ("Bad icount read").
    Machine("deterministic", "svm counting instructions: two runs are identical",
            "qemu64,+svm,+npt", accel=ICOUNT, kernel_args="nokaslr"),
    Machine("iommu-translating", "svm-x2apic where Linux translates its DMA", "max,-la57",
            devices=REMAPPING, kernel_args="intel_iommu=on iommu=nopt"),
    Machine("no-svm", "a CPU without virtualisation", "qemu64,-svm"),
)}


def qemu_args(machine, kernel, initrd, extra_kernel_args="", memory="1G", cpus=4):
    """The command line up to serial ports and disks, which belong to the kind of guest."""
    append = " ".join(filter(None, [COMMON_KERNEL_ARGS, machine.kernel_args, extra_kernel_args]))
    return [
        "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-M", "q35", *machine.accel, "-cpu", machine.cpu, "-smp", str(cpus), "-m", memory,
        *machine.devices, "-kernel", str(kernel), "-initrd", str(initrd), "-append", append,
    ]
