# SPDX-License-Identifier: LGPL-2.1-or-later
"""What GRUB would pass to Linux, as its manual says (GNU GRUB Manual 2.06, 16.1 to 16.3: quoting)."""
import re


def words(line):
    """Of one command: a backslash quotes the next character, so do quotes; variables are empty."""
    found, word, at = [], None, 0
    token = re.compile(r"\\(?P<escaped>.)|'(?P<single>[^']*)'|\"(?P<double>(?:\\.|[^\"\\])*)\"|"
                       r"(?P<variable>\$\w+|\$\{\w+\})|(?P<blank>[ \t]+)|(?P<plain>.)")
    while at < len(line):
        match = token.match(line, at)
        at = match.end()
        if match["blank"]:
            found, word = found + [word] * (word is not None), None
            continue
        text = match["escaped"] or match["single"] or match["plain"] or ""
        if match["double"]:
            text = re.sub(r"\$\w+|\\([$\"\\])", lambda m: m[1] or "", match["double"])
        word = (word or "") + text
    return found + [word] * (word is not None)


def kernel_arguments(config):
    """Of the first entry, without the root device; "" where there is none."""
    match = re.search(r"^\s*linux\s+(.*)$", config, re.M)
    arguments = words(match[1])[1:] if match else []
    return " ".join(argument for argument in arguments if not argument.startswith("root="))
