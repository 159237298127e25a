# SPDX-License-Identifier: LGPL-2.1-or-later
"""cellctl link."""

import json
import os
import subprocess

from fixture import wait_until
from suite import test


def add_link(f, name, linux=True, **keys):
    (f.dir / "links").mkdir(exist_ok=True)
    link = dict(exists=True, protocol=2, common=4096, output=65536, max=4, vectors=2,
                states=[1, 7, 0, 0], peers=[["root", 0, True, linux], ["echo", 1, True, True],
                                            ["other", 2, True, False]])
    link.update(keys)
    (f.dir / "links" / (name + ".json")).write_text(json.dumps(link))
    if linux:
        os.mkfifo(f.dir / "links" / (name + ".bell"))
        for section in ("common", "output", "1"):
            (f.dir / "links" / (name + "." + section)).write_bytes(b"." * 4096)


def link(f, *args, **options):
    return f.run("cellctl-fake", "link", *args, **options)


@test(daemon=False)
def link_list_and_status(f):
    assert link(f).stdout.split() == ["Name", "Protocol", "Common", "Output", "State", "Peers"]
    add_link(f, "a")
    add_link(f, "b", linux=False, exists=False, protocol=1, output=0, common=3 << 20, vectors=1,
             peers=[["x", 0, True, False]])
    add_link(f, "c", linux=False, common=5000, peers=[["old", 3, False, True]])
    rows = [line.split(None, 5) for line in link(f, "list", "--no-legend").stdout.splitlines()]
    assert rows == [["a", "ivshmem-2", "4K", "64K", "exists", "0 root=1, 1 echo=7, (2 other)"],
                    ["b", "ivshmem-1", "3M", "-", "defined", "(0 x)"],
                    ["c", "ivshmem-2", "5000", "64K", "exists", "3 old"]], rows
    listed = json.loads(link(f, "--json=short").stdout)
    assert [one["name"] for one in listed] == ["a", "b", "c"]
    assert listed[0]["peers"][1] == {"name": "echo", "id": 1, "described": True, "exists": True,
                                     "state": 7}
    assert "state" not in listed[2]["peers"][0] and listed[1]["state"] == "defined"
    status = link(f, "status", "a")
    assert status.returncode == 0 and "1 echo, there, state 7" in status.stdout, status.stdout
    assert "2 other, not there" in status.stdout and "64K of each peer" in status.stdout
    assert "3 old, there, no longer described" in link(f, "status", "c").stdout
    assert link(f, "status", "b").returncode == 3
    assert json.loads(link(f, "status", "a", "--json=short").stdout) == listed[0]
    unknown = link(f, "status", "nobody")
    assert unknown.returncode == 4 and "has it under \"links\"" in unknown.stderr
    (f.dir / "fail").write_text("InvalidConfiguration host.json:1:2: wrong")
    assert link(f).returncode == 78


@test(daemon=False)
def link_rings_a_peer(f):
    add_link(f, "a")
    for args in (["a"], ["a", "echo"], ["a", "1"], ["a", "echo", "1"], ["a", "echo", "0"]):
        assert link(f, "ring", *args).returncode == 0, args
    assert f.read("calls").splitlines() == ["ring a 1 1"] * 4 + ["ring a 1 0"]
    assert link(f, "ring", "a", "other").returncode == 3
    absent = link(f, "ring", "a", "2")
    assert absent.returncode == 3 and "link status a" in absent.stderr
    assert link(f, "ring", "a", "nobody").returncode == 3
    assert "cannot ring itself" in link(f, "ring", "a", "root").stderr
    for vector in ("2", "-1", "x", ""):
        assert link(f, "ring", "a", "echo", vector).returncode == 2, vector
    add_link(f, "many", vectors=1, peers=[["root", 0, True, True], ["x", 1, True, True],
                                          ["1", 2, True, True]])
    several = link(f, "ring", "many")
    assert several.returncode == 2 and "2 cells" in several.stderr
    assert link(f, "ring", "many", "1").returncode == 0, "a name goes before an id"
    assert f.read("calls").splitlines()[-1] == "ring many 2 0"
    add_link(f, "alone", peers=[["root", 0, True, True]])
    assert link(f, "ring", "alone").returncode == 3


@test(daemon=False)
def link_waits_for_a_doorbell(f):
    add_link(f, "a")
    late = link(f, "wait", "a", "--timeout=0.1")
    assert late.returncode == 1 and "No interrupt" in late.stderr
    wait = f.spawn([f.build / "cellctl-fake", "link", "wait", "a", "--no-legend"],
                   stdout=subprocess.PIPE, text=True)
    bell = open(f.dir / "links/a.bell", "r+b", buffering=0)
    bell.write(b"101")
    assert wait.wait(10) == 0
    assert [line.split() for line in wait.stdout] == [["0", "1"], ["1", "2"]]
    ring = f.spawn([f.build / "cellctl-fake", "--json=short", "link", "ring", "a", "--wait"],
                   stdout=subprocess.PIPE, text=True)
    wait_until(lambda: "ring a 1 1" in f.read("calls"), "the ring")
    assert ring.poll() is None
    bell.write(b"1")
    assert ring.wait(10) == 0
    assert json.load(ring.stdout) == [{"vector": 0, "count": 0}, {"vector": 1, "count": 1}]
    bell.write(b"e")
    ended = link(f, "wait", "a")
    assert ended.returncode == 3 and "has ended" in ended.stderr
    bell.close()


@test(daemon=False)
def link_without_linux_names_the_remedy(f):
    add_link(f, "cells", linux=False, peers=[["x", 0, True, True]])
    add_link(f, "early", linux=False)
    add_link(f, "later", linux=False, exists=False,
             peers=[["root", 0, True, False], ["x", 1, True, False]])
    add_link(f, "lonely", linux=False, exists=False, peers=[["root", 0, True, False]])
    add_link(f, "racing", linux=False, peers=[["root", 0, True, True], ["x", 1, True, True]])
    for name, status, remedy in (
            ("cells", 4, 'add it to "links" in /etc/cellmgr/host.json, { "links": [ "cells" ] }'),
            ("early", 3, "stop all cells that are its peers"),
            ("later", 3, "`cellctl start x`"), ("racing", 3, "try again"),
            ("lonely", 3, "no description of a cell"), ("nobody", 4, "There is no link")):
        for args in (["ring", name], ["wait", name], ["set-state", name, "1"],
                     ["read", name, "common"], ["write", name, "common"]):
            refused = link(f, *args, stdin=subprocess.DEVNULL)
            assert refused.returncode == status and remedy in refused.stderr, refused


@test(daemon=False)
def link_memory_and_state(f):
    add_link(f, "a")
    assert link(f, "write", "a", "output", "4090", input="tea!\n").returncode == 0
    full = link(f, "write", "a", "output", "4090", input="sixsix!")
    assert full.returncode == 1 and "is full" in full.stderr
    assert (f.dir / "links/a.output").read_bytes() == b"." * 4090 + b"sixsix"
    assert link(f, "write", "a", "common", input="").returncode == 0
    assert link(f, "read", "a", "output", "4088").stdout == "..sixsix"
    assert link(f, "read", "a", "output", "0xff8", "4").stdout == "..si"
    (f.dir / "links/a.1").write_bytes(b"hello" + b"." * 4091)
    for peer in ("echo", "1"):
        assert link(f, "read", "a", peer, "0", "5").stdout == "hello"
    assert len(link(f, "read", "a", "common").stdout) == 4096
    assert link(f, "read", "a", "2").returncode == 3
    for args in (["read", "a", "common", "4097"], ["read", "a", "common", "0", "4097"],
                 ["write", "a", "common", "x"], ["write", "a", "echo"], ["read", "a"]):
        assert link(f, *args, stdin=subprocess.DEVNULL).returncode == 2, args
    (f.dir / "links/a.common").unlink()
    assert link(f, "read", "a", "common").returncode == 1
    assert link(f, "write", "a", "common", input="x").returncode == 1

    assert link(f, "set-state", "a", "0xffffffff").returncode == 0
    assert f.read("calls") == "set-state a 4294967295\n"
    assert link(f, "set-state", "a", "0x100000000").returncode == 2
    add_link(f, "old", protocol=1)
    assert "no states" in link(f, "set-state", "old", "1").stderr


@test(daemon=False)
def link_that_ends_under_cellctl(f):
    """The sections of a link that has ended are memory behind the end of a file here."""
    add_link(f, "a")
    for section in ("common", "1"):
        (f.dir / "links" / ("a." + section)).write_bytes(b"")
    for args in (["read", "a", "common"], ["read", "a", "echo"], ["write", "a", "common"]):
        ended = link(f, *args, input="x" if args[0] == "write" else "")
        assert ended.returncode == 3 and "has ended with its last cell" in ended.stderr, ended


@test(daemon=False)
def link_usage(f):
    assert link(f, "frobnicate").returncode == 2
    assert "link ring NAME [PEER [VECTOR]]" in link(f, "ring").stderr
    assert link(f, "list", "more").returncode == 2 and link(f, "status").returncode == 2
    there = f.run("cellctl-fake", "-H", "there", "link", "list")
    assert there.returncode == 2 and "ssh there cellctl link" in there.stderr
    assert f.run("cellctl-fake", "-H", "there", "link", "ring", "a").returncode == 2
