# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs guest.sh on emulated machines and picks its lines apart."""
import dataclasses
import re
import statistics

import busybox
import kernel
from machine import MACHINES
from paths import BUILD, LOGS, ROOT
from progress import step

# The numbers of the ioctls, see cellhv/driver.h.
CALLS = {"enable": "0x41", "create": "0x43", "start": "0x45", "destroy": "0x47", "disable": "0x42"}

X2APIC_CELL = dataclasses.replace(MACHINES["svm"], cpu="qemu64,+svm,+npt,+x2apic")


def _console(machine, name, command):
    logs = LOGS / "bench" / name
    logs.mkdir(parents=True, exist_ok=True)
    files = [(ROOT / "tests/bench/guest.sh", "rig/bench.sh"),
             (BUILD / "tests/bench/celltool-timed", "usr/bin/celltool-timed")]
    status = busybox.run(machine, kernel.select(), f". /rig/bench.sh; {command}", files=files,
                         timeout=300, logs=logs, show=False,
                         options=["-serial", f"file:{logs / 'uart'}"])  # the demo's, I/O port 2E8
    text = (logs / "console").read_text(errors="replace").replace("\r", "")
    if status:
        raise SystemExit(f"error: {name}: exit status {status}, see {logs}/console\n{text[-500:]}")
    return text


def _numbers(text):
    return {key: int(value) for key, value in re.findall(r"([\w-]+)=(\d+)", text)}


def exits(machine, name):
    """pages, exits per tick, exits before the first and after the last tick."""
    step(f"exits and pages: {name}")
    text = _console(machine, name, "measure_exits")
    stats = {key: _numbers(rest) for key, rest in re.findall(r"^STATS (\w+) (.*)$", text, re.M)}
    ticks = {key: int(count) for key, count in re.findall(r"^TICKS (\w+) (\d+)$", text, re.M)}
    pages = {key: _numbers(rest)["pages_used"]
             for key, rest in re.findall(r"^PAGES (\w+) (.*)$", text, re.M)}
    # Two runs differ in their number of ticks, and maybe in the digits that they print.
    work = {key: stats[key]["total"] - stats[key]["hypercall"] for key in ticks}
    per_tick = (work["long"] - work["short"]) / (ticks["long"] - ticks["short"])
    return {"pages": pages, "per_tick": per_tick, "demo": stats["demo"]["total"]}


def _calls(text):
    """{verb: [(ns in its ioctl, ns of the whole program), ...]}"""
    found = {}
    for verb, body in re.findall(r"^STEP (\w+)\n(.*?^TIME whole \d+)$", text, re.M | re.S):
        times = dict(re.findall(r"^TIME (\S+) (\d+)$", body, re.M))
        found.setdefault(verb, []).append((int(times[CALLS[verb]]), int(times["whole"])))
    return found


def _hotplug(text):
    """ns that Linux alone takes for CPU 3 to go and to come."""
    stamps = {(value, end): float(time) for time, value, end in
              re.findall(r"\[ *([\d.]+)\] hotplug (\d) (\w+)", text)}
    return [round((stamps[v, "end"] - stamps[v, "begin"]) * 1e9) for v in "01"]


def times():
    """Two identical runs, or `identical` is False and the figures are the first's."""
    runs = []
    for number in (1, 2):
        step(f"instructions, run {number} of 2")
        text = _console(MACHINES["deterministic"], f"deterministic-{number}", "measure_times")
        jitters = [int(ns) for ns in re.findall(r"^Timer fired, jitter: *(\d+) ns", text, re.M)]
        runs.append({
            "calls": {verb: [tuple(statistics.median(column) for column in zip(*pairs)),
                             [min(p[0] for p in pairs), max(p[0] for p in pairs)]]
                      for verb, pairs in _calls(text).items()},
            "hotplug": _hotplug(text),
            "jitter": [min(jitters), statistics.median(jitters)],
            "costs": {name: int(ns) for name, ns in re.findall(r"^cost (\w+) (\d+)$", text, re.M)},
        })
    return {**runs[0], "identical": runs[0] == runs[1], "runs": runs}
