#!/usr/bin/awk -f
{ print length($0) }
