#!/usr/bin/python3
"""Prometheus's own reader takes the largest text of metrics there can be. Argument: the test of metrics."""

import subprocess
import sys

text = subprocess.run([sys.argv[1], "print"], capture_output=True, text=True, check=True).stdout
read = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
broken = subprocess.run(["promtool", "check", "metrics"], input=text.replace(" counter", " conter"), capture_output=True, text=True)
good = read.returncode == 0 and not read.stderr.strip() and broken.returncode != 0
print(("ok" if good else "not ok") + " 1 - promtool finds nothing wrong\n1..1")
print("".join(f"# {line}\n" for line in (read.stdout + read.stderr).splitlines()) if not good else "", end="")
sys.exit(not good)
