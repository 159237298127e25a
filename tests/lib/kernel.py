# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Kernels for the guests: the distribution's own, of the versions whose headers are installed, unpacked
into the cache and never installed on this machine; and the newest one that kernels.sh has unpacked.
"""
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile

from paths import CACHE, ROOT, locked

MODULES = pathlib.Path("/lib/modules")
NEWEST = "newest"  # instead of a series
SECTOR = 512
DECOMPRESSORS = {b"\xfd7zXZ\0": lzma.decompress,
                 b"\x28\xb5\x2f\xfd": lambda data: _pipe(["zstd", "-dc"], data)}


def _pipe(command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def _key(version):
    return [int(part) for part in re.findall(r"\d+", version)]


def versions():
    """Kernel versions with headers to build a module against, oldest first."""
    found = [path.parent.parent.name for path in MODULES.glob("*/build/Makefile")]
    return sorted((v for v in found if re.match(r"\d+\.\d+\.\d+.*-amd64$", v)), key=_key)


def _unpacked():
    """{version: tree} of the kernels of kernels.sh that can be booted, oldest first."""
    listing = subprocess.run([ROOT / "tests/lib/kernels.sh", "versions"], capture_output=True,
                             text=True, check=True).stdout
    trees = {version: pathlib.Path(tree) for tree, version in map(str.split, listing.splitlines())}
    return {version: tree for version, tree in trees.items()
            if (tree / "lib/modules" / version / "kernel").exists()}


def has_newest():
    return bool(_unpacked())


def select(prefix=None):
    """
    The newest version of a series such as "6.1"; without a series that of the oldest one. NEWEST: of
    all that can be had.
    """
    if prefix == NEWEST:
        trees = _unpacked()
        if not trees:
            raise SystemExit("no newer kernel is unpacked: run tests/lib/kernels.sh unpack")
        return list(trees)[-1]
    known = versions()
    if not known:
        raise SystemExit("no kernel headers are installed: run tests/lib/setup.sh")
    series = prefix or ".".join(known[0].split(".")[:2])
    fitting = [v for v in known if v == series or re.match(re.escape(series) + r"[.+-]", v)]
    if not fitting:
        raise SystemExit(f"no headers of a {series} kernel are installed, only: {', '.join(known)}")
    return fitting[-1]


def fetch(version):
    """The directory with boot/vmlinuz-VERSION and lib/modules/VERSION."""
    target = CACHE / "kernels" / version
    if version not in versions() and version in (trees := _unpacked()):
        return trees[version]
    with locked(f"kernel-{version}"):
        if not target.exists():
            _download(version, target)
    return target


def _download(version, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        package = f"linux-image-{version}"
        subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package],
                       cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        archive, = pathlib.Path(scratch).glob("*.deb")
        tree = pathlib.Path(scratch) / "tree"
        subprocess.run(["dpkg-deb", "-x", archive, tree], check=True)
        if (tree / "usr/lib/modules").exists():
            (tree / "lib").symlink_to("usr/lib")
        subprocess.run(["depmod", "-b", tree, version], check=True)
        shutil.rmtree(tree / "usr/share/doc", ignore_errors=True)
        os.rename(tree, target)


def image(version):
    """Kernels from 7 on have it beside their modules."""
    tree = fetch(version)
    beside = tree / "lib/modules" / version / "vmlinuz"
    return beside if beside.exists() else tree / "boot" / f"vmlinuz-{version}"


def setup_size(image):
    """Bytes of a bzImage before its protected-mode part (Documentation/arch/x86/boot.rst)."""
    return (image[0x1F1] + 1) * SECTOR


def _decompress(image):
    """The ELF file that is the payload of a bzImage; 4 bytes with its size follow the stream."""
    offset, length = struct.unpack_from("<II", image, 0x248)
    payload = image[setup_size(image) + offset:][:length - 4]
    for magic, decompress in DECOMPRESSORS.items():
        if payload.startswith(magic):
            return decompress(payload)
    raise SystemExit(f"error: the kernel is compressed in a way that is not known: {payload[:6].hex()}")


def vmlinux(version):
    """The kernel as an ELF file, kept in the cache: an emulated CPU takes seconds to decompress it."""
    compressed = image(version)
    target = compressed.with_name(f"vmlinux-{version}")
    with locked(f"kernel-{version}"):
        if not target.exists():
            scratch = target.with_suffix(".new")
            scratch.write_bytes(_decompress(compressed.read_bytes()))
            os.rename(scratch, target)
    return target


def with_dependencies(version, names):
    """Module files for `names` in the order to insert them; what is built in is left out."""
    base = fetch(version) / "lib/modules" / version
    needs = {}
    for line in (base / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        needs[pathlib.Path(path).name.split(".")[0].replace("-", "_")] = (path, rest.split())

    order = []
    for name in names:
        if name not in needs:
            continue
        path, rest = needs[name]
        order += [base / p for p in [*reversed(rest), path] if base / p not in order]
    return order
