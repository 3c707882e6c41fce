#!/usr/bin/python3
"""The peer: a manifest read by PyYAML's C loader. Argument: FILE. Prints JSON: processor seconds."""

import json
import sys
import time

import yaml

with open(sys.argv[1], encoding="utf-8") as manifest:
    began = time.process_time()
    yaml.load(manifest, Loader=yaml.CSafeLoader)
    print(json.dumps({"cpu": time.process_time() - began}))
