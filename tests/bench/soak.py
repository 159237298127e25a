# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Runs soak-guest.sh and judges its counts. What is counted exactly has to be the same after all cycles as after
the first step. Memory of the whole kernel goes up and down: the line through all of its counts may not rise by
more than a floor.
"""
import re
import statistics
import sys

import busybox
import kernel
from machine import MACHINES
from paths import LOGS, ROOT
from progress import step

CYCLES, STEPS = 1000, 10
SECONDS_OF_CYCLE = 3
EXACT = {"pool": "pages of the hypervisor's pool in use",
         "descriptors": "descriptors that a step's process has left open",
         "users": "users of the module",
         "objects": "kernel objects allocated on the module's behalf",
         "mapped": "bytes that the module has mapped (vmalloc)"}
# kB that the line may rise from the first count to the last: in 1,000 cycles less than an object of 64 bytes, or
# a quarter of a page, in each.
TRENDS = {"unreclaimable": ("SUnreclaim, kB", 64),
          "slab": ("Slab, kB", 128),
          "used": ("MemTotal - MemFree - pages kept by CPUs, kB", 1024),
          "vmalloc": ("VmallocUsed, kB", 128)}
SCRIPT = ". /rig/guest.sh; . /rig/cells.sh; . /rig/soak.sh; soak"


def run(cycles, version, logs):
    files = [(ROOT / f"tests/{path}", f"rig/{name}") for path, name in (
        ("lib/guest.sh", "guest.sh"), ("lib/cells.sh", "cells.sh"), ("bench/soak-guest.sh", "soak.sh"))]
    timeout = 120 + SECONDS_OF_CYCLE * (cycles + cycles // STEPS)
    outcome = busybox.run(MACHINES["svm-x2apic"], version, f"{SCRIPT} {STEPS} {cycles // STEPS}", files=files,
                          timeout=timeout, logs=logs, show=False, kernel_args="slub_debug=U")
    text = (logs / "console").read_text(errors="replace").replace("\r", "")
    if outcome.status:
        why = {busybox.STATUS_TIMEOUT: f"no end within {timeout} s",
               busybox.STATUS_NO_VERDICT: "the machine ended before its time"}.get(outcome.status, "a step failed")
        raise SystemExit(f"error: {why}, see {logs / 'console'}\n{text[-800:]}")
    step(f"{outcome.cpu_seconds:.0f} s of CPU time")
    return [{key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line)}
            for line in re.findall(r"^COUNT (.*)$", text, re.M)]


def table(counts):
    titles = EXACT | {key: title for key, (title, _) in TRENDS.items()} | {"stalls": "of a CPU, tried again"}
    print("| after cycles | " + " | ".join(f"{c['cycles']:,}" for c in counts) + " |")
    print("| --- |" + " ---: |" * len(counts))
    for key, title in titles.items():
        print(f"| {title} | " + " | ".join(f"{c[key]:,}" for c in counts) + " |")


def growth(counts):
    """What has grown, in words."""
    for key, title in EXACT.items():
        if counts[-1][key] > counts[0][key]:
            yield f"{title}: {counts[0][key]:,}, then {counts[-1][key]:,}"
    cycles = [count["cycles"] for count in counts]
    for key, (title, floor) in TRENDS.items():
        rise = cycles[-1] * statistics.linear_regression(cycles, [count[key] for count in counts]).slope
        print(f"{title}: the line rises by {rise:.0f}, and may by {floor}")
        if rise > floor:
            yield f"{title}: {rise:.0f} more after {cycles[-1]:,} cycles"


def main():
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else CYCLES
    version = kernel.select(sys.argv[2] if len(sys.argv) > 2 else None)
    step(f"{cycles} cycles on Linux {version}")
    counts = run(cycles, version, LOGS / "bench/soak")
    if len(counts) != STEPS + 1:
        raise SystemExit(f"error: {len(counts)} counts, not {STEPS + 1}")
    table(counts)
    found = list(growth(counts))
    print(*[f"not ok: {line}" for line in found] or ["nothing has grown"], sep="\n")
    return 1 if found else 0


sys.exit(main())
