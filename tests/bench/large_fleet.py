#!/usr/bin/python3
"""Writes a large manifest: identities spread evenly over lanes, an account each. The rows are in a
CSV beside it.

    large_fleet.py FOLDER IDENTITIES LANES    prints the path of the manifest
"""

import pathlib
import sys


def manifest(lanes, rows):
    accounts = "".join(f"  a{n:04d}:\n    regions: [us-east-1]\n" for n in range(lanes))
    return (
        f"version: 1\naccounts:\n{accounts}"
        f"defaults:\n  region: us-east-1\n  mail_from: bounce.{{domain}}\nidentities_from: {rows}\n"
    )


def main():
    folder, identities, lanes = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    rows = folder / f"fleet-{identities}-{lanes}.csv"
    with rows.open("w") as out:
        out.write("identity,account\n")
        out.writelines(f"d{n}.example,a{n % lanes:04d}\n" for n in range(identities))
    path = rows.with_suffix(".yaml")
    path.write_text(manifest(lanes, rows.name))
    print(path)


if __name__ == "__main__":
    main()
