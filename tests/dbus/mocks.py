#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stands in for systemd and polkit on a private bus.

systemd: takes unit jobs, finishes them at once and notes them in $FAKE_CELL_DIR/jobs, after it has run
on-UNIT there with the method's name, where that is, with the result in `job-result` (or "done"); the test sets a unit's ActiveState, and after a
slash SubState, with org.cellmgr1.Mock.SetActiveState(unit, state, job).
polkit: notes details in `polkit-details`, allows what $FAKE_CELL_DIR/polkit names, line by line, and with "?" before it where the flags
let it ask for a password; without that file it is absent.
"""

import fnmatch
import os
import pathlib
import subprocess
import sys
import time

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

SYSTEMD = "org.freedesktop.systemd1"
MANAGER = SYSTEMD + ".Manager"
POLKIT = "org.freedesktop.PolicyKit1"
DIRECTORY = pathlib.Path(os.environ["FAKE_CELL_DIR"])


def escape(name):
    return "".join(c if c.isalnum() else "_%02x" % ord(c) for c in name)


def split(state):
    """"deactivating/stop-post": ActiveState and SubState."""
    active, _, sub = state.partition("/")
    return active, sub


class Unit(dbus.service.FallbackObject):
    """A unit, or at the path above them all those that have never had a state."""

    def __init__(self, bus, path, state="inactive"):
        super().__init__(bus, path)
        self.state, self.number = state, 0

    @dbus.service.method("org.freedesktop.DBus.Properties", "ss", "v")
    def Get(self, interface, name):
        if name == "Job":
            return dbus.Struct((dbus.UInt32(self.number), dbus.ObjectPath("/")), variant_level=1)
        return dbus.String(split(self.state)[0], variant_level=1)

    @dbus.service.signal("org.freedesktop.DBus.Properties", "sa{sv}as")
    def PropertiesChanged(self, interface, changed, invalidated):
        pass


class Systemd(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(bus, "/org/freedesktop/systemd1")
        self.bus, self.jobs, self.units = bus, 0, {}
        self.others = Unit(bus, "/org/freedesktop/systemd1/unit")

    def job(self, verb, unit, mode):
        self.jobs += 1
        path = "/org/freedesktop/systemd1/job/%d" % self.jobs
        with open(DIRECTORY / "jobs", "a") as f:
            print(verb, unit, mode, file=f)
        GLib.timeout_add(20, self.end, self.jobs, path, unit, verb)
        return dbus.ObjectPath(path)

    def end(self, number, path, unit, verb):
        if unit == "modprobe@cellhv.service" and (DIRECTORY / "module-installed").exists():
            (DIRECTORY / "module").touch()
        script = DIRECTORY / ("on-" + unit)
        if script.exists():
            subprocess.run([script, verb])
        result = DIRECTORY / "job-result"
        self.JobRemoved(number, path, unit, result.read_text().strip() if result.exists() else "done")

    @dbus.service.method(MANAGER, "ss", "o")
    def StartUnit(self, unit, mode):
        return self.job("StartUnit", unit, mode)

    @dbus.service.method(MANAGER, "ss", "o")
    def StopUnit(self, unit, mode):
        return self.job("StopUnit", unit, mode)

    @dbus.service.method(MANAGER, "ss", "o")
    def RestartUnit(self, unit, mode):
        return self.job("RestartUnit", unit, mode)

    @dbus.service.method(MANAGER)
    def Subscribe(self):
        pass

    @dbus.service.method(MANAGER, "asas", "a(ssssssouso)")
    def ListUnitsByPatterns(self, states, patterns):
        if (DIRECTORY / "slow-systemd").exists():
            time.sleep(0.5)
        return dbus.Array(
            [(name, "", "loaded", *split(state), "", "/", dbus.UInt32(unit.number), "", "/")
             for name, (state, unit) in self.units.items()
             if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)],
            signature="(ssssssouso)")

    @dbus.service.signal(MANAGER, "uoss")
    def JobRemoved(self, number, job, unit, result):
        pass

    @dbus.service.method("org.cellmgr1.Mock", "ssu")
    def SetActiveState(self, unit, state, number):
        if unit not in self.units:
            path = "/org/freedesktop/systemd1/unit/" + escape(unit)
            self.units[unit] = (state, Unit(self.bus, path))
        self.units[unit] = (state, self.units[unit][1])
        self.units[unit][1].state, self.units[unit][1].number = state, number
        active, sub = split(state)
        self.units[unit][1].PropertiesChanged(
            SYSTEMD + ".Unit", {"ActiveState": active, "SubState": sub}, dbus.Array([], signature="s"))


class Polkit(dbus.service.Object):
    @dbus.service.method(POLKIT + ".Authority", "(sa{sv})sa{ss}us", "(bba{ss})")
    def CheckAuthorization(self, subject, action, details, flags, cancel):
        with open(DIRECTORY / "polkit-details", "a") as f:
            print(action, *("%s=%s" % d for d in sorted(details.items())), file=f)
        rules = (DIRECTORY / "polkit").read_text().split()
        challenge = "?" + action in rules
        allowed = action in rules or challenge and flags & 1
        return (allowed, challenge and not allowed, dbus.Dictionary({}, signature="ss"))


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SystemBus()
    names = [dbus.service.BusName(SYSTEMD, bus)]
    keep = [Systemd(bus)]
    if (DIRECTORY / "polkit").exists():
        names.append(dbus.service.BusName(POLKIT, bus))
        keep.append(Polkit(bus, "/org/freedesktop/PolicyKit1/Authority"))
    print("ready", flush=True)
    GLib.MainLoop().run()
    return names, keep


if __name__ == "__main__":
    sys.exit(main())
