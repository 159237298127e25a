#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A schema and the parser agree on the corpus, as far as a schema can say.

usage: test_schema.py SCHEMA CORPUS LEAST [SKIPPED]; LEAST: files there have to be; SKIPPED: a folder of
the corpus that is another schema's.

What the parser accepts, the schema accepts. What the parser rejects with one of the codes below,
the schema rejects too; the other codes need arithmetic, a machine or another file. Every key of the
schema stands in a good file, so the parser takes it.
"""
import json
import pathlib
import sys

import jsonschema

SHAPE = {"missing-key", "unknown-key", "wrong-type", "bad-name", "not-a-number", "bad-access",
         "bad-duration", "bad-policy", "bad-revision", "cpu-zero", "cpu-twice", "no-cpus",
         "unsupported-key", "bad-console", "bad-distance", "bad-file", "bad-function", "bad-platform",
         "bad-signature"}
NO_TREE = {"not-json", "duplicate-key"}


def codes_of(path):
    """The codes in brackets, of errors."""
    text = path.with_suffix(".expected").read_text()
    return {line[line.rindex("[") + 1:-1] for line in text.splitlines() if ": error: " in line}


def properties(node):
    """Names of all keys that the schema knows, at any depth."""
    if isinstance(node, dict):
        yield from node.get("properties", {})
        for child in node.values():
            yield from properties(child)
    elif isinstance(node, list):
        for child in node:
            yield from properties(child)


def keys_of(node):
    if isinstance(node, dict):
        yield from node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from keys_of(child)


def used_keys(folder):
    for path in folder.glob("*.json"):
        yield from keys_of(json.loads(path.read_text()))


def files(corpus, skipped):
    for path in sorted(corpus.rglob("*.expected")):
        if path.relative_to(corpus).parts[0] != skipped:
            yield path.with_suffix(".json")


def main(schema_path, corpus, least, skipped=None):
    corpus = pathlib.Path(corpus)
    schema = json.loads(pathlib.Path(schema_path).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failed = checked = 0
    for path in files(corpus, skipped):
        codes = codes_of(path)
        if codes & NO_TREE:
            continue
        # To a schema 1.0 is an integer; the parser takes no fraction and no exponent.
        value = json.loads(path.read_text(), parse_float=lambda text: None)
        valid = validator.is_valid(value)
        if (not codes and not valid) or (codes & SHAPE and valid):
            print(f"not ok {path}: the schema says {'valid' if valid else 'invalid'}, the "
                  f"parser {sorted(codes) or 'valid'}")
            failed += 1
        checked += 1
    unused = set(properties(schema)) - set(used_keys(corpus / "good"))
    for key in sorted(unused):
        print(f"not ok: no good file of the corpus has the key {key} of the schema")
        failed += 1
    if checked < int(least):
        sys.exit("not ok: the corpus is not there")
    print(f"{'not ok' if failed else 'ok'} {pathlib.Path(schema_path).stem}")
    return failed != 0


sys.exit(main(*sys.argv[1:]))
