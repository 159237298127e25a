# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures, and prints the table."""
import subprocess

import lines
import measure
from machine import MACHINES
from paths import BUILD

NS_PER_INSTRUCTION = 32  # icount shift 5

COSTS = {"hypercall": "null hypercall", "putc": "console character", "cpuid": "CPUID",
         "eoi": "EOI, xAPIC", "timer": "timer arming, xAPIC",
         "doorbell": "doorbell of a link, at the sender"}
NOTES = """
- exits: by the CPU's statistics; per tick from two runs of tests/guests/exits.c of different lengths,
  console characters left out. apic-demo has a UART of its own, as the peer's.
- virtual ms and ns: one clock for all CPUs, 32 ns per instruction (icount shift 5), so a CPU that
  waits counts as well. Module's call: CLOCK_MONOTONIC_RAW around its ioctl, which takes the CPU
  from Linux and zeroes the cell's memory; with libcell: the whole program, which also finds memory
  and takes it from Linux. The median of five cycles.
- instructions per exit: tests/guests/hypercall-cost.c under xAPIC, from the guest and back to it.
- pages: used ones of the hypervisor's pool. Image: size(1) of cellhv.elf.
- code lines: of *.c, *.h, *.S; not blank after comments are taken out."""

# Jailhouse v0.12 on the same emulated machines (QEMU 10.0.2 TCG, SVM, 4 CPUs, 1 GiB).
PEER_CALLS = {"enable": 846, "create": 98, "start": 3.9, "destroy": 103, "disable": 18.5}
PEER_IMAGE = {"text": 69069, "data": 18672, "bss": 2187336}
PEER_LINES = {"core": 3431, "x86": 7391, "module": 2142}


def instructions(ns):
    return f"{ns / NS_PER_INSTRUCTION:,.0f}"


def exit_rows(machines):
    for name, result, peer in machines:
        yield f"exits per timer tick, {name}", peer, f"{result['per_tick']:.2f}"
    x2apic = machines[-1][1]
    yield "exits of apic-demo without its ticks, x2APIC", "13", str(x2apic["demo"])


def page_rows(machines):
    for name, result, peer in machines:
        pages = result["pages"]
        yield (f"pages: enabled / with apic-demo / after its destruction, {name}", peer,
               f"{pages['enabled']} / {pages['demo']} / {pages['destroyed']}")


def call_rows(times):
    for verb, ((call, whole), (low, high)) in times["calls"].items():
        yield (f"{verb}: virtual ms in the module's call, median (range) of 5",
               f"{PEER_CALLS[verb]:g}",
               f"{call / 1e6:.2f} ({low / 1e6:.2f} - {high / 1e6:.2f}),"
               f" {instructions(call)} instructions; with libcell {whole / 1e6:.1f}")
    down, up = times["hotplug"]
    yield ("of create and destroy: Linux's own CPU offline / online, virtual ms", "",
           f"{down / 1e6:.1f} / {up / 1e6:.1f}")
    low, median = times["jitter"]
    yield "timer jitter of apic-demo, xAPIC, min / median ns", "8,481 / 8,497", f"{low:,} / {median:,.0f}"
    for name, ns in times["costs"].items():
        yield f"instructions per {COSTS[name]}", "", instructions(ns)


def image_rows():
    output = subprocess.run(["size", BUILD / "hypervisor/cellhv.elf"], capture_output=True,
                            text=True, check=True).stdout
    sizes = zip(PEER_IMAGE.items(), output.splitlines()[1].split())
    for (section, peer), size in sizes:
        yield f"image: {section} bytes", f"{peer:,}", f"{int(size):,}"


def line_rows():
    folders = {
        "core": ("core and headers", ["hypervisor/core", "hypervisor/abi"]),
        "x86": ("x86 with headers", ["hypervisor/arch/x86"]),
        "module": ("module", ["kmod"]),
    }
    for key, (title, names) in folders.items():
        yield f"code lines: {title}", f"{PEER_LINES[key]:,}", f"{lines.in_folders(*names):,}"


def main():
    xapic = measure.exits(MACHINES["svm"], "svm")
    mixed = measure.exits(measure.X2APIC_CELL, "svm with x2APIC cells")
    x2apic = measure.exits(MACHINES["svm-x2apic"], "svm-x2apic")
    times = measure.times()
    rows = [
        *exit_rows([("xAPIC", xapic, "4.0"), ("x2APIC under an xAPIC root", mixed, ""),
                    ("x2APIC", x2apic, "0")]),
        *call_rows(times),
        *page_rows([("xAPIC", xapic, "200 / 215 / 201"), ("x2APIC", x2apic, "")]),
        *image_rows(), *line_rows(),
    ]
    print("| what | Jailhouse v0.12 | here |\n| --- | --- | --- |")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(NOTES + "\n")
    if times["identical"]:
        print("The two runs that count instructions agree in every figure.")
    else:
        print("The two runs that count instructions DIFFER:", *times["runs"], sep="\n")


main()
