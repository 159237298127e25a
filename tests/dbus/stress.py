# SPDX-License-Identifier: LGPL-2.1-or-later
"""cellmgrd under many, slow, dead and hostile clients, and killed again and again."""

import os
import random
import signal
import socket
import threading
import time

import dbus
import dbus.lowlevel
from dbus import UInt32, UInt64

from fixture import CELL, DEMO, MANAGER, NAME, PATH, wait_until
from suite import test

AWAY = {"org.freedesktop.DBus.Error." + name for name in (
    "NoReply", "ServiceUnknown", "NameHasNoOwner", "Disconnected", "Spawn.ChildSignaled",
    "Spawn.ChildExited", "Spawn.ExecFailed", "UnknownObject", "LimitsExceeded")}


def message(method, *args, path=PATH, interface=MANAGER):
    call = dbus.lowlevel.MethodCallMessage(NAME, path, interface, method)
    call.append(*args)
    return call


@test()
def fifty_clients_at_once(f):
    replies, clients = [], [f.connect() for _ in range(50)]
    for client in clients:
        for _ in range(10):
            client.call_async(NAME, PATH, MANAGER, "ListCells", "", (), replies.append,
                              lambda error: replies.append(None))
            client.call_async(NAME, DEMO, CELL, "Describe", "", (), replies.append,
                              lambda error: replies.append(None))
    f.pump(lambda: len(replies) == 1000, "1000 replies")
    assert None not in replies
    for client in clients:
        client.close()


@test()
def slow_and_dead_clients_block_nobody(f):
    slow, dead = f.connect(), [f.connect() for _ in range(20)]
    for _ in range(3000):
        slow.send_message(message("Describe"))
    for client in dead:
        client.send_message(message("ListCells"))
        client.send_message(message("CheckConfig", f.memfd("{}"), "x", UInt64(0)))
        client.flush()
        client.close()
    slow.flush()
    wait_until(lambda: f.get("State") == "defined", "an answer")
    start = time.monotonic()
    for _ in range(20):
        f.call("ListCells")
    assert time.monotonic() - start < 5, "20 answers took %f s" % (time.monotonic() - start)
    slow.close()


@test()
def a_slow_worker_blocks_nobody(f):
    f.add_cell("slow", "1")
    (f.dir / "delay-destroy").write_text("1500")
    done = []
    f.bus.call_async(NAME, PATH + "/cell/slow", CELL, "Destroy", "t", (UInt64(1),),
                     lambda *_: done.append(1), done.append)
    start = time.monotonic()
    assert len(f.call("ListCells")) == 2 and time.monotonic() - start < 1
    assert not done
    f.pump(lambda: done == [1], "the reply of Destroy")


@test()
def checks_leave_room_for_operations(f):
    f.add_cell("old", "1")
    (f.dir / "delay-check").write_text("800")
    ended = []
    for _ in range(20):
        f.bus.call_async(NAME, PATH, MANAGER, "CheckConfig", "hst", (f.memfd("{}"), "x", UInt64(0)),
                         lambda _: ended.append(""), lambda e: ended.append(e.get_dbus_name()))
    f.call("Destroy", UInt64(1), path=PATH + "/cell/old", interface=CELL)
    f.pump(lambda: len(ended) == 20, "all answers")
    assert ended.count("") == 16, ended
    assert set(ended) == {"", "org.freedesktop.DBus.Error.LimitsExceeded"}, ended


@test()
def of_many_that_define_a_cell_one_does(f):
    """The others find it defined; those that replace it leave one description and no half."""
    for flags in (UInt64(0), UInt64(1)):
        ended = []
        for i in range(12):
            text = '{"name": "new", "cpus": [%d]}%s' % (i, " " * (5000 * i))
            f.bus.call_async(NAME, PATH, MANAGER, "DefineCell", "sht",
                             ("new", f.memfd(text), flags), lambda _, text=text: ended.append(text),
                             lambda e: ended.append(e.get_dbus_name()))
        f.pump(lambda: len(ended) == 12, "all answers")
        defined = [answer for answer in ended if answer.startswith("{")]
        assert f.read("desc/new.json") in defined
        assert len(defined) == (12 if flags else 1), ended
        assert set(ended) - set(defined) == (set() if flags else {"org.cellmgr1.CellExists"}), ended
    assert sorted(os.listdir(f.dir / "desc")) == ["apic-demo.json", "new.json"]


@test()
def wrong_arguments_are_errors(f):
    wrong = [message("StartCell"), message("StartCell", UInt32(1), "x"),
             message("StartCell", "apic-demo", "", "more"), message("GetCell", ["apic-demo"]),
             message("CheckConfig", "no descriptor", "x", UInt64(0)), message("Nothing"),
             message("ListCells", path="/org"), message("ListCells", interface="org.example.X"),
             message("Describe", path=PATH + "/cell/_", interface=CELL),
             message("Describe", path=PATH + "/cell/nobody", interface=CELL)]
    for call in wrong:
        try:
            f.bus.send_message_with_reply_and_block(call, 5)
            raise AssertionError("%s was taken" % call.get_member())
        except dbus.DBusException as error:
            assert error.get_dbus_name().startswith("org.freedesktop.DBus.Error."), error
    assert f.call("GetCell", "apic-demo") == DEMO


@test()
def broken_messages_do_no_harm(f):
    pid, dice = f.daemon_pid(), random.Random(7)
    for _ in range(30):
        raw = socket.socket(socket.AF_UNIX)
        raw.connect(str(f.dir / "bus"))
        raw.sendall(b"\0AUTH EXTERNAL %s\r\n" % str(os.getuid()).encode().hex().encode())
        raw.recv(200)
        raw.sendall(b"BEGIN\r\n")
        raw.sendall(bytes([108, 1, 0, 1]) + bytes(dice.randrange(256) for _ in range(60)))
        raw.close()
    assert f.daemon_pid() == pid and f.call("GetCell", "apic-demo") == DEMO


VALUES = {
    "s": ["", "apic-demo", "x" * 5000, "../..", "\x01", "replace", "%s%n"],
    "t": [UInt64(0), UInt64(1), UInt64(2**64 - 1)],
    "u": [UInt32(0), UInt32(3), UInt32(2**32 - 1)],
}


@test()
def every_method_with_odd_values(f):
    """As dfuzzer does: each method of the interfaces, with values at the edges."""
    dice, pid, answered = random.Random(5), f.daemon_pid(), 0
    f.add_cell("apic-demo", "3")
    for interface, path in ((MANAGER, PATH), (CELL, DEMO)):
        for method, signature in f.methods(path, interface):
            for _ in range(25):
                args = [f.memfd(dice.choice(["", "{}", "[", "\0" * 99])) if c == "h"
                        else dice.choice(VALUES[c]) for c in signature]
                try:
                    f.call(method, *args, path=path, interface=interface)
                except dbus.DBusException as error:
                    assert error.get_dbus_message(), error
                    assert error.get_dbus_name() not in AWAY - {
                        "org.freedesktop.DBus.Error.UnknownObject"}, (method, args, error)
                answered += 1
    assert f.daemon_pid() == pid and answered > 500, answered


class Killer(threading.Thread):
    """Kills the daemon at random moments, with a connection of its own."""

    def __init__(self, f):
        super().__init__()
        self.f, self.kills, self.over = f, 0, False
        self.bus = f.connect()

    def run(self):
        dice = random.Random(11)
        while not self.over:
            time.sleep(dice.uniform(0.01, 0.06))
            try:
                os.kill(self.f.daemon_pid(), signal.SIGKILL)
                self.kills += 1
            except (dbus.DBusException, ProcessLookupError):
                pass


def insist(f, method, *args, done=(), **where):
    """Calls until somebody lives long enough to answer; `done`: what an interrupted call left."""
    interrupted = False
    for _ in range(200):
        try:
            return f.call(method, *[a() if callable(a) else a for a in args], **where)
        except dbus.DBusException as error:
            if interrupted and error.get_dbus_name().removeprefix("org.cellmgr1.") in done:
                return None
            if error.get_dbus_name() not in AWAY:
                raise
            interrupted = True
    raise AssertionError(method + " was never answered")


def step(f, dice, model):
    """One operation, and the truth after it."""
    name = dice.choice(["a", "b", "c"])
    path = PATH + "/cell/" + name
    if name not in model:
        insist(f, "DefineCell", name, lambda: f.memfd('{"name": "%s", "cpus": [1]}' % name),
               UInt64(1))
        model[name] = "defined"
    elif model[name] == "defined" and dice.random() < 0.5:
        insist(f, "UndefineCell", name, UInt64(0), done=("NoSuchCell",))
        del model[name]
    elif model[name] == "defined":
        f.add_cell(name, "1", number=5 + ord(name))
        model[name] = "running"
    else:
        insist(f, "Destroy", UInt64(1), path=path, interface=CELL, done=("NoSuchCell",))
        model[name] = "defined"
    listed = {str(c[0]): str(c[1]) for c in insist(f, "ListCells")}
    assert listed == {**model, "apic-demo": "running"}, (listed, model)


@test(daemon=False)
def killed_at_random_during_200_operations(f):
    f.activatable()
    f.add_cell("apic-demo", "3")
    before = (f.dir / "cells/apic-demo/state").stat().st_mtime_ns
    hold = f.call("Hold", "the test", "nobody touches it", path=DEMO, interface=CELL).take()
    dice, model, killer, done = random.Random(3), {}, Killer(f), 0
    killer.start()
    try:
        # On a busy machine it takes more of them until it was killed often.
        while done < 200 or (killer.kills < 20 and done < 5000):
            step(f, dice, model)
            done += 1
    finally:
        killer.over = True
        killer.join()
    assert killer.kills >= 20, "killed %d times only" % killer.kills
    assert (f.dir / "cells/apic-demo/state").stat().st_mtime_ns == before
    assert "apic-demo" not in f.read("calls")
    assert insist(f, "ListHolds", path=DEMO, interface=CELL)[0][0] == "the test"
    os.close(hold)
