import struct
import sys

stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
number = struct.Struct("<Q")


def read_length():
    length = shift = 0
    while True:
        byte = stdin.read(1)[0]
        length |= (byte & 127) << shift
        if byte < 128:
            return length
        shift += 7


while header := stdin.readline():
    for _ in range(int(header)):
        text = stdin.read(read_length()).decode()
        stdout.write(number.pack(len(text)))
    stdout.flush()
