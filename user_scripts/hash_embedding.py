#!/usr/bin/env python3
"""Turns each line of text into a vector of 64 numbers by feature hashing.

Every word, and every three neighbouring letters of a word, adds 1 or -1 at a position
that its checksum chooses; the vector is then scaled to length 1. Texts that share words
or parts of words therefore point in similar directions. A text without words gives zeros.

ClickHouse writes one row per line and expects one line per row, in the same order.
"""
import math
import re
import sys
import zlib

DIMENSIONS = 64

ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "0": "\0"}


def unescape(value):
    """Undoes the backslash escapes of the TabSeparated format."""
    return re.sub(r"\\(.)", lambda match: ESCAPED.get(match[1], match[1]), value)


def features(text):
    for word in re.findall(r"\w+", text.lower()):
        yield word
        marked = f"<{word}>"
        for start in range(len(marked) - 2):
            yield marked[start : start + 3]


def embed(text):
    vector = [0.0] * DIMENSIONS
    for feature in features(text):
        # Python's own hash() differs from process to process; a checksum does not.
        checksum = zlib.crc32(feature.encode())
        vector[checksum % DIMENSIONS] += 1.0 if checksum & 0x80000000 else -1.0
    length = math.sqrt(sum(x * x for x in vector)) or 1.0
    return [x / length for x in vector]


if __name__ == "__main__":
    # Only "\n" ends a row, whatever bytes a String holds.
    sys.stdin.reconfigure(encoding="utf-8", errors="replace", newline="\n")
    for line in sys.stdin:
        print(embed(unescape(line.rstrip("\n"))))
        # ClickHouse waits for the rows of a block while it keeps the input open: never keep an answer back.
        sys.stdout.flush()
