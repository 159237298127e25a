# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The compile commands of build/, for checks that compile once more.

    compile_commands.py list [FOLDER...]                the sources below these folders, each once
    compile_commands.py run ARGUMENTS [FOLDER...]       compile them with these arguments more
"""
import json
import os
import re
import shlex
import subprocess
import sys

from paths import BUILD, ROOT

FOLDERS = ["hypervisor", "libcell", "cellmgrd", "examples", "tests"]


def commands(folders):
    """[(source relative to the root, compiler arguments)]; unit tests' variants of a source last."""
    found = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        source = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        folder = source.split("/")[0]
        if folder in folders and source.endswith(".c"):
            if source not in found or entry["output"].startswith(folder + "/"):
                found[source] = shlex.split(entry["command"])
    return sorted(found.items())


def compile_again(arguments, extra, output):
    plain = re.sub(r" -(MD|MQ \S+|MF \S+|o \S+)(?= )", "", shlex.join(arguments))
    return subprocess.run([*shlex.split(plain), *extra, "-o", output], cwd=BUILD).returncode


def main():
    action, rest = sys.argv[1], sys.argv[2:]
    if action == "list":
        print("\n".join(source for source, _ in commands(rest or FOLDERS)))
        return 0

    status = 0
    for _, arguments in commands(rest[1:] or FOLDERS):
        status |= compile_again(arguments, [*rest[0].split(), "-S"], "/dev/null")
    return status


if __name__ == "__main__":
    sys.exit(main())
