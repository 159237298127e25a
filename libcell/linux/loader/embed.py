#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: embed.py BINARY: the loader's bytes as C."""
import pathlib
import sys

data = pathlib.Path(sys.argv[1]).read_bytes()
print('#include "linux/loader.h"\n\nconst uint8_t loader_image[] = {')
for at in range(0, len(data), 16):
    print("\t" + ", ".join(f"0x{byte:02x}" for byte in data[at:at + 16]) + ",")
print("};\nconst size_t loader_image_size = sizeof(loader_image);")
