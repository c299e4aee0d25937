import sys
from itertools import islice

for header in sys.stdin:
    sys.stdout.writelines(f"{int(line) + 1}\n" for line in islice(sys.stdin, int(header)))
    sys.stdout.flush()
