"""The clock of botocore's signers: older versions ask datetime.utcnow(), newer ones get_current_datetime()."""

import contextlib
import datetime

import botocore.auth

try:
    import botocore.crt.auth
    SIGNERS = [botocore.auth, botocore.crt.auth]
except ImportError:
    SIGNERS = [botocore.auth]


@contextlib.contextmanager
def signers_clock(now):
    """now: a function that gives UTC without a zone."""
    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return now()

    class Module:
        datetime, timezone = Clock, datetime.timezone

    def current(remove_tzinfo=True):
        return now() if remove_tzinfo else now().replace(tzinfo=datetime.timezone.utc)

    ours = {"datetime": Module, "get_current_datetime": current}
    kept = [(module, name, getattr(module, name)) for module in SIGNERS for name in ours if hasattr(module, name)]
    for module, name, _ in kept:
        setattr(module, name, ours[name])
    try:
        yield
    finally:
        for module, name, own in kept:
            setattr(module, name, own)
