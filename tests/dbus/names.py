# SPDX-License-Identifier: LGPL-2.1-or-later
"""cellctl: NAME... of its verbs."""

import json
import os
import subprocess

from control import Terminal
from fixture import wait_until
from suite import test


def two_cells(f):
    f.describe("rt-a", cpus=[1])
    f.describe("rt-b", cpus=[2])
    f.add_cell("rt-a", "1", number=1)
    f.add_cell("rt-b", "2", number=2)


@test(daemon=False)
def descriptions_of_several_cells(f):
    two_cells(f)

    def of(name):
        return "# %s/desc/%s.json\n%s" % (f.dir, name, f.read("desc/%s.json" % name))
    shown = f.run("cellctl-fake", "cat", "rt-*")
    assert (shown.returncode, shown.stdout) == (0, of("rt-a") + "\n" + of("rt-b")), shown
    shown = f.run("cellctl-fake", "cat", "nobody", "rt-b", "rt-a")
    assert (shown.returncode, shown.stdout) == (4, of("rt-b") + "\n" + of("rt-a")), shown
    refused = f.run("cellctl-fake", "-H", "there", "cat", "rt-a", "rt-b")
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1, refused


@test(daemon=False)
def statistics_of_several_cells(f):
    two_cells(f)
    f.describe("rt-idle")
    shown = f.run("cellctl-fake", "stats", "rt-a", "rt-idle", "rt-b")
    assert shown.returncode == 3 and "rt-idle" in shown.stderr, shown
    tables = [[line.split() for line in table.splitlines()] for table in shown.stdout.split("\n\n")]
    assert [table[0] for table in tables] == [["==>", "rt-a", "<=="], ["==>", "rt-b", "<=="]], tables
    assert tables[0][2] == ["total", "101"] and tables[1][2] == ["total", "102"], tables
    assert "==>" not in f.run("cellctl-fake", "stats", "rt-a").stdout
    lines = f.run("cellctl-fake", "--json=short", "stats", "rt-a", "rt-b").stdout.splitlines()
    assert [json.loads(line)[0] for line in lines] == [
        {"cell": "rt-a", "reason": "total", "CPU1": 101},
        {"cell": "rt-b", "reason": "total", "CPU2": 102}], lines


@test(daemon=False)
def what_is_shown_of_several_cells(f):
    two_cells(f)
    states = [text.split() for text in f.run("cellctl-fake", "status", "rt-*").stdout.split("\n\n")]
    assert [words[0] for words in states] == ["rt-a", "rt-b"], states
    shown = f.run("cellctl-fake", "show", "-p", "Name,State", "rt-*").stdout
    assert shown == "Name=rt-a\nState=running\n\nName=rt-b\nState=running\n", shown
    shown = f.run("cellctl-fake", "show", "-p", "Name", "--value", "rt-*").stdout
    assert shown == "rt-a\nrt-b\n", shown


@test()
def several_are_described_defined_and_undefined(f):
    two_cells(f)
    lines = f.run("cellctl-fake", "--json=short", "describe", "rt-b", "rt-a").stdout.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["rt-b", "rt-a"], lines
    files = []
    for name in ("new-a", "new-b"):
        files.append(f.dir / (name + ".json"))
        files[-1].write_text(json.dumps({"name": name}))
    done = f.run("cellctl-fake", "define", files[0], f.dir / "none.json", files[1])
    assert done.returncode == 1 and "none.json" in done.stderr, done
    assert f.run("cellctl-fake", "undefine", "new-*").returncode == 0
    assert not list(f.dir.glob("desc/new-*"))


def say(f, name, text):
    (f.dir / "cells" / name / "console").write_text(text)


@test(daemon=False)
def consoles_of_several_cells(f):
    two_cells(f)
    ends = [os.open(f.dir / "cells" / name / "console", os.O_RDWR) for name in ("rt-a", "rt-b")]
    say(f, "rt-a", "a1\na2\n")
    say(f, "rt-b", "b1\n")
    shown = f.run("cellctl-fake", "console", "rt-b", "nobody", "rt-a")
    assert (shown.returncode, shown.stdout) == (
        4, "==> rt-b <==\nb1\n\n==> rt-a <==\na1\na2\n"), shown
    say(f, "rt-b", "b2\n")
    assert f.run("cellctl-fake", "console", "rt-b").stdout == "b2\n"
    follower = f.spawn([f.build / "cellctl-fake", "console", "-f", "rt-*"], stdout=subprocess.PIPE,
                       bufsize=0)
    for name, text in (("rt-b", "b3"), ("rt-a", "a3"), ("rt-a", "a4"), ("rt-b", "b4")):
        say(f, name, text + "\n")
        told = b""
        while not told.endswith(text.encode() + b"\n"):
            told += follower.stdout.read(1)
        assert (b"==> %s <==" % name.encode() in told) == (text != "a4"), (text, told)
    for end in ends:
        os.close(end)


@test(daemon=False)
def consoles_of_several_cells_on_a_terminal(f):
    two_cells(f)
    terminal = Terminal(f, "console", "rt-a", "rt-b")
    terminal.shows("console of rt-a and rt-b. Press")
    say(f, "rt-b", "half of \u00e4"[:-1])
    terminal.shows("==> rt-b <==")
    say(f, "rt-a", "whole\n")
    terminal.shows("whole")
    assert terminal.text.index("==> rt-b <==") < terminal.text.index("==> rt-a <==")
    terminal.type(b"\x1d\x1d\x1d")
    assert terminal.ends() == 0 and "Disconnected from the console of rt-a and rt-b" in terminal.text
    wait_until(lambda: terminal.process.poll() is not None, "its end")
