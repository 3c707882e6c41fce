"""Lines of TAP for the tests of what people install."""

import sys

failed = []
count = 0


def check(title, wrong):
    """wrong: what is not as it should be, one line each; empty when all is well."""
    global count
    count += 1
    print(("not ok" if wrong else "ok") + f" {count} - {title}")
    for line in wrong:
        print("#", line)
    failed.extend(wrong)


def verdict():
    print(f"1..{count}")
    sys.exit(1 if failed else 0)
