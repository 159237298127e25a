# SPDX-License-Identifier: LGPL-2.1-or-later
"""cellmgrd: state, signals, jobs, authorisation, introspection."""

import json
import subprocess
import xml.etree.ElementTree as ElementTree

from dbus import UInt32, UInt64

from fixture import CELL, DEMO, HERE, MANAGER, NAME, PATH, wait_until
from suite import test


@test()
def lists_described_and_existing_cells(f):
    f.add_cell("other", "1,2")
    assert [tuple(map(str, c)) for c in f.call("ListCells")] == [
        ("apic-demo", "defined", "cell@apic-demo.service", DEMO),
        ("other", "running", "cell@other.service", PATH + "/cell/other")]
    assert f.call("GetCell", "other") == PATH + "/cell/other"
    assert f.call("GetCellByCPU", UInt32(2)) == PATH + "/cell/other"
    assert f.get("NCells", PATH, MANAGER) == 1


@test()
def errors_have_stable_names(f):
    assert f.error_of("GetCell", "nobody") == "org.cellmgr1.NoSuchCell"
    assert f.error_of("GetCellByCPU", UInt32(9)) == "org.cellmgr1.NoSuchCell"
    assert f.error_of("StartCell", "nobody", "") == "org.cellmgr1.NoSuchCell"
    assert f.error_of("EnableHypervisor", UInt64(0)) == "org.cellmgr1.HypervisorEnabled"
    assert f.error_of("EnableHypervisor", UInt64(4)).endswith(".InvalidArgs")
    assert f.error_of("Destroy", UInt64(2), path=DEMO, interface=CELL).endswith(".InvalidArgs")
    f.add_cell("apic-demo", "3")
    wait_until(lambda: f.get("State") == "running", "the cell")
    assert f.error_of("Destroy", UInt64(0), path=DEMO, interface=CELL) == "org.cellmgr1.CellRunning"
    assert f.error_of("DisableHypervisor") == "org.cellmgr1.Busy"
    (f.dir / "fail").write_text("IommuTranslating The IOMMU translates.")
    assert f.error_of("EnableHypervisor", UInt64(0)) == "org.cellmgr1.IommuTranslating"


@test()
def jobs_go_to_systemd(f):
    assert f.call("StartCell", "apic-demo", "").startswith("/org/freedesktop/systemd1/job/")
    f.call("Start", "fail", path=DEMO, interface=CELL)
    f.call("RestartCell", "apic-demo", "replace")
    f.call("Restart", "isolate", path=DEMO, interface=CELL)
    f.set_unit("apic-demo", "active")
    f.call("StopCell", "apic-demo", "fail")
    f.call("Stop", "", path=DEMO, interface=CELL)
    unit = "cell@apic-demo.service"
    assert f.read("jobs").splitlines() == [
        "StartUnit %s replace" % unit, "StartUnit %s fail" % unit, "RestartUnit %s replace" % unit,
        "RestartUnit %s isolate" % unit, "StopUnit %s fail" % unit, "StopUnit %s replace" % unit]


@test()
def start_and_stop_need_a_reason(f):
    assert f.error_of("StopCell", "apic-demo", "") == "org.cellmgr1.CellNotRunning"
    f.add_cell("apic-demo", "3")
    assert "Destroy" in f.sentence_of("StopCell", "apic-demo", "", name="CellRunning")
    f.call("StartCell", "apic-demo", "")  # adoption
    f.set_unit("apic-demo", "active")
    assert f.error_of("StartCell", "apic-demo", "") == "org.cellmgr1.CellRunning"
    assert f.error_of("Start", "", path=DEMO, interface=CELL) == "org.cellmgr1.CellRunning"
    f.call("StopCell", "apic-demo", "")
    f.set_unit("apic-demo", "failed")
    (f.dir / "cells/apic-demo/state").write_text("failed guest It panicked.")
    assert f.error_of("Stop", "", path=DEMO, interface=CELL) == "org.cellmgr1.CellNotRunning"
    f.set_unit("apic-demo", "activating", job=7)
    f.call("StopCell", "apic-demo", "")
    assert f.read("jobs").count("\n") == 3


@test()
def hypervisor_state_changes_before_the_reply(f):
    seen = f.record_signals()
    f.call("DisableHypervisor")
    f.pump(lambda: seen, "a change signal")
    assert seen[0][2][1]["HypervisorState"] == "disabled"
    assert f.get("HypervisorState", PATH, MANAGER) == "disabled"
    assert f.error_of("DisableHypervisor") == "org.cellmgr1.HypervisorDisabled"
    f.call("EnableHypervisor", UInt64(0))
    assert f.get("HypervisorState", PATH, MANAGER) == "enabled"
    wait_until(lambda: "StartUnit cell-hypervisor" in f.read("jobs"), "the unit to take note")


@test()
def state_follows_kernel_and_unit(f):
    seen = f.record_signals()

    def state(expected):
        f.pump(lambda: any(s[0] == "PropertiesChanged" and s[1] == DEMO and
                           s[2][1].get("State") == expected for s in seen), expected)
        seen.clear()
    f.set_unit("apic-demo", "activating")
    state("starting")
    f.add_cell("apic-demo", "3")
    f.set_unit("apic-demo", "active")
    state("running")
    f.set_state("apic-demo", "running/locked")
    state("running/locked")
    f.set_unit("apic-demo", "deactivating")
    state("stopping")
    f.set_state("apic-demo", "failed memory-access The guest wrote to 0xdead000.")
    state("failed")
    assert f.get("Result") == "access-violation"
    assert f.get("FailureDetails")["address"] == 0xdead000
    assert list(f.get("CPUs")) == [3] and f.get("Id") == 1
    assert f.get("NFailedCells", PATH, MANAGER) == 1


@test()
def the_failed_cpu_changes_with_a_signal(f):
    f.add_cell("apic-demo", "2,3", "failed guest It panicked.")
    wait_until(lambda: list(f.get("FailedCPUs")) == [2], "the failure")
    seen = f.record_signals()
    (f.dir / "cells/apic-demo/cpus").write_text("3")
    f.touch()
    f.pump(lambda: any("FailureDetails" in s[2][1] for s in seen), "the next failure")
    assert [list(s[2][1]["FailedCPUs"]) for s in seen if s[1] == DEMO] == [[3]], seen


@test()
def cells_come_and_go_with_signals(f):
    seen = f.record_signals()
    f.add_cell("other", "1")
    f.pump(lambda: {"CellNew", "InterfacesAdded"} <= {s[0] for s in seen}, "CellNew")
    f.call("Destroy", UInt64(1), path=PATH + "/cell/other", interface=CELL)
    f.pump(lambda: {"CellRemoved", "InterfacesRemoved"} <= {s[0] for s in seen}, "CellRemoved")
    assert "destroy other force" in f.read("calls")
    assert list(f.call("GetManagedObjects",
                       interface="org.freedesktop.DBus.ObjectManager")) == [DEMO]


@test()
def reload_finds_new_descriptions(f):
    f.describe("late", cpus=[1])
    f.call("Reload")
    assert f.get("ConfigPath", PATH + "/cell/late") == str(f.dir / "desc/late.json")


@test()
def statistics_by_cpu_and_in_sum(f):
    f.add_cell("apic-demo", "2,3")
    wait_until(lambda: f.get("State") == "running", "the cell")
    assert f.get("Statistics") == {"total": 205, "hypercall": 25}
    assert f.call("GetCPUStatistics", UInt32(3), path=DEMO, interface=CELL)["total"] == 103
    assert f.error_of("GetCPUStatistics", UInt32(0), path=DEMO, interface=CELL).endswith(".InvalidArgs")


@test()
def describes_itself_as_json(f):
    assert json.loads(f.call("Describe"))["cells"][0]["name"] == "apic-demo"
    assert json.loads(f.call("Describe", path=DEMO, interface=CELL))["state"] == "defined"
    assert f.get("APIVersion", PATH, MANAGER) == 1 and f.get("Version", PATH, MANAGER)


def keys_of(f, path, interface):
    """Names of all properties but explicit ones, as JSON has them."""
    known = f.call("GetAll", interface, path=path, interface="org.freedesktop.DBus.Properties")
    return {name if name.isupper() else name[0].lower() + name[1:] for name in map(str, known)}


@test()
def what_describes_has_all_properties(f):
    f.add_cell("apic-demo", "2,3", "failed memory-access The guest wrote to 0xdead000.")
    wait_until(lambda: f.get("State") == "failed", "the failure")
    cell = json.loads(f.call("Describe", path=DEMO, interface=CELL))
    assert keys_of(f, DEMO, CELL) - {"cPUs"} <= set(cell), keys_of(f, DEMO, CELL) - set(cell)
    assert cell["cpus"] == [2, 3] and cell["failedCPUs"] == [2]
    assert cell["failureDetails"]["address"] == 0xdead000
    assert cell["configDigest"] == f.get("ConfigDigest")
    assert cell["stateChangeTimestamp"] == f.get("StateChangeTimestamp")
    whole = json.loads(f.call("Describe"))
    known = keys_of(f, PATH, MANAGER) - {"aPIVersion"}
    assert known <= set(whole), known - set(whole)
    assert whole["nFailedCells"] == 1 and whole["memoryPool"]["total"] == 512 * 4096


@test()
def survives_sigkill_with_the_truth(f):
    f.add_cell("apic-demo", "3")
    wait_until(lambda: f.get("State") == "running", "the cell")
    f.kill_daemon()
    f.set_state("apic-demo", "failed guest It panicked.")
    f.start_daemon()
    assert f.get("State") == "failed" and f.get("Result") == "guest-panic"


@test()
def finds_a_module_loaded_later(f):
    f.kill_daemon()
    (f.dir / "module").unlink()
    f.start_daemon()
    assert f.get("HypervisorState", PATH, MANAGER) == "disabled"
    assert f.run("cellctl-fake", "hypervisor", "status").stdout == "disabled\n"
    (f.dir / "module-installed").unlink()
    f.call("ListCells")
    assert f.get("HypervisorState", PATH, MANAGER) == "missing"
    assert f.run("cellctl-fake", "hypervisor", "status").stdout == "missing\n"
    (f.dir / "module").touch()
    f.call("ListCells")
    assert f.get("HypervisorState", PATH, MANAGER) == "enabled"


@test()
def systemd_loads_the_module(f):
    f.kill_daemon()
    (f.dir / "module").unlink()
    (f.dir / "enabled").unlink()
    f.start_daemon()
    f.call("EnableHypervisor", UInt64(0))
    assert f.get("HypervisorState", PATH, MANAGER) == "enabled"
    assert f.read("jobs").startswith("StartUnit modprobe@cellhv.service replace")
    f.call("DisableHypervisor")
    f.kill_daemon()
    (f.dir / "module").unlink()
    (f.dir / "module-installed").unlink()
    f.start_daemon()
    assert f.error_of("EnableHypervisor", UInt64(0)) == "org.cellmgr1.ModuleMissing"


def as_nobody(f, method, *args):
    """Another process, because a connection's user is fixed; busctl hides the sentence."""
    code = ("import dbus, sys; bus = dbus.SystemBus(); "
            "manager = bus.get_object(%r, %r, introspect=False); "
            "manager.get_dbus_method(sys.argv[1], %r)(*sys.argv[2:])" % (NAME, PATH, MANAGER))
    return subprocess.run(["/usr/bin/python3", "-c", code, method, *args], env=f.env,
                          user="nobody", capture_output=True, text=True, timeout=10)


@test()
def others_are_refused_without_polkit(f):
    refused = as_nobody(f, "StartCell", "apic-demo", "")
    assert refused.returncode != 0 and "polkit" in refused.stderr, refused.stderr
    assert f.read("jobs") == ""
    assert as_nobody(f, "ListCells").returncode == 0


@test(polkit="org.cellmgr1.manage-cells")
def polkit_decides_for_others(f):
    allowed = as_nobody(f, "StartCell", "apic-demo", "")
    assert allowed.returncode == 0, allowed.stderr
    assert "StartUnit" in f.read("jobs")
    assert "manage-hypervisor" in as_nobody(f, "DisableHypervisor").stderr
    assert (f.dir / "enabled").exists()


@test(polkit="?org.cellmgr1.manage-cells")
def a_password_is_asked_for_where_the_call_allows_it(f):
    def start(*options):
        return subprocess.run(["busctl", "call", *options, NAME, PATH, MANAGER, "StartCell", "ss",
                               "apic-demo", ""], env=f.env, user="nobody", capture_output=True,
                              text=True, timeout=10)
    refused = as_nobody(f, "StartCell", "apic-demo", "").stderr
    assert "Error.InteractiveAuthorizationRequired: polkit does not allow" in refused, refused
    assert start("--allow-interactive-authorization=no").returncode != 0
    assert f.read("jobs") == ""
    assert start("--allow-interactive-authorization=yes").returncode == 0
    assert "StartUnit" in f.read("jobs")
    assert "Error.AccessDenied" in as_nobody(f, "DisableHypervisor").stderr


def members(interface):
    found = set()
    for member in interface:
        if not isinstance(member.tag, str):
            continue
        notes = {(a.get("name"), a.get("value")) for a in member.iter("annotation")}
        args = tuple((a.get("name"), a.get("type"), a.get("direction", "out"))
                     for a in member.iter("arg"))
        found.add((member.tag, member.get("name"), member.get("type"), member.get("access"),
                   frozenset(notes), args))
    return found


@test()
def introspection_equals_the_schemas(f):
    for path, name in ((PATH, MANAGER), (DEMO, CELL)):
        text = f.call("Introspect", path=path, interface="org.freedesktop.DBus.Introspectable")
        schema = ElementTree.parse(HERE.parent.parent / "schemas" / (name + ".xml"))
        live = ElementTree.fromstring(text).find("interface[@name='%s']" % name)
        difference = members(live) ^ members(schema.find("interface"))
        assert not difference, difference
