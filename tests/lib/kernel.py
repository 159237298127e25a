# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Kernels for the guests: the distribution's own, of the versions whose headers are installed, unpacked
into the cache and never installed on this machine.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from paths import CACHE

MODULES = pathlib.Path("/lib/modules")


def _key(version):
    return [int(part) for part in re.findall(r"\d+", version)]


def versions():
    """Kernel versions with headers to build a module against, oldest first."""
    found = [path.parent.parent.name for path in MODULES.glob("*/build/Makefile")]
    return sorted((v for v in found if re.match(r"\d+\.\d+\.\d+.*-amd64$", v)), key=_key)


def select(prefix=None):
    """The newest version of a series such as "6.1"; without a series that of the oldest one."""
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
    if target.exists():
        return target

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
    return target


def image(version):
    return fetch(version) / "boot" / f"vmlinuz-{version}"


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
