import struct
import sys

stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
number = struct.Struct("<Q")

while header := stdin.readline():
    for _ in range(int(header)):
        (n,) = number.unpack(stdin.read(8))
        stdout.write(number.pack(n + 1))
    stdout.flush()
