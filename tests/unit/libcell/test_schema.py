#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The schema and the parser agree on the corpus, as far as a schema can say.

What the parser accepts, the schema accepts. What the parser rejects with one of the codes below,
the schema rejects too; the other codes need arithmetic, a machine or another file.
"""
import json
import pathlib
import sys

import jsonschema

SHAPE = {"missing-key", "unknown-key", "wrong-type", "bad-name", "not-a-number", "bad-access",
         "bad-duration", "bad-policy", "bad-revision", "cpu-zero", "cpu-twice", "no-cpus"}
NO_TREE = {"not-json", "duplicate-key"}


def codes_of(path):
    return {line.split()[1] for line in path.with_suffix(".expected").read_text().splitlines()}


def main(schema_path, corpus):
    schema = json.loads(pathlib.Path(schema_path).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failed = checked = 0
    for path in sorted(pathlib.Path(corpus).glob("*.json")):
        codes = codes_of(path)
        if codes & NO_TREE:
            continue
        valid = validator.is_valid(json.loads(path.read_text()))
        if (not codes and not valid) or (codes & SHAPE and valid):
            print(f"not ok {path.name}: the schema says {'valid' if valid else 'invalid'}, the "
                  f"parser {sorted(codes) or 'valid'}")
            failed += 1
        checked += 1
    if checked < 10:
        sys.exit("not ok: the corpus is not there")
    print(f"{'not ok' if failed else 'ok'} libcell_schema")
    return failed != 0


sys.exit(main(*sys.argv[1:]))
