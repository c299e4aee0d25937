#!/usr/bin/awk -f
{ printf "%d\n", $0 + 1 }
