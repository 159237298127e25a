# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The emulated machines: 4 CPUs, 1 GiB, three serial ports. Each belongs to an emulator, whose class
knows how to start Linux in it and which kernel arguments it needs. `patience` is how much longer than
in QEMU the same work may take.
"""
from bochs import Bochs
from qemu import AMDVI, AMDVI_REMAPPING, ASSIGNED, BRIDGES, DMA, ICOUNT, NO_REMAPPING, REMAPPING, REMAPPING_39, UART, WIRE, Qemu

# Which blocks of memory go offline is the luck of what drivers have allocated there: no question of theirs.
SET_ASIDE = "memmap=64M$0x34000000 cellmgr.memory=0x34000000"

MACHINES = {m.name: m for m in (
    Qemu("svm", "SVM, xAPIC", "qemu64,+svm,+npt"),
    Qemu("svm-mixed", "SVM, xAPIC in Linux on CPUs that have x2APIC", "qemu64,+svm,+npt,+x2apic"),
    Qemu("svm-x2apic", "SVM, x2APIC, interrupt remapping", "max,-la57",
         devices=REMAPPING, kernel_args="intel_iommu=off"),
    Qemu("devices", "svm-x2apic with PCI functions for cells", "max,-la57",
         devices=REMAPPING + ASSIGNED + UART, kernel_args=f"intel_iommu=off {SET_ASIDE}", migrates=False),
    Qemu("topology", "svm-x2apic with bridges", "max,-la57",
         devices=REMAPPING + BRIDGES, kernel_args="intel_iommu=off"),
    Qemu("demo", "svm-x2apic with a network", "max,-la57",
         devices=REMAPPING + WIRE, kernel_args="intel_iommu=off"),
    Qemu("uart", "svm-mixed with a UART for cells", "qemu64,+svm,+npt,+x2apic", devices=UART),
    Qemu("vtd", "svm-x2apic with devices behind its IOMMU", "max,-la57",
         devices=[*REMAPPING, *DMA], kernel_args="intel_iommu=off"),
    Qemu("vtd-39", "vtd with tables of three levels", "max,-la57",
         devices=[*REMAPPING_39, *DMA], kernel_args="intel_iommu=off"),
    Qemu("vtd-noir", "vtd without interrupt remapping", "qemu64,+svm,+npt",
         devices=[*NO_REMAPPING, *DMA], kernel_args="intel_iommu=off"),
    Qemu("vtd-default", "vtd, where Linux translates", "max,-la57",
         devices=[*REMAPPING, *DMA], kernel_args="intel_iommu=on iommu=nopt"),
    Qemu("vtd-pt", "vtd, where Linux lets all devices pass through", "max,-la57",
         devices=[*REMAPPING, *DMA], kernel_args="intel_iommu=on iommu=pt"),
    Qemu("la57", "svm-x2apic with five-level paging", "max",
         devices=REMAPPING, kernel_args="intel_iommu=off"),
    Qemu("amdvi", "svm with an AMD-Vi unit that Linux leaves alone", "qemu64,+svm,+npt",
         devices=[*AMDVI, *DMA], kernel_args="amd_iommu=off", migrates=False),
    Qemu("amdvi-pt", "amdvi, where Linux has the unit and translates nothing", "qemu64,+svm,+npt",
         devices=[*AMDVI, *DMA], kernel_args="iommu=pt iomem=relaxed", migrates=False),
    Qemu("amdvi-default", "amdvi, where Linux translates", "qemu64,+svm,+npt",
         devices=[*AMDVI, *DMA], migrates=False),
    # No pin of the I/O APIC works there.
    Qemu("amdvi-ir", "x2APIC, messages remapped by an AMD-Vi unit", "max,-la57",
         devices=[*AMDVI_REMAPPING, *DMA], kernel_args="iommu=pt", migrates=False, polled=True),
    # QEMU cannot count instructions across the x2APIC's timer registers ("Bad icount read").
    Qemu("deterministic", "svm counting instructions: two runs are identical",
         "qemu64,+svm,+npt", accel=ICOUNT, kernel_args="nokaslr"),
    Qemu("iommu-translating", "svm-x2apic where Linux translates its DMA", "max,-la57",
         devices=REMAPPING, kernel_args="intel_iommu=on iommu=nopt"),
    Qemu("no-svm", "a CPU without virtualisation", "qemu64,-svm"),
    Bochs("bochs", "VMX, xAPIC in Linux on CPUs that have x2APIC"),
    Qemu("opteron", "SVM of the first years", "Opteron_G3,+svm,+npt"),
    Qemu("epyc-rome", "Zen 2", "EPYC-Rome"),
    Qemu("epyc-milan", "Zen 3", "EPYC-Milan"),
    Qemu("epyc-genoa", "Zen 4", "EPYC-Genoa"),
    Bochs("bochs-no-deadline", "VMX, x2APIC without the timer's TSC-deadline mode",
          without=("tsc_deadline",)),
    Bochs("bochs-no-vmx", "a CPU without virtualisation, by Intel", without=("vmx",)),
    Bochs("bochs-no-ept", "VMX without nested paging", "core2_penryn_t9600"),
    Bochs("bochs-no-unrestricted", "VMX that runs only paged guests", "corei5_lynnfield_750"),
)}
