# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a person sees of a cell: its text, its memory, since when it runs."""

import json
import os
import re
import time

from control import Terminal
from fixture import CELL, DEMO, NAME, PATH
from suite import test

TEXT = "the pump \u00e4\x1b[2J\nof hall 3"
HARMLESS = "the pump \u00e4\\x1b[2J\\x0aof hall 3"


def monotonic():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000000


def pump(f, seconds=75, state="running"):
    f.describe("pump", cpus=[2], description=TEXT, **{"fake-memory": 3 << 20})
    f.add_cell("pump", "2", state, memory=str(5 << 20), started=str(monotonic() - seconds * 1000))


def get(f, name, key):
    return f.get(key, path=PATH + "/cell/" + name)


@test(daemon=False)
def list_and_status_show_it(f):
    pump(f)
    f.describe("idle", description="only described", **{"fake-memory": 1536})
    rows = {line.split()[1]: line for line in f.run("cellctl-fake", "list", "--all").stdout.splitlines()}
    assert re.search(r" running +2 +5 MiB +1 min 1[5-9] s +", rows["pump"]), rows
    assert rows["pump"].endswith("  " + HARMLESS), rows
    assert re.search(r"defined +- +1\.5 KiB +- +only described$", rows["idle"]), rows
    status = f.run("cellctl-fake", "status", "pump").stdout.splitlines()
    assert status[0] == "pump - " + HARMLESS, status
    assert "   Memory: 5 MiB" in status, status
    started = [line for line in status if line.startswith("  Started: ")]
    assert re.search(r": [A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+; it has run for 1 min 1\d s$",
                     started[0]), status
    f.set_state("pump", "failed guest It panicked.")
    status = f.run("cellctl-fake", "status", "pump").stdout
    assert "  Started: " in status and "it has run" not in status, status
    assert re.search(r"failed +2 +5 MiB +- +the", f.run("cellctl-fake", "list").stdout)


@test(daemon=False)
def a_narrow_terminal_shows_fewer_columns(f):
    f.describe("pump", cpus=[2], description="\u00e4" * 60)
    f.add_cell("pump", "2", memory=str(5 << 20), started=str(monotonic() - 75000))
    for columns, last in ((120, "Description"), (70, "Description"), (56, "Uptime"), (48, "Memory"),
                          (39, "CPUs")):
        terminal = Terminal(f, "list", columns=columns)
        assert terminal.ends() == 0
        lines = [re.sub(r"\033\[[0-9;]*m", "", line) for line in terminal.text.splitlines()]
        assert lines[0].split()[-1] == last, (columns, lines)
        assert max(len(line) for line in lines) <= columns, (columns, lines)
        assert "\ufffd" not in terminal.text and "pump" in lines[2], (columns, lines)


@test()
def the_same_for_programs(f):
    pump(f)
    since = (time.time() - 75) * 1e6
    for more in ({}, {"user": "nobody"}):  # of the kernel, and of the daemon
        if more:
            f.env["FAKE_DENIED"] = "1"
        for command in (["list"], ["status", "pump"]):
            found = json.loads(f.run("cellctl-fake", "--json=short", *command, **more).stdout)
            pumps = [cell for cell in found if cell["name"] == "pump"] if command == ["list"] else [found]
            assert pumps[0]["memory"] == 5 << 20 and pumps[0]["description"] == TEXT, pumps
            assert abs(pumps[0]["startTimestamp"] - since) < 20e6, (pumps, since)
        lines = f.run("cellctl-fake", "show", "pump", **more).stdout.splitlines()
        assert "Memory=%d" % (5 << 20) in lines and "Description=" + HARMLESS in lines, lines
        assert any(re.fullmatch(r"StartTimestamp=\d{16}", line) for line in lines), lines


@test()
def the_bus_tells_it_and_each_change(f):
    f.describe("pump", description="old", **{"fake-memory": 4096})
    f.call("Reload")
    assert get(f, "pump", "Description") == "old" and get(f, "pump", "Memory") == 4096
    assert get(f, "pump", "StartTimestamp") == 0 == get(f, "pump", "StartTimestampMonotonic")
    changed = {}

    def note(interface, values, _):
        if interface == CELL:
            changed.update(values)
    f.bus.add_signal_receiver(note, "PropertiesChanged", "org.freedesktop.DBus.Properties", NAME,
                              PATH + "/cell/pump")
    pump(f)
    f.pump(lambda: len({"Description", "Memory", "StartTimestamp", "StartTimestampMonotonic"} &
                       set(changed)) == 4, "all that has changed")
    assert changed["Description"] == TEXT and changed["Memory"] == 5 << 20, changed
    started = int(changed["StartTimestampMonotonic"])
    assert started == int(f.read("cells/pump/started")) * 1000
    assert abs(changed["StartTimestamp"] - (time.time() - 75) * 1e6) < 20e6, changed
    described = json.loads(f.call("Describe", path=PATH + "/cell/pump", interface=CELL))
    assert (described["description"], described["memory"], described["startTimestampMonotonic"]) == (
        TEXT, 5 << 20, started), described
    assert described["startTimestamp"] == changed["StartTimestamp"]

    changed.clear()
    for _ in range(3):
        f.call("ListCells")
    (f.dir / "cells/pump/started").write_text(str(started // 1000 + 5))
    f.touch()
    f.pump(lambda: "StartTimestampMonotonic" in changed, "the second start")
    assert set(changed) == {"StartTimestamp", "StartTimestampMonotonic"}, changed


@test()
def what_is_wrong_or_gone_says_nothing(f):
    (f.dir / "desc/apic-demo.json").write_text("{ broken")
    os.mkfifo(f.dir / "desc/pipe.json")
    f.call("Reload")
    for path in (DEMO, PATH + "/cell/pipe"):
        assert f.get("Description", path) == "" and f.get("Memory", path) == 0
    f.describe("apic-demo", description="right again")
    f.call("Reload")
    assert f.get("Description") == "right again"


@test()
def what_devices_a_cell_has(f):
    names, function = PATH + "/cell/pump", "0000:00:06.0"
    changed = {}
    f.bus.add_signal_receiver(
        lambda interface, values, _: changed.update(values if interface == CELL else {}),
        "PropertiesChanged", "org.freedesktop.DBus.Properties", NAME, names)
    f.describe("pump", cpus=[1])
    f.call("Reload")
    assert get(f, "pump", "Devices") == []
    (f.dir / "protection").write_text("1 2 ")
    pump(f)
    (f.dir / "cells/pump/devices").write_text(function)
    f.touch()
    f.pump(lambda: changed.get("Devices") == [function], "its device")
    described = json.loads(f.call("Describe", path=names, interface=CELL))
    assert described["devices"] == [function] == get(f, "pump", "Devices"), described
    for more in ({}, {"user": "nobody"}):  # of the kernel, and of the daemon
        if more:
            f.env["FAKE_DENIED"] = "1"
        status = f.run("cellctl-fake", "status", "pump", **more).stdout
        assert re.search(r"\n  Devices: %s \w.*\([0-9a-f]{4}:[0-9a-f]{4}\)\n" % function, status), status
        assert ("      DMA: isolated; interrupts remapped\n" in status) == (not more), status
        shown = f.run("cellctl-fake", "show", "pump", "-p", "Devices", "--value", **more).stdout
        assert shown == function + "\n", shown
        whole = json.loads(f.run("cellctl-fake", "--json=short", "status", "pump", **more).stdout)
        assert whole["devices"] == [function], whole
    changed.clear()
    for _ in range(3):
        f.call("ListCells")
    assert "Devices" not in changed, changed
    (f.dir / "cells/pump/devices").unlink()
    f.touch()
    f.pump(lambda: changed.get("Devices") == [], "that it is gone")
