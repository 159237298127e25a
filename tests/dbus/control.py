# SPDX-License-Identifier: LGPL-2.1-or-later
"""cellctl."""

import json

from suite import test


@test(daemon=False)
def cellctl_needs_no_daemon(f):
    f.add_cell("apic-demo", "2,3", "running/locked")
    rows = [line.split() for line in f.run("cellctl-fake").stdout.splitlines()]
    assert rows[0] == ["ID", "Name", "State", "Assigned", "CPUs"]
    assert rows[1][:3] == ["0", "root", "running"]
    assert rows[2] == ["1", "apic-demo", "running/locked", "2-3"]
    listed = json.loads(f.run("cellctl-fake", "--json=short", "list").stdout)
    assert listed[1] == {"id": 1, "name": "apic-demo", "state": "running/locked", "cpus": "2-3"}
    stats = f.run("cellctl-fake", "--no-legend", "stats", "apic-demo").stdout.splitlines()
    assert stats[0].split() == ["total", "102", "103", "205"]
    assert f.run("cellctl-fake", "destroy", "apic-demo").returncode == 1
    assert f.run("cellctl-fake", "destroy", "--force", "apic-demo").returncode == 0
    assert f.run("cellctl-fake", "stats", "apic-demo").returncode == 3
    assert f.run("cellctl-fake", "stats", "nobody").returncode == 4
    assert f.run("cellctl-fake", "status", "apic-demo").returncode == 3


@test(daemon=False)
def cellctl_usage_and_files(f):
    assert f.run("cellctl-fake", "--help").returncode == 0
    assert f.run("cellctl-fake", "frobnicate").returncode == 2
    assert f.run("cellctl-fake", "stats").returncode == 2
    blob = str(f.dir / "blob")
    assert f.run("cellctl-fake", "compile", "apic-demo", "-o", blob).returncode == 0
    assert json.loads(f.run("cellctl-fake", "dump", blob).stdout) == {"name": "apic-demo"}
    assert f.run("cellctl-fake", "dump", str(f.dir / "desc/apic-demo.json")).returncode == 78
    assert f.run("cellctl-fake", "host", "check").returncode == 0
    f.env["FAKE_NO_SVM"] = "1"
    assert f.run("cellctl-fake", "host", "check").returncode == 1
    assert f.run("cellctl-fake", "hypervisor", "status").returncode == 0


@test(daemon=False)
def cellctl_waits_for_the_job(f):
    assert f.run("cellctl-fake", "start", "apic-demo").returncode == 0
    assert f.run("cellctl-fake", "stop", "apic-demo").returncode == 3
    f.set_unit("apic-demo", "active")
    assert f.run("cellctl-fake", "start", "apic-demo").returncode == 0
    assert f.run("cellctl-fake", "stop", "--no-block", "apic-demo").returncode == 0
    assert [j.split()[0] for j in f.read("jobs").splitlines()] == ["StartUnit", "StopUnit"]
    assert f.run("cellctl-fake", "start", "nobody").returncode == 4
