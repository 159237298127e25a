# SPDX-License-Identifier: LGPL-2.1-or-later
"""cellmgrd: changes one after the other, news that nobody asked for, holds and rules for everyone."""

import os
import pathlib
import subprocess
import tempfile
import time

from dbus import UInt64

from fixture import CELL, DEMO, MANAGER, NAME, PATH, wait_until
from suite import test


def unit_of_the_hypervisor(f):
    """As the real one: its stop takes a while, and undoes what has been enabled meanwhile."""
    script = f.dir / "on-cell-hypervisor.service"
    script.write_text("#!/bin/sh\nsleep 0.2\n[ $1 = StartUnit ] || rm -f %s/enabled\n" % f.dir)
    script.chmod(0o755)


@test()
def disabled_and_enabled_at_once_is_enabled(f):
    unit_of_the_hypervisor(f)
    f.call("DisableHypervisor")
    f.call("EnableHypervisor", UInt64(0))
    time.sleep(0.5)
    assert (f.dir / "enabled").exists()
    assert f.get("HypervisorState", PATH, MANAGER) == "enabled"


@test()
def changes_that_nobody_waits_for_keep_their_order(f):
    unit_of_the_hypervisor(f)
    (f.dir / "delay-enable").write_text("100")
    answers = []
    for method, signature, args in (("DisableHypervisor", "", ()), ("EnableHypervisor", "t", (0,)),
                                    ("DisableHypervisor", "", ()), ("DisableHypervisor", "", ()),
                                    ("EnableHypervisor", "t", (0,))):
        f.bus.call_async(NAME, PATH, MANAGER, method, signature, args,
                         lambda *_: answers.append("done"),
                         lambda error: answers.append(error.get_dbus_name()))
    f.pump(lambda: len(answers) == 5, "five answers")
    assert answers == ["done", "done", "done", "org.cellmgr1.HypervisorDisabled", "done"], answers
    assert (f.dir / "enabled").exists()
    assert [line for line in f.read("calls").splitlines() if "able" in line] == [
        "disable", "enable", "disable", "enable"]


@test()
def descriptions_are_news_without_a_question(f):
    seen = f.record_signals()

    def told(member, path):
        f.pump(lambda: any(s[0] == member and s[2][0] == path for s in seen), member)
        seen.clear()
    late = PATH + "/cell/late"
    f.describe("late")
    told("InterfacesAdded", late)
    f.describe("late", cpus=[1])
    f.pump(lambda: any(s[1] == late and "ConfigDigest" in s[2][1] for s in seen), "its digest")
    os.rename(f.dir / "desc/late.json", f.dir / "desc/late.json~")
    told("InterfacesRemoved", late)
    os.rename(f.dir / "desc/late.json~", f.dir / "desc/late.json")
    told("InterfacesAdded", late)
    (f.dir / "desc/late.json").unlink()
    told("InterfacesRemoved", late)
    (f.dir / "etc").mkdir()  # a directory that was not there when the daemon began
    time.sleep(0.1)
    (f.dir / "etc/late.json").write_text('{"name": "late"}')
    told("InterfacesAdded", late)
    (f.dir / "etc/late.json").unlink()
    (f.dir / "etc").rmdir()
    told("InterfacesRemoved", late)
    (f.dir / "etc").mkdir()
    (f.dir / "etc/late.json").write_text('{"name": "late"}')
    told("InterfacesAdded", late)


@test()
def what_cannot_be_written_has_a_name_and_a_sentence(f):
    small = pathlib.Path(tempfile.mkdtemp(prefix="cellmgr-full."))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=True)
    try:
        f.kill_daemon()
        f.env["CELLMGR_CONFIG_DIR"] = str(small)
        f.start_daemon()
        (small / "ballast").write_bytes(b"x" * 61440)
        large = '{"name": "new", "text": "%s"}' % ("x" * 8000)
        full = f.sentence_of("DefineCell", "new", f.memfd(large), UInt64(0), name="Failed")
        assert "new.json: No space left on device" in full and str(small) in full, full
        assert os.listdir(small) == ["ballast"]
        (small / "ballast").unlink()
        (small / "old.json").write_text('{"name": "old"}')
        f.describe("old")
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        refused = f.sentence_of("DefineCell", "new", f.memfd('{"name": "new"}'), UInt64(0), name="Failed")
        assert "Read-only file system" in refused and "/run/cells" in refused, refused
        refused = f.sentence_of("UndefineCell", "old", UInt64(0), name="Failed")
        assert "Cannot remove" in refused and "Read-only file system" in refused, refused
    finally:
        subprocess.run(["umount", small], check=True)
        small.rmdir()


def start_as_nobody(f, *command):
    return f.run("cellctl-fake", *command, user="nobody", env=dict(f.env, FAKE_DENIED="1"))


@test(polkit="org.cellmgr1.manage-cells")
def who_may_manage_cells_may_by_cellctl(f):
    assert start_as_nobody(f, "start", "apic-demo").returncode == 0
    f.set_unit("apic-demo", "active")
    f.add_cell("apic-demo", "3")
    assert start_as_nobody(f, "restart", "apic-demo").returncode == 0
    assert start_as_nobody(f, "stop", "apic-demo").returncode == 0
    assert [line.split()[:2] for line in f.read("jobs").splitlines()] == [
        [method, "cell@apic-demo.service"] for method in ("StartUnit", "RestartUnit", "StopUnit")]
    assert f.read("polkit-details").splitlines() == [
        "org.cellmgr1.manage-cells cell=apic-demo unit=cell@apic-demo.service verb=" + verb
        for verb in ("start", "restart", "stop")]


@test(polkit="org.cellmgr1.define-cells")
def who_may_not_is_refused_by_cellctl(f):
    refused = start_as_nobody(f, "start", "apic-demo")
    assert refused.returncode == 1 and "polkit does not allow" in refused.stderr, refused
    start_as_nobody(f, "destroy", "apic-demo")
    start_as_nobody(f, "hypervisor", "enable")
    start_as_nobody(f, "undefine", "apic-demo")
    assert f.read("jobs") == "" and f.read("polkit-details").splitlines() == [
        "org.cellmgr1.manage-cells cell=apic-demo unit=cell@apic-demo.service verb=start",
        "org.cellmgr1.manage-cells cell=apic-demo unit=cell@apic-demo.service verb=destroy",
        "org.cellmgr1.manage-hypervisor unit=cell-hypervisor.service verb=enable",
        "org.cellmgr1.define-cells cell=apic-demo unit=cell@apic-demo.service verb=undefine"]


@test()
def a_hold_binds_cellctl_and_is_shown(f):
    f.add_cell("apic-demo", "3")
    f.set_unit("apic-demo", "active")
    wait_until(lambda: f.get("State") == "running", "the cell")
    holder = f.spawn([f.build / "cellctl-fake", "hold", "apic-demo", "--why=it is pumping", "--",
                      "sleep", "60"])
    wait_until(lambda: f.call("ListHolds", path=DEMO, interface=CELL), "the hold")
    assert [str(x) for x in f.call("ListHolds", path=DEMO, interface=CELL)[0][:2]] == [
        "sleep", "it is pumping"]
    for command in (["stop"], ["restart"], ["destroy", "--force"]):
        held = f.run("cellctl-fake", *command, "apic-demo")
        assert held.returncode == 1 and "held by sleep: it is pumping" in held.stderr, held
    assert f.read("jobs") == "" and (f.dir / "cells/apic-demo").exists()
    assert "Held by: sleep: it is pumping" in f.run("cellctl-fake", "status", "apic-demo").stdout
    for user in ("root", "nobody"):
        listed = f.run("cellctl-fake", "hold", user=user, env=dict(
            f.env, **({"FAKE_DENIED": "1"} if user == "nobody" else {})))
        rows = [line.split() for line in listed.stdout.splitlines()]
        assert rows[1][:5] == ["apic-demo", "sleep", "it", "is", "pumping"], (user, listed)
    holder.terminate()
    holder.wait(5)
    assert f.run("cellctl-fake", "stop", "apic-demo").returncode == 0
    assert f.run("cellctl-fake", "hold", "apic-demo", "--no-legend").stdout == ""
    assert f.run("cellctl-fake", "hold", "nobody").returncode == 4
    assert f.run("cellctl-fake", "hold", "apic-demo", "--", "sh", "-c", "exit 7").returncode == 7
