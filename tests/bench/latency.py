#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
How long systemd, cell-run and cellmgrd take, in virtual milliseconds of the deterministic machine
(one clock for all CPUs, 32 ns per instruction): from the call of StartCell to its reply and to the
signals of State; from the kernel's line that the hypervisor is enabled to the
signal HypervisorState=enabled.

    tests/lib/build.sh tests && tests/bench/latency.py
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import debian  # noqa: E402
import kernel  # noqa: E402
from machine import MACHINES  # noqa: E402
from paths import LOGS  # noqa: E402

RUN = """
busctl call org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager ListCells >/dev/null
busctl --json=short monitor org.cellmgr1 >/tmp/messages 2>/dev/null & monitor=$!
sleep 3
cellctl -q hypervisor enable
sleep 2
busctl call org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager StartCell ss apic-demo replace >/dev/null
for i in $(seq 100); do grep -q '"data":"running/locked"' /tmp/messages && break; sleep 0.2; done
kill $monitor
cat /tmp/messages
journalctl -o json -k -g 'hypervisor enabled' --no-pager
"""


def when(messages, *texts):
    """Microseconds, of the first message that has all the texts."""
    for message in messages:
        line = json.dumps(message, separators=(",", ":"))
        if all(text in line for text in texts):
            return message["timestamp-realtime"]
    raise SystemExit(f"no message has {texts}")


def kernel_line(lines):
    """CLOCK_REALTIME of what Linux logged: the journal has both clocks for the moment it read it."""
    entry = next(line for line in lines if "_SOURCE_MONOTONIC_TIMESTAMP" in line)
    return (int(entry["__REALTIME_TIMESTAMP"]) - int(entry["__MONOTONIC_TIMESTAMP"])
            + int(entry["_SOURCE_MONOTONIC_TIMESTAMP"]))


def milliseconds(start, end):
    return f"{(end - start) / 1000:.0f} ms"


def main():
    logs = LOGS / "latency"
    version = kernel.select()
    debian.build_image(LOGS / "image.log", version)
    with debian.Guest(MACHINES["deterministic"], version, logs) as guest:
        guest.wait_ready(900)
        status, output = guest.run(RUN, 900)
    (logs / "output").write_text(output)
    assert status == 0, output[-500:]
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    messages = [line for line in lines if "timestamp-realtime" in line]
    call = when(messages, '"member":"StartCell"', '"method_call"')
    asked = next(m for m in messages if m.get("member") == "StartCell")
    reply = f'"destination":"{asked["sender"]}"'
    states = [(what, when(messages, '"PropertiesChanged"', f'"State":{{"type":"s","data":"{state}"'))
              for what, state in (("starting", "starting"), ("running, and has locked", "running/locked"))]
    print(f"StartCell to its reply: {milliseconds(call, when(messages, reply, 'systemd1/job'))}")
    for what, end in states:
        print(f"StartCell to State is {what}: {milliseconds(call, end)}")
    enabled = when(messages, '"PropertiesChanged"', '"HypervisorState"', '"data":"enabled"')
    print(f"kernel's line to HypervisorState is enabled: {milliseconds(kernel_line(lines), enabled)}")


main()
