# SPDX-License-Identifier: LGPL-2.1-or-later
"""cellctl host: this machine."""

import json
import re

import dbus

from suite import test


@test(daemon=False)
def cellctl_host(f):
    def host(*args):
        return f.run("cellctl-fake", *args[1:], "host", args[0])
    assert json.loads(host("describe").stdout) == {"cpus": 4}
    assert host("describe", "--json=short").stdout == '{"cpus":4}\n'
    checks = json.loads(host("check", "--json=short").stdout)
    assert [check["check"] for check in checks] == ["virtualization", "settings", "x2apic"]
    assert checks[1]["diagnostics"] == [] and "diagnostics" not in checks[0]
    assert host("frobnicate").returncode == 2
    assert "ssh there cellctl host" in host("check", "-H", "there").stderr


@test(daemon=False)
def cellctl_host_devices(f):
    def devices(*args):
        return f.run("cellctl-fake", "host", "devices", *args)
    lines = devices().stdout.splitlines()
    assert re.match(r"Function +IDs +Class +Driver +Group +Reset +For a cell +Why", lines[0]), lines
    assert re.fullmatch(r"0000:00:03.0 +8086:10d3 +Ethernet controller +e1000e +0000:00:03.0 +flr pm +yes *",
                        lines[1]), lines
    assert re.search(r" no +0000:00:05.0 is a bridge", lines[2]) and re.search(r" pump +it belongs", lines[3]), lines
    items = json.loads(devices("--json=short").stdout)
    assert [item["assignable"] for item in items] == [True, False, False], items
    assert items[0]["ids"] == "8086:10d3" and items[0]["classCode"] == 0x020000, items
    assert items[2]["cell"] == "pump" and items[1]["reason"].endswith("behind it"), items
    (f.dir / "fail").write_text("AccessDenied Asking which devices are whose takes root.")
    refused = devices()
    assert refused.returncode != 0 and "takes root" in refused.stderr, refused


@test(daemon=False)
def cellctl_tells_what_confines_devices(f):
    (f.dir / "module").write_text("")
    (f.dir / "enabled").write_text("")
    (f.dir / "protection").write_text("1 2 ")
    status = f.run("cellctl-fake", "hypervisor", "status").stdout
    assert "       DMA: isolated\nInterrupts: remapped\n" in status and "Open:" not in status, status
    (f.dir / "protection").write_text("0 1 the firmware names no IOMMU")
    status = f.run("cellctl-fake", "hypervisor", "status").stdout
    assert status.endswith("       DMA: open\nInterrupts: filtered\n      Open: the firmware names no IOMMU\n"), status
    whole = json.loads(f.run("cellctl-fake", "hypervisor", "status", "--json=short").stdout)
    assert (whole["dma"], whole["interrupts"], whole["open"]) == (
        "open", "filtered", "the firmware names no IOMMU"), whole


@test()
def bus_lists_devices(f):
    devices = f.call("ListDevices")
    assert [str(device[0]) for device in devices] == ["0000:00:03.0", "0000:00:05.0", "0000:00:06.0"], devices
    assert tuple(devices[0]) == ("0000:00:03.0", "8086:10d3", "Ethernet controller", "e1000e",
                                 "0000:00:03.0", "flr pm", "", True, ""), devices
    assert devices[1][7] == 0 and devices[2][6] == "pump", devices
    (f.dir / "fail").write_text("AccessDenied Asking which devices are whose takes root.")
    assert f.error_of("ListDevices").endswith("AccessDenied")


@test(daemon=False)
def cellctl_prepares_the_host(f):
    def prepare(state=None, *args):
        if state:
            (f.dir / "prepare").write_text(state)
        return f.run("cellctl-fake", "host", "prepare", *args)
    command = f.dir / "update-grub"
    command.write_text('#!/bin/sh\necho to stdout\necho "run $*" >>%s/runs\n' % f.dir)
    command.chmod(0o755)
    f.env["PATH"] = "%s:%s" % (f.dir, f.env["PATH"])
    nothing = prepare()
    assert nothing.returncode == 0 and "nothing to prepare" in nothing.stdout
    f.env["FAKE_NO_SVM"] = "1"
    other = prepare()
    assert other.returncode == 1 and "enable it in the firmware" in other.stdout
    assert "1 of the checks failed" in other.stderr and not f.read("runs")

    planned = prepare("2 iommu=pt", "--dry-run")
    assert planned.returncode == 0 and not f.read("runs") and not f.read("calls")
    assert "Would write /etc/default/grub.d/50-cellmgr.cfg:\n\nGRUB_CMDLINE_LINUX=x\n" in \
        planned.stdout and "Would run `update-grub`" in planned.stdout
    written = prepare()
    assert written.returncode == 0 and f.read("runs") == "run \n", written
    assert written.stdout == ("iommu=pt is in /etc/default/grub.d/50-cellmgr.cfg now.\n"
                              "Running `update-grub`.\n"
                              "Reboot, then run `cellctl host check`.\n")
    assert "to stdout" in written.stderr and f.read("calls") == "prepare iommu=pt\n"
    pending = prepare("1 iommu=pt")
    assert pending.returncode == 0 and "cfg already" in pending.stdout
    assert f.read("runs") == "run \nrun \n" and not prepare(None, "-q").stdout
    listed = prepare(None, "--json=short", "--dry-run")
    listed = json.loads(listed.stdout)
    assert listed["state"] == "pending" and listed["dryRun"] is True
    assert listed["commands"] == ["update-grub"] and listed["remaining"] == []
    (f.dir / "host.json").touch()
    remaining = prepare("2 iommu=pt")
    assert remaining.returncode == 1 and "failed   settings" in remaining.stdout
    assert "virtualization" not in remaining.stdout and "Reboot, then" in remaining.stdout
    (f.dir / "host.json").unlink()


@test(daemon=False)
def cellctl_prepare_fails(f):
    def prepare(*args):
        return f.run("cellctl-fake", "host", "prepare", *args)
    f.env["FAKE_NO_SVM"] = "1"
    f.env["PATH"] = "%s:/nonexistent" % f.dir
    (f.dir / "prepare").write_text("2 iommu=pt")
    missing = prepare()
    assert missing.returncode == 1 and "Cannot run `update-grub`" in missing.stderr
    assert "Reboot, then" not in missing.stdout
    command = f.dir / "update-grub"
    command.write_text("#!/bin/sh\nexit 3\n")
    command.chmod(0o755)
    failed = prepare()
    assert failed.returncode == 1 and "`update-grub` failed" in failed.stderr
    (f.dir / "prepare").write_text("2-iommu=pt")
    assert "kernel-install add VERSION IMAGE" in prepare().stderr
    (f.dir / "fail").write_text("AccessDenied Preparing takes root.")
    refused = prepare()
    assert refused.returncode == 1 and "takes root" in refused.stderr
    assert "ssh there cellctl host" in prepare("-H", "there").stderr


@test()
def cellctl_shows_mistakes_in_host_json(f):
    (f.dir / "host.json").write_text("{ ?\n")
    (f.dir / "enabled").unlink()
    checked = f.run("cellctl-fake", "host", "check")
    assert checked.returncode == 78 and "failed   settings" in checked.stdout
    assert "host.json:1:2: error: /x: wrong in host.json\n    1 | { ?\n      |  ^\n" in checked.stderr
    assert "1 of the checks failed" in checked.stderr
    listed = f.run("cellctl-fake", "--json=short", "host", "check")
    assert listed.returncode == 78 and "wrong" not in listed.stderr
    diagnostics = json.loads(listed.stdout)[1]["diagnostics"]
    assert [(d["line"], d["column"], d["pointer"]) for d in diagnostics] == [(1, 2, "/x")]
    f.env["FAKE_NO_SVM"] = "1"
    assert "2 of the checks failed" in f.run("cellctl-fake", "host", "check").stderr
    assert f.run("cellctl-fake", "host", "describe").returncode == 0
    assert f.run("cellctl-fake", "check", "apic-demo").returncode == 0
    enabled = f.run("cellctl-fake", "hypervisor", "enable")
    assert enabled.returncode == 78 and "wrong in host.json" in enabled.stderr
    assert "wrong in host.json" in f.sentence_of("EnableHypervisor", dbus.UInt64(0),
                                                 name="InvalidConfiguration")
