# SPDX-License-Identifier: LGPL-2.1-or-later
"""cellmgrd: descriptions as descriptors, holds, consoles, the boot marker, LogControl1."""

import json
import os
import re
import signal
import socket
import subprocess

import dbus
from dbus import UInt64

from fixture import CELL, DEMO, MANAGER, NAME, PATH, wait_until
from suite import test

NEW = PATH + "/cell/new"


def variant(text):
    return dbus.String(text, variant_level=1)


def description(name="new", **keys):
    return json.dumps(dict(name=name, **keys))


@test()
def checks_a_description(f):
    assert f.call("CheckConfig", f.memfd(description()), "new.json", UInt64(0)) == []
    bad = f.memfd(description(**{"fake-error": "3000 is not a multiple of 4096"}))
    assert [tuple(d) for d in f.call("CheckConfig", bad, "new.json", UInt64(0))] == [
        ("error", "fake", "/fake", 1, 2, "3000 is not a multiple of 4096")]
    assert f.call("CheckConfig", f.memfd("{"), "new.json", UInt64(0))[0][5] == "no valid JSON"
    assert f.error_of("CheckConfig", f.memfd("{}"), "", UInt64(1)).endswith(".InvalidArgs")


@test()
def compiles_a_description(f):
    fd = f.call("CompileConfig", f.memfd(description()), "new.json", UInt64(0)).take()
    assert os.read(fd, 100) == b"FAKE new"
    try:
        os.ftruncate(fd, 0)
        raise AssertionError("the configuration is not sealed")
    except PermissionError:
        os.close(fd)
    for name in ("ResourceConflict", "NoMemory"):
        busy = f.memfd(description(**{"fake-error": "taken", "fake-error-name": name}))
        assert "x:1:2: /fake: taken" in f.sentence_of("CompileConfig", busy, "x", UInt64(0), name=name)
    bad = f.memfd(description(**{"fake-error": "wrong"}))
    assert ":1:2: /fake: wrong" in f.sentence_of(
        "CompileConfig", bad, "\u20ac" * 100, UInt64(0), name="InvalidConfiguration")
    assert "new.json:1:2: /fake: wrong" in f.sentence_of(
        "CompileConfig", bad, "new.json", UInt64(0), name="InvalidConfiguration")


@test()
def defines_and_undefines(f):
    seen = f.record_signals()
    assert f.call("DefineCell", "new", f.memfd(description(cpus=[1])), UInt64(0)) == NEW
    f.pump(lambda: "CellNew" in {s[0] for s in seen}, "CellNew")
    file, first = f.dir / "desc/new.json", f.get("ConfigDigest", NEW)
    assert json.loads(file.read_text())["cpus"] == [1] and file.stat().st_mode & 0o777 == 0o644
    assert f.error_of("DefineCell", "new", f.memfd(description()), UInt64(0)) == \
        "org.cellmgr1.CellExists"
    f.call("DefineCell", "new", f.memfd(description(cpus=[2])), UInt64(1))
    assert f.get("ConfigDigest", NEW) != first
    assert "not of" in f.sentence_of("DefineCell", "other", f.memfd(description()), UInt64(0),
                                     name="InvalidConfiguration")
    wrong = f.memfd(description(**{"fake-error": "wrong"}))
    assert f.error_of("DefineCell", "new", wrong, UInt64(1)) == "org.cellmgr1.InvalidConfiguration"
    alone = f.memfd(description(**{"fake-missing-image": True}))
    assert f.error_of("DefineCell", "new", alone, UInt64(1)) == "org.cellmgr1.ImageMissing"
    assert json.loads(file.read_text())["cpus"] == [2]
    for name in ("", "../etc/passwd", "-x", "a b", "x" * 32):
        assert f.error_of("DefineCell", name, f.memfd("{}"), UInt64(0)).endswith(".InvalidArgs")
    f.add_cell("new", "1")
    assert f.error_of("UndefineCell", "new", UInt64(0)) == "org.cellmgr1.CellRunning"
    f.call("Destroy", UInt64(1), path=NEW, interface=CELL)
    f.call("UndefineCell", "new", UInt64(0))
    assert not file.exists() and f.error_of("GetCell", "new") == "org.cellmgr1.NoSuchCell"
    assert f.error_of("UndefineCell", "new", UInt64(0)) == "org.cellmgr1.NoSuchCell"
    assert not [p for p in os.listdir(f.dir / "desc") if p.startswith(".")]


@test()
def does_not_undefine_what_others_installed(f):
    f.kill_daemon()
    f.env["CELLMGR_CONFIG_DIR"] = str(f.dir / "etc")
    f.start_daemon()
    assert "desc/apic-demo.json, which is not ours" in f.sentence_of(
        "UndefineCell", "apic-demo", UInt64(0), name="NoSuchCell")
    assert (f.dir / "desc/apic-demo.json").exists()


CHECK = """
import dbus, os, sys
fd = os.memfd_create("description")
os.write(fd, sys.argv[1].encode())
manager = dbus.SystemBus().get_object("%s", "%s", introspect=False)
manager.get_dbus_method(sys.argv[2], "%s")(dbus.types.UnixFd(fd), "x", dbus.UInt64(0))
""" % (NAME, PATH, MANAGER)


@test()
def others_cannot_ask_for_files_of_root(f):
    """Diagnostics tell whether an image exists and its size, and the daemon can read all of them."""
    def ask(user, method, *files):
        text = description(images=[{}, {"file": 1}] + [{"file": file, "at": 0} for file in files])
        done = subprocess.run(["/usr/bin/python3", "-c", CHECK, text, method], env=f.env, user=user,
                              capture_output=True, text=True, timeout=10)
        return done.stderr
    for method in ("CheckConfig", "CompileConfig"):
        for file in ("/etc/shadow", "../x", "a/..", "a/../../../../../../etc/shadow", "..",
                     "/usr/lib/cells/images/../x", "/usr/lib/cells/imagesx"):
            refused = ask("nobody", method, "good.bin", file)
            assert "Error.AccessDenied: The image " + file in refused, (method, file, refused)
            assert not ask("root", method, file)
        assert not ask("nobody", method, "a.bin", "a/..b", "b../c", "/usr/lib/cells/images/a")


@test()
def refuses_wrong_descriptors(f):
    reading, writing = os.pipe()
    ends = socket.socketpair()
    large = os.memfd_create("large")
    os.ftruncate(large, 65537)
    wrong = [reading, writing, ends[0].fileno(), large, os.open("/", os.O_RDONLY),
             os.open("/dev/zero", os.O_RDONLY), os.open("/etc/hostname", os.O_PATH),
             os.open(f.dir / "only-written", os.O_WRONLY | os.O_CREAT)]
    for fd in wrong:
        for method, args in (("CheckConfig", (dbus.types.UnixFd(fd), "x", UInt64(0))),
                             ("CompileConfig", (dbus.types.UnixFd(fd), "x", UInt64(0))),
                             ("DefineCell", ("x", dbus.types.UnixFd(fd), UInt64(0)))):
            assert f.error_of(method, *args).endswith(".InvalidArgs"), (method, fd)
        os.close(fd) if fd not in (ends[0].fileno(),) else ends[0].close()


@test()
def holds_bind_until_let_go(f):
    f.add_cell("apic-demo", "3")
    f.set_unit("apic-demo", "active")
    wait_until(lambda: f.get("State") == "running", "the cell")
    fd = f.call("Hold", "the pump", "it is pumping", path=DEMO, interface=CELL).take()
    os.write(fd, b"x" * 5000)
    f.kill_daemon()
    f.start_daemon()
    who, why, since, uid = f.call("ListHolds", path=DEMO, interface=CELL)[0]
    assert (who, why, uid) == ("the pump", "it is pumping", 0) and since > 1e15
    for method, args in (("StopCell", ("apic-demo", "")), ("RestartCell", ("apic-demo", "")),
                         ("UndefineCell", ("apic-demo", UInt64(0)))):
        assert f.sentence_of(method, *args, name="Held").endswith("the pump: it is pumping.")
    assert f.error_of("Destroy", UInt64(1), path=DEMO, interface=CELL) == "org.cellmgr1.Held"
    for who, why in (("", "x"), ("x", ""), ("a\nb", "x"), ("x", "\x1b[2J"), ("\x9b1m", "x"),
                     ("x" * 64, "y"), ("x", "y" * 128)):
        assert f.error_of("Hold", who, why, path=DEMO, interface=CELL).endswith(".InvalidArgs")
    os.close(fd)
    wait_until(lambda: not f.call("ListHolds", path=DEMO, interface=CELL), "the hold's end")
    assert not os.listdir(f.dir / "run/holds")
    f.call("StopCell", "apic-demo", "")


@test()
def holds_end_while_the_daemon_is_away(f):
    fd = f.call("Hold", "me", "a while", path=DEMO, interface=CELL).take()
    f.kill_daemon()
    os.close(fd)
    (f.dir / "run/holds/garbage").write_text("?")
    f.start_daemon()
    assert f.call("ListHolds", path=DEMO, interface=CELL) == []
    assert not os.listdir(f.dir / "run/holds")


@test()
def opens_the_console(f):
    assert f.error_of("OpenConsole", UInt64(0), path=DEMO, interface=CELL) == \
        "org.cellmgr1.CellNotRunning"
    f.add_cell("apic-demo", "3")
    fd = f.call("OpenConsole", UInt64(0), path=DEMO, interface=CELL).take()
    (f.dir / "cells/apic-demo/console").write_text("tick\n")
    assert os.read(fd, 100) == b"tick\n"
    os.close(fd)


@test()
def a_marker_of_an_earlier_boot_forbids_enabling(f):
    f.call("DisableHypervisor")
    (f.dir / "state").mkdir(exist_ok=True)
    (f.dir / "state/enabling").write_text("0123456789abcdef0123456789abcdef\n")
    assert "ConfirmHypervisor" in f.sentence_of("EnableHypervisor", UInt64(0),
                                                name="EnableUnconfirmed")
    assert not (f.dir / "enabled").exists()
    refused = f.run("cellctl-fake", "hypervisor", "enable")
    assert refused.returncode == 1 and "cellctl hypervisor confirm" in refused.stderr
    f.call("ConfirmHypervisor")
    f.call("EnableHypervisor", UInt64(0))
    assert not os.listdir(f.dir / "state") and (f.dir / "enabled").exists()


@test()
def a_marker_of_this_boot_does_not(f):
    f.call("DisableHypervisor")
    (f.dir / "state").mkdir(exist_ok=True)
    with open("/proc/sys/kernel/random/boot_id") as boot:
        (f.dir / "state/enabling").write_text(boot.read().replace("-", ""))
    f.call("EnableHypervisor", UInt64(0))
    assert (f.dir / "enabled").exists()


@test(daemon=False)
def an_impatient_person_leaves_no_marker(f):
    """It would forbid enabling in the next boot, though nothing froze."""
    (f.dir / "enabled").unlink()
    (f.dir / "delay-enable").write_text("600")
    enable = f.spawn([f.build / "cellctl-fake", "hypervisor", "enable"], stderr=subprocess.DEVNULL)
    wait_until(lambda: (f.dir / "state/enabling").exists(), "the marker")
    enable.send_signal(signal.SIGINT)
    enable.wait(5)
    assert (f.dir / "enabled").exists() and not (f.dir / "state/enabling").exists()
    (f.dir / "state/enabling").write_text("".join(open("/proc/sys/kernel/random/boot_id")).replace("-", ""))
    assert f.run("cellctl-fake", "hypervisor", "enable").returncode == 0
    assert not (f.dir / "state/enabling").exists()


@test()
def properties_of_the_manager(f):
    assert set(f.get("Features", PATH, MANAGER)) >= {"check", "define", "hold"}
    assert tuple(f.get("MemoryPool", PATH, MANAGER)) == (512 * 4096, 64 * 4096)
    seen = f.record_signals()
    f.call("DisableHypervisor")
    assert tuple(f.get("MemoryPool", PATH, MANAGER)) == (0, 0)
    f.call("Reload")
    f.pump(lambda: [s[2][0] for s in seen if s[0] == "Reloading"] == [True, False], "Reloading")


@test()
def properties_of_a_cell(f):
    assert f.get("Managed") == 0 and list(f.get("FailedCPUs")) == []
    f.add_cell("apic-demo", "3", "failed memory-access The guest wrote to 0xdead000.")
    f.set_unit("apic-demo", "active")
    wait_until(lambda: f.get("Managed") == 1, "the unit")
    assert list(f.get("FailedCPUs")) == [3]
    known = f.call("GetAll", CELL, path=DEMO, interface="org.freedesktop.DBus.Properties")
    assert "Statistics" not in known  # explicit: to be read one by one
    assert known["Unit"] == "cell@apic-demo.service"
    assert f.error_of("Set", CELL, "State", variant("running"), path=DEMO,
                      interface="org.freedesktop.DBus.Properties").endswith(".PropertyReadOnly")
    assert known["StateChangeTimestamp"] > known["StateChangeTimestampMonotonic"]


@test()
def log_level_is_on_the_bus(f):
    where = dict(path="/org/freedesktop/LogControl1", interface="org.freedesktop.DBus.Properties")
    name = "org.freedesktop.LogControl1"
    assert f.call("Get", name, "LogLevel", **where) == "info"
    f.call("Set", name, "LogLevel", variant("debug"), **where)
    assert f.call("Get", name, "LogLevel", **where) == "debug"
    as_nobody = subprocess.run(["busctl", "set-property", NAME, "/org/freedesktop/LogControl1", name,
                                "LogTarget", "s", "null"], env=f.env, user="nobody",
                               stderr=subprocess.DEVNULL)
    assert as_nobody.returncode != 0 and f.call("Get", name, "LogTarget", **where) == "auto"
    assert f.error_of("Set", name, "LogLevel", variant("loud"), **where).endswith(".InvalidArgs")
    assert f.call("Get", name, "SyslogIdentifier", **where) == "cellmgrd"
    assert f.call("Get", name, "LogTarget", **where) == "auto"
    for target in ("null", "console", "journal", "auto"):
        f.call("Set", name, "LogTarget", variant(target), **where)
        assert f.call("Get", name, "LogTarget", **where) == target
    assert f.error_of("Set", name, "LogTarget", variant("printer"), **where).endswith(".InvalidArgs")


@test(daemon=False)
def the_bus_starts_it(f):
    f.activatable()
    assert f.call("GetCell", "apic-demo") == DEMO
    assert f.daemon_pid() > 1


@test(daemon=False)
def systemd_is_told_of_it(f):
    said = f.listen()
    f.env.update(NOTIFY_SOCKET=str(f.dir / "notify"), WATCHDOG_USEC="200000")
    f.start_daemon()
    wait_until(lambda: said().count("WATCHDOG=1") > 2, "the watchdog")
    assert "READY=1" in said() and "STATUS=Serving org.cellmgr1." in said()
    f.describe("late")
    seen = f.record_signals()
    f.daemon.send_signal(signal.SIGHUP)
    f.pump(lambda: [s[2][0] for s in seen if s[0] == "Reloading"] == [True, False], "Reloading")
    assert "CellNew" in {s[0] for s in seen} and f.daemon.poll() is None
    wait_until(lambda: said().count("READY=1") == 2, "READY again")
    assert re.search(r"RELOADING=1\nMONOTONIC_USEC=\d+\n", said()), said()
    f.daemon.terminate()
    assert f.daemon.wait(5) == 0 and "STOPPING=1" in said()


@test()
def it_ends_with_its_bus(f):
    f.processes[0].terminate()
    assert f.daemon.wait(5) != 0
