# SPDX-License-Identifier: LGPL-2.1-or-later
"""cellmgrd: what a refresh costs, and that it sees every change of a description."""

import ctypes
import os
import struct
import time

from fixture import CELL, DEMO, PATH, wait_until
from suite import test

IN_OPEN, IN_NONBLOCK = 0x20, 0o4000
SETTLED = 3.1  # seconds after which the times of a file say whether it has changed
LIBC = ctypes.CDLL(None, use_errno=True)


def fnv(data):
    digest = 0xcbf29ce484222325
    for byte in data:
        digest = (digest ^ byte) * 0x100000001b3 % (1 << 64)
    return digest


class Opened:
    """Counts, by name, the files of a directory that any process opens."""

    def __init__(self, directory):
        self.fd = LIBC.inotify_init1(IN_NONBLOCK)
        assert self.fd >= 0
        assert LIBC.inotify_add_watch(self.fd, bytes(directory), IN_OPEN) >= 0

    def read(self):
        found, counts = b"", {}
        try:
            while True:
                found += os.read(self.fd, 65536)
        except BlockingIOError:
            pass
        while found:
            length = struct.unpack_from("iIII", found)[3]
            name = found[16:16 + length].rstrip(b"\0").decode()
            if name.endswith(".json"):
                counts[name] = counts.get(name, 0) + 1
            found = found[16 + length:]
        return counts


@test()
def a_refresh_reads_what_has_changed(f):
    names = ["cell%02u" % i for i in range(20)]
    for name in names:
        f.describe(name, cpus=[1])
    time.sleep(SETTLED)
    f.call("ListCells")
    opened = Opened(f.dir / "desc")
    for _ in range(25):
        assert len(f.call("ListCells")) == 21
    assert opened.read() == {}, "read without need"
    f.describe("cell07", cpus=[2])
    wait_until(lambda: opened.read().get("cell07.json", 0) > 0, "its writer, and the news of it")
    time.sleep(0.6)  # the watch looks once more, when the directory has been quiet for a while
    opened.read()
    for _ in range(3):
        f.call("ListCells")
    assert opened.read() == {"cell07.json": 3}, "it may change again without another time"
    time.sleep(SETTLED)
    for _ in range(25):
        f.call("ListCells")
    assert opened.read() == {"cell07.json": 1}, "more than once is without need"
    paths = sorted(f.read("parsed").splitlines())
    assert paths == sorted("%s/desc/%s.json" % (f.dir, name)
                           for name in names + ["apic-demo", "cell07"]), "each version is parsed once"
    os.close(opened.fd)


def known(f, name="apic-demo"):
    path = DEMO if name == "apic-demo" else PATH + "/cell/" + name
    f.call("Reload")
    return str(f.get("ConfigPath", path)), int(f.get("ConfigDigest", path), 16)


def expect(f, file):
    assert known(f) == (str(file), fnv(file.read_bytes())), (file, known(f))


def listed(f):
    return [str(cell[0]) for cell in f.call("ListCells")]


@test()
def no_change_of_a_file_is_missed(f):
    file, other = f.dir / "desc/apic-demo.json", f.dir / "other"
    time.sleep(SETTLED)
    expect(f, file)
    before, size = file.stat(), file.stat().st_size

    other.write_text("x" * size)  # another file, as large and as old
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.rename(other, file)
    expect(f, file)
    time.sleep(SETTLED)
    expect(f, file)
    file.write_text("y" * size)  # the same file, as large and as old
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    expect(f, file)
    for i in range(100):  # most of them two within one grain of the file's times
        file.write_text("%0*u" % (size, i))
        f.call("Reload")
        file.write_text("%0*u" % (size, i + 1000))
        expect(f, file)
    os.utime(file, ns=(0, int(time.time() + 1000) * 10 ** 9))
    expect(f, file)


@test()
def descriptions_move_between_folders(f):
    file, first = f.dir / "desc/apic-demo.json", f.dir / "etc/apic-demo.json"
    first.parent.mkdir()
    time.sleep(SETTLED)
    expect(f, file)
    first.write_text('{"name": "apic-demo", "cpus": [2]}')
    expect(f, first)
    first.unlink()
    expect(f, file)
    os.rename(file, first)
    expect(f, first)
    os.rename(first, file)
    expect(f, file)
    first.symlink_to("nowhere")
    f.call("Reload")
    assert known(f)[0] == str(first)
    (f.dir / "etc/nowhere").write_text("{ broken")
    expect(f, first)
    first.unlink()
    first.symlink_to(file)
    expect(f, first)


@test()
def what_cannot_be_read_is_a_cell_all_the_same(f):
    folder = f.dir / "desc"
    (folder / "broken.json").write_text("{")
    (folder / "folder.json").mkdir()
    (folder / "large.json").write_text(" " * 65537)
    (folder / "dangling.json").symlink_to("nowhere")
    os.mkfifo(folder / "fifo.json")
    everything = ["apic-demo", "broken", "dangling", "fifo", "folder", "large"]
    assert sorted(listed(f)) == everything
    digest = f.get("ConfigDigest", path="/org/cellmgr1/cell/large")
    (folder / "large.json").write_text(" " * 65536)
    assert sorted(listed(f)) == everything
    assert f.get("ConfigDigest", path="/org/cellmgr1/cell/large") != digest
    (folder / "dangling.json").unlink()
    (folder / "folder.json").rmdir()
    assert sorted(listed(f)) == ["apic-demo", "broken", "fifo", "large"]


@test()
def a_new_daemon_knows_as_much(f):
    def objects():
        found = f.call("GetManagedObjects", interface="org.freedesktop.DBus.ObjectManager")
        return {path: {key: value for key, value in cell[CELL].items() if "Timestamp" not in key}
                for path, cell in found.items()}
    f.describe("other", cpus=[1])
    time.sleep(SETTLED)
    for _ in range(3):
        f.call("Reload")
    f.describe("other", cpus=[2])
    (f.dir / "desc/apic-demo.json").write_text("{ broken")
    f.call("Reload")
    before = objects()
    f.kill_daemon()
    f.start_daemon()
    wait_until(lambda: len(listed(f)) == 2, "both cells")
    assert objects() == before and len(before) == 2
