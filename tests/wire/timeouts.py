"""How long a test waits. Bounds on time and memory are those of the programs as they are shipped; where
they run with a sanitizer or under valgrind, TEST_PATIENCE says by how much each may be missed."""

import contextlib
import os

PATIENCE = float(os.environ.get("TEST_PATIENCE", "1"))


def patient(bound):
    return bound * PATIENCE


@contextlib.contextmanager
def leaks_unwatched():
    """For programs under a tracer, where the leak sanitizer cannot work; what else it was told stays."""
    told = os.environ.get("ASAN_OPTIONS", "")
    os.environ["ASAN_OPTIONS"] = told + ":detect_leaks=0"
    try:
        yield
    finally:
        os.environ["ASAN_OPTIONS"] = told
