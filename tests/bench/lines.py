# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lines of code: those that hold something besides blanks and comments, tests excluded."""
import re

from paths import ROOT

# A string or character constant is kept, so that no comment begins in it; a comment is dropped,
# except for the line breaks in it.
_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)


def _without_comment(match):
    text = match[0]
    return "\n" * text.count("\n") if text.startswith("/") else text


def in_text(text):
    return sum(1 for line in _TOKEN.sub(_without_comment, text).splitlines() if line.strip())


def in_folders(*folders):
    """C, headers and assembly, also in folders below."""
    return sum(in_text(path.read_text()) for folder in folders
               for path in (ROOT / folder).rglob("*") if path.suffix in (".c", ".h", ".S"))
