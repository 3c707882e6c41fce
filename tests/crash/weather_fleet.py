"""Fleets for bad weather, the other operator who works on them, and what their journals must show.

Beside the kinds of crash_room.KINDS there are these. What the other operator does is done as soon as the
journal shows what it is done after, so it comes at the same point of the row's life in every run:

  before      he sets a name of his own while the row waits for its DNS, which appears later
  same        likewise, the very name that is wanted
  gone        likewise, he deletes the identity
  after       he sets a name of his own once SES has taken the run's write, before Success
  back        likewise, what stood there before
  gone-late   likewise, he deletes the identity
  expires     SES never sees its MX: the row's time runs out. Where that happens while nobody knows what became
              of its write, it is failed instead
  later       its DNS appears when the other operator has come to all that wait for theirs"""

import collections
import sqlite3
import time

import crash_room

OTHER_KEY = ("AKIOTHEROPERATOR", "another/secret")
BEFORE, AFTER = ("before", "same", "gone"), ("after", "back", "gone-late")
OUTCOMES = {**dict.fromkeys(("set", "tight", "change", "clear", "failed", "late", "later"), {"done"}), "as-wanted": {"unchanged"},
            "same": {"done", "unchanged"}, **dict.fromkeys(("before", "after", "back"), {"drifted"}),
            **dict.fromkeys(("gone", "gone-late"), {"failed"}), "expires": {"expired", "failed"}}
NOT_STARTED = {"planned", "waiting-dns"}  # outcomes of a row that the budget has held back

# How a fleet is disturbed: the kinds of its rows, lines of its manifest, sizes of its waves (the last one
# is repeated; 0: no waves), and how many may fail.
Shape = collections.namedtuple("Shape", "name kinds head waves budget")
MIXED = ("set", "tight", "before", "change", "after", "late", "clear", "back", "failed", "gone", "same", "set", "tight",
         "as-wanted", "gone-late", "change", "set", "tight", "late", "set")
SHAPES = (
    Shape("waves", MIXED, "waves: [2, 30%, 100%]\nmax_failures: 2", (2, 6, 20), 2),
    Shape("inconclusive", ("expires", *MIXED[1:]), "waves: [3, 50%, 100%]\nmax_failures: 3", (3, 10, 20), 3),
    Shape("budget", ("set", "gone", "later", "gone", "change", "gone", "later", "gone", "later", "gone", "tight", "gone", "later"),
          "waves: [2, 25%]\nmax_failures: 2", (2, 3), 2),
    Shape("at once", MIXED, "max_failures: 10%", (0,), 2),
)


class WeatherFleet(crash_room.Fleet):
    def __init__(self, number, folder):
        self.shape = SHAPES[number % len(SHAPES)]
        self.kinds, self.head = self.shape.kinds, self.shape.head
        self.starts = []  # after which record a process was started
        super().__init__(number, len(self.kinds), folder)

    given_up = False  # rolled back where it was killed, and not brought to an end
    never_met = ()  # identities to which the other operator did not come

    def more_of(self, kind):
        return ", dns: {require: none, timeout: 12m}" if kind == "expires" else ", dns: {timeout: 6h}"

    def comparable(self):
        """Rows of the report, as those of another fleet of this shape must be."""
        for row, (_, kind) in zip(self.report_rows, self.rows):
            if kind != "expires":
                yield {**row, "ses_status": ""} if kind in BEFORE + AFTER else row

    def may_stay_behind(self):
        """Its failures use the budget up, so some rows are never started."""
        return self.shape.name == "budget"

    def first_of(self, identity, kind):
        row = next(row for row in self.ses_rows() if row[2] == identity)
        return row[5], "UseDefaultValue"

    def left(self, identity, kind, rolled_back):
        """(mail_from, behaviour) when all is over, or None. What the other operator did stays."""
        if identity in self.never_met:
            return self.first_of(identity, kind)
        wanted = {"clear": ("", "UseDefaultValue"), "tight": ("bounce." + identity, "RejectMessage")}
        if kind in ("gone", "gone-late"):
            return None
        if kind in ("before", "after"):
            return "theirs." + identity, "UseDefaultValue"
        if kind == "back" or (rolled_back and kind != "same"):
            return self.first_of(identity, kind)
        return wanted.get(kind, ("bounce." + identity, "UseDefaultValue"))


class OtherOperator:
    """lag_s: for so long a read may show what stood there before he came."""

    def __init__(self, ses, fleet, dns, ses_dns, lag_s):
        self.ses, self.fleet, self.dns, self.ses_dns, self.lag_s = ses, fleet, dns, ses_dns, lag_s
        self.waits = {i: kind for i, kind in fleet.rows if kind in BEFORE + AFTER}
        self.since = 0  # the last record of the lives before this one
        self.quiet_at = 0  # nobody is shown any more what was there before him
        for identity, kind in fleet.rows:
            if kind in (*BEFORE, "later"):
                dns.hold(identity)
            if kind in AFTER or kind == "expires":
                ses_dns.hold(identity)

    def look(self):
        """Does what is due by the journal."""
        if not self.waits or not self.fleet.journal.exists():
            return
        try:
            with crash_room.Journal(self.fleet.journal) as journal:
                rows = journal.standing()
        except (OSError, sqlite3.DatabaseError):  # copied in the middle of a write, or of the end
            return
        for identity, seq, state, accepted in rows:
            kind = self.waits.get(identity)
            if (kind in BEFORE and state == crash_room.WAITING_DNS and seq > self.since) or (kind in AFTER and accepted):
                self.act(identity, kind)

    def leave(self):
        """He comes no more, and nothing waits for him. To whom he never came."""
        never_met = set(self.waits)
        self.waits.clear()
        for identity, _ in self.fleet.rows:
            self.dns.hold(identity, 0)
            self.ses_dns.hold(identity, 0)
        return never_met

    def act(self, identity, kind):
        value = {"before": "theirs.", "after": "theirs.", "back": "old.", "same": "bounce."}.get(kind)
        if value:
            self.ses.set_identity_mail_from_domain(Identity=identity, MailFromDomain=value + identity,
                                                   BehaviorOnMXFailure="UseDefaultValue")
        else:
            self.ses.delete_identity(Identity=identity)
        del self.waits[identity]
        self.ses_dns.hold(identity, 0)
        self.quiet_at = time.time() + self.lag_s
        if kind in BEFORE:
            self.dns.hold(identity, self.quiet_at)
        for identity, kind in self.fleet.rows if not set(self.waits.values()) & set(BEFORE) else ():
            if kind == "later":
                self.dns.hold(identity, self.quiet_at + self.lag_s)


def rows_are_wrong(fleet, rows):
    """Complaints about outcomes, by what the rows are."""
    for row, (_, kind) in zip(rows, fleet.rows):
        allowed = OUTCOMES[kind] | (NOT_STARTED if fleet.may_stay_behind() else set())
        if row["outcome"] not in allowed:
            yield f"{row['identity']} ({kind}): is '{row['outcome']}', which is none of {allowed}: {row['reason']}"


def changes(calls):
    """(identity, call) of every change that SES took."""
    for call in calls:
        acts = "mail_from" in call or call["action"] == "DeleteIdentity"
        for identity in call["identities"] if acts and call["outcome"] == "ok" else ():
            yield identity, call


def replayed(fleet, calls):
    """identity -> (mail_from, behaviour), or None, when the run had ended."""
    now = {identity: fleet.first_of(identity, kind) for identity, kind in fleet.rows}
    for identity, call in changes(calls):
        if call["at"] <= fleet.ended * 1e6:
            rejects = call.get("behavior") == "REJECT_MESSAGE"
            now[identity] = call["action"] != "DeleteIdentity" and (call["mail_from"], "RejectMessage" if rejects else "UseDefaultValue") or None
    return now


def overwritten(calls):
    """Complaints about writes to an identity after another operator has been there."""
    been = {}
    for identity, call in changes(calls):
        if call["key"] == OTHER_KEY[0]:
            been[identity] = call
        elif identity in been:
            yield f"{identity}: another operator's {been[identity].get('mail_from')} was overwritten at {call['time']}"


def waves_are_wrong(fleet, records):
    """Complaints about first writes that their wave or the budget forbids. By the order of records:
    a first write in a wave wants all rows of the waves before to be final, room in its own, and no
    more failures than are allowed. No more rows are open than the wave has. After a row that has
    expired the run pauses, so another process starts the next wave."""
    started, final, failed, expired = {}, set(), 0, []
    waves = fleet.shape.waves
    for r in (r for r in records if r.run == 1):
        if r.kind == crash_room.INTENT and r.job not in started:
            size = waves[min(r.wave, len(waves)) - 1] or len(fleet.rows)
            started[r.job] = r.wave
            open_rows = [j for j in started if j not in final]
            if any(w < r.wave and not any(seq <= start < r.seq for start in fleet.starts) for seq, w in expired):
                yield f"job {r.job} was started in wave {r.wave} though the one before is inconclusive: {expired}"
            if failed > fleet.shape.budget:
                yield f"job {r.job} was started after {failed} failures"
            if list(started.values()).count(r.wave) > size or len(open_rows) > size:
                yield f"job {r.job} is one too many in wave {r.wave} of {size}: {started}"
            if any(started[j] < r.wave for j in open_rows):
                yield f"job {r.job} was started in wave {r.wave} before the wave before had ended: {started}"
        if r.state == crash_room.DONE and r.job not in final:
            final.add(r.job)
            failed += r.outcome == crash_room.FAILED
            expired += [(r.seq, r.wave)] if r.outcome == crash_room.EXPIRED and fleet.shape.waves != (0,) else []


def ses_is_wrong(fleet, found, rolled_back):
    """Complaints about what SES holds. found: identity -> (mail_from, behaviour, status), or None."""
    for row, (identity, kind) in zip(fleet.report_rows, fleet.rows):
        is_started = row["outcome"] not in NOT_STARTED or fleet.given_up
        wanted = fleet.left(identity, kind, rolled_back) if is_started else fleet.first_of(identity, kind)
        now = found[identity] and found[identity][:2]
        if kind == "expires" and row["outcome"] == "failed" and not rolled_back:
            continue  # whether it was written is what nobody knows
        if kind not in BEFORE + AFTER or is_started:
            if now != wanted:
                yield f"{identity} ({kind}, {row['outcome']}): SES has {now}, wanted {wanted}"
