# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Busybox initramfs images, made in well under a second: a newc cpio archive written directly, with
the shared libraries that its programs need.
"""
import lzma
import os
import pathlib
import re
import stat
import subprocess
import tempfile

from paths import BUILD

MERGED = ["bin", "sbin", "lib", "lib64"]


class Initramfs:
    """
    Collects files; the last one of a name wins. Directories come by themselves. Without a skeleton it
    is meant to be unpacked over one that has it.
    """

    def __init__(self, skeleton=True):
        self.entries = {}
        if skeleton:
            self._add_skeleton()

    def _add_skeleton(self):
        for name in MERGED:
            self.directory(f"usr/{name}")
            self.symlink(name, f"usr/{name}")
        for name in ("dev", "proc", "sys", "run", "tmp", "etc", "root", "var"):
            self.directory(name)

    @staticmethod
    def _canonical(name):
        name = str(name).strip("/")
        first = name.split("/")[0]
        return f"usr/{name}" if first in MERGED and "/" in name else name

    def _add(self, name, mode, data):
        name = self._canonical(name)
        parent = os.path.dirname(name)
        if parent and parent not in self.entries:
            self.directory(parent)
        self.entries[name] = (mode, data)

    def directory(self, name):
        self._add(name, stat.S_IFDIR | 0o755, b"")

    def symlink(self, name, target):
        self._add(name, stat.S_IFLNK | 0o777, str(target).encode())

    def data(self, name, content, mode=0o644):
        self._add(name, stat.S_IFREG | mode, content)

    def file(self, name, source):
        """One file of this machine, with the libraries it is linked with."""
        self.program(name, source, True)

    def program(self, name, source, libraries):
        source = pathlib.Path(source)
        content = source.read_bytes()
        self.data(name, content, stat.S_IMODE(source.stat().st_mode))
        if libraries and content.startswith(b"\x7fELF") and source.suffix != ".ko":
            self._libraries(source)

    def _libraries(self, source):
        output = subprocess.run(["ldd", source], capture_output=True, text=True).stdout
        for path in re.findall(r"(/\S+) \(0x", output):
            name = self._canonical(path)
            if name not in self.entries and not path.startswith(str(BUILD)):
                self.data(name, pathlib.Path(path).read_bytes(), 0o755)

    def tree(self, source, prefix="", libraries=True):
        """A whole directory, for instance what `meson install --destdir` has made."""
        for path in sorted(pathlib.Path(source).rglob("*")):
            name = pathlib.PurePath(prefix, self._canonical(path.relative_to(source)))
            if path.is_symlink():
                self.symlink(name, os.readlink(path))
            elif path.is_file():
                self.program(name, path, libraries)

    def module(self, name, path):
        """A kernel module, uncompressed: busybox reads no others."""
        content = pathlib.Path(path).read_bytes()
        self.data(name, lzma.decompress(content) if path.name.endswith(".xz") else content)

    def modules(self, version, files, builtin_from, prefix=""):
        """cellhv.ko and its like below lib/modules, with the index that modprobe reads."""
        with tempfile.TemporaryDirectory() as scratch:
            base = pathlib.Path(scratch) / "lib/modules" / version
            (base / "updates").mkdir(parents=True)
            for path in files:
                (base / "updates" / path.name).write_bytes(path.read_bytes())
            for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
                (base / name).write_bytes((builtin_from / name).read_bytes())
            subprocess.run(["depmod", "-b", scratch, version], check=True)
            self.tree(scratch, prefix, libraries=False)

    def archive(self):
        content = bytearray()
        for number, (name, (mode, data)) in enumerate(self.entries.items(), 1):
            content += _member(number, name, mode, data)
        return bytes(content + _member(0, "TRAILER!!!", 0, b""))

    def write(self, target):
        pathlib.Path(target).write_bytes(self.archive())


def _member(number, name, mode, data):
    encoded = name.encode() + b"\0"
    fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0]
    header = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
    return header + b"\0" * (-len(header) % 4) + data + b"\0" * (-len(data) % 4)
