/** The scripts that the rows of the option catalogue name. */
export const optionScripts: Readonly<Record<string, string>> = {
  'echo.sh': '#!/bin/sh\nexec cat\n',
  'words.sh':
    '#!/bin/sh\nall=\nfor word in "$@"; do all="$all[$word]"; done\nwhile read -r line; do echo "$all"; done\n',
  'pid.sh': '#!/bin/sh\nwhile read -r line; do echo $$; done\n',
  'count.sh':
    '#!/bin/sh\nwhile read -r n; do i=0; while [ $i -lt $n ]; do read -r l; echo $n; i=$((i+1)); done; done\n',
  'slow.sh': '#!/bin/sh\nwhile read -r line; do sleep "$1"; echo "$line"; done\n',
  'reads-late.sh': '#!/bin/sh\nsleep 1\nexec cat\n',
  'warns.sh': '#!/bin/sh\nwhile read -r line; do echo oops >&2; echo "$line"; done\n',
  'fails.sh': '#!/bin/sh\nread -r line\necho oops >&2\nexit 3\n',
  'exits-3.sh': '#!/bin/sh\nread -r line\necho "$line"\nexit 3\n',
  'lingers.sh':
    '#!/bin/sh\ntrap \'echo TERM > "$1"; exit 0\' TERM\nread -r line\necho "$line"\n[ "$2" = open ] || exec >&- 2>&-\n' +
    'while :; do sleep 0.1; done\n',
  'ends-late.sh':
    '#!/bin/sh\ntrap \'echo TERM > "$1"; exit 0\' TERM\nread -r line\necho "$line"\nexec >&- 2>&-\nsleep 1\necho END > "$1"\n',
  'first-key.sh': '#!/bin/sh\nwhile read -r line; do key=${line#*\\"}; echo "{\\"$1\\":\\"${key%%\\"*}\\"}"; done\n',
  'pipe-size.py':
    '#!/usr/bin/env python3\nimport fcntl, sys\nfor line in sys.stdin:\n    print(fcntl.fcntl(0, 1032), flush=True)\n',
};
