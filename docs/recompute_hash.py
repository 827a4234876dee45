#!/usr/bin/env python3
"""Recomputes the hashes of a version, without cfgctl.

    cfgctl version show 12 -o json | python3 recompute_hash.py

Prints config_hash and effective_hash as they follow from the values, and ends with 1 where the answer that was read
says otherwise. Nothing but Python's standard library is needed. The rule is written out in docs/reference.md.
"""

import hashlib
import json
import sys

LEAVES = 16
EMPTY_CHILD = bytes(32)


class Literal(str):
    """A number as it was written: 1e+25 and 0.10 must stay what they are."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def canonical(value):
    """Compact JSON with sorted keys; text as it is but for what JSON must escape."""
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{text(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    return text(value)


def text(value):
    return json.dumps(value, ensure_ascii=False)


def leaf(path, value):
    """Where the path stands, and its hash with its value."""
    name = path.encode()
    return sha256(name), sha256(name, b"\0", canonical(value).encode())


def digit(place, depth):
    byte = place[depth // 2]
    return byte >> 4 if depth % 2 == 0 else byte & 15


def node(leaves, depth=0):
    """The hash of a node with these leaves, which stand in the order of their places."""
    if len(leaves) <= LEAVES:
        return sha256(b"leaves\0", *(own for _, own in leaves))
    children = [[] for _ in range(16)]
    for entry in leaves:
        children[digit(entry[0], depth)].append(entry)
    return sha256(b"branch\0", *(node(child, depth + 1) if child else EMPTY_CHILD for child in children))


def main():
    version = json.load(sys.stdin, parse_int=Literal, parse_float=Literal)
    config = node(sorted(leaf(item["path"], item["value"]) for item in version["items"]))
    effective = sha256(b"effective\0", bytes.fromhex(version["base_hash"]), config)
    right = True
    for name, found in (("config_hash", config.hex()), ("effective_hash", effective.hex())):
        holds = found == version[name]
        right = right and holds
        print(f"{name} {found} {'holds' if holds else 'does not hold: ' + version[name] + ' was claimed'}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
