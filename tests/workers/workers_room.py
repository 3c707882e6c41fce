"""Many workers on one journal: a fleet in several accounts and Regions, ses-sim, a PostgreSQL server of
the test's own, and workers with keys of their own, so that ses-sim's log says who has called.

The clocks of all programs, the server's too, run SPEED times as fast; leases, time-outs and waits keep
their true lengths in the programs' time. Nothing here is a test."""

import collections
import contextlib
import csv
import io
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "crash"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

import crash_room
import database
import rehearsal_room as rehearsal
from rehearsal_room import check, until, verdict
from timeouts import patient

WRITES = ("SetIdentityMailFromDomain", "PutEmailIdentityMailFromAttributes")
OF_NOBODY = {"GetCallerIdentity", "DeleteIdentity"}  # asked of STS, which counts no lane; done by an outsider
REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
RATE = 1.0  # calls a second of the programs' time, per lane and action
LATE = 4  # calls of one worker that may be late together
CALL_TIMEOUT = 8  # seconds of the programs' time
QUICK = ("--call-timeout", f"{CALL_TIMEOUT}s")
DONE, CANNOT_RUN, TROUBLE, STOPPED = 0, 1, 3, 4


class Names(crash_room.Dns):
    """Identities are named d0.REGION.aN.test, and their records are those of the Region."""

    @staticmethod
    def host_of(labels):
        region = next((label for label in labels if label in REGIONS), REGIONS[0])
        return f"feedback-smtp.{region}.amazonses.com"


class Fleet:
    """`each` identities in every lane. more: further top-level keys of the manifest. only: the number of the one
    lane that it has."""

    def __init__(self, room, name, accounts, regions, each, kinds=("set",), more=None, first=0, only=None):
        self.name, self.rows = name, []
        for a in range(accounts):
            for region in regions:
                if only is not None and only != a * len(regions) + regions.index(region):
                    continue
                for n in range(first, first + each):
                    kind = kinds[n % len(kinds)]
                    self.rows.append((f"{'late' if kind == 'late' else 'd'}{n}.{region}.a{a}.test", a, region, kind))
        self.path = room.path / f"{name}.yaml"
        self.path.write_text(json.dumps({
            "version": 1, "accounts": {f"a{a}": {"profile": f"p{a}", "account_id": number(a)} for a in range(accounts)},
            "defaults": {"mail_from": "bounce.{domain}"}, **(more or {}),
            "identities": [{"identity": i, "account": f"a{a}", "region": region,
                            **({"behavior_on_mx_failure": "REJECT_MESSAGE"} if kind == "tight" else {})}
                           for i, a, region, kind in self.rows]}))

    def ses_rows(self):
        for identity, a, region, kind in self.rows:
            if kind == "absent":
                continue
            before = "old." + identity if kind == "change" else "bounce." + identity if kind == "as-wanted" else ""
            yield [number(a), region, identity, "DOMAIN", "SUCCESS", before, "USE_DEFAULT_VALUE", "SUCCESS" if before else "", "true"]


def number(account):
    return f"{111100000000 + account}"


def key(worker, account):
    return f"AKIDW{worker}A{account}"


class Worker:
    """A process `mailfrom work`, with the keys of some accounts."""

    def __init__(self, room, index, url, accounts=None, name=None, options=(), skew=0, endpoint=None):
        self.room, self.index, self.url, self.name = room, index, url, name or f"w{index}"
        self.options, self.process, self.pids, self.endpoint = options, None, [], endpoint
        self.home = room.path / f"worker{index}"
        (self.home / ".aws").mkdir(parents=True, exist_ok=True)
        self.clock = self.home / "clock"
        self.clock.write_text(str(skew))
        self.give(range(room.accounts) if accounts is None else accounts)

    def give(self, accounts):
        (self.home / ".aws/credentials").write_text("".join(
            f"[p{a}]\naws_access_key_id = {key(self.index, a)}\naws_secret_access_key = secret{self.index}\n" for a in accounts))

    def start(self, *options):
        return self.start_verb("work", "--journal", self.url, "--name", self.name, *QUICK, *self.options, *options)

    def start_verb(self, *words):
        environment = {**self.room.environment(self.home), "WALL_CLOCK": str(self.clock),
                       **({"AWS_ENDPOINT_URL": self.endpoint} if self.endpoint else {})}
        with open(self.home / "said", "ab") as said:
            self.process = subprocess.Popen([self.room.mailfrom, *map(str, words)], cwd=self.home, env=environment,
                                            stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        self.pids.append(self.process.pid)
        self.room.of_pid[self.process.pid] = self.index
        return self

    def words(self):
        return (self.home / "said").read_text(errors="replace")

    def lives(self):
        return self.process and self.process.poll() is None

    def kill(self, how=signal.SIGKILL):
        if self.lives():
            self.process.send_signal(how)

    def ends(self, seconds=60):
        """Its exit code; None: it goes on."""
        try:
            return self.process.wait(patient(seconds))
        except subprocess.TimeoutExpired:
            return None


class Room:
    """accounts: how many; lanes are theirs in `regions`. workers: how many sets of keys there are."""

    def __init__(self, programs, accounts=2, regions=REGIONS, speed=10, workers=6, sim=(), rate=RATE, audited=True,
                 denied=None):
        self.mailfrom, self.ses_sim, clock = programs[:3]
        self.accounts, self.regions, self.speed, self.rate = accounts, regions, speed, rate
        self.folder = tempfile.TemporaryDirectory(prefix="workers.")
        self.path = pathlib.Path(self.folder.name)
        self.path.chmod(0o755)
        library = self.path / "clock.so"
        shutil.copy(clock, library)
        library.chmod(0o755)
        self.clocks = {"LD_PRELOAD": str(library), "CLOCK_SPEED": str(speed),
                       "CLOCK_SINCE": str(time.clock_gettime_ns(time.CLOCK_BOOTTIME))}
        self.denied = denied or {}  # by the index of a worker: what IAM refuses its keys
        self.of_pid, self.workers, self.keys, self.sim_options = {}, [], workers, sim
        self.dns, self.sim = Names(), None
        self.server_clock = self.path / "server.clock"
        self.server_clock.write_text("0")
        self.server_clock.chmod(0o644)
        self.server = database.Server({**self.clocks, "WALL_CLOCK": str(self.server_clock)})
        self.runs = {}

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for worker in self.workers:
            if worker.lives():
                worker.kill(signal.SIGCONT)
                worker.kill()
                worker.process.wait()
        if self.sim:
            self.sim.terminate()
            self.sim.wait()
        if kind or not all(rehearsal.checks) or os.environ.get("KEEP_ROOM"):
            self.keep()
        self.server.close()
        self.folder.cleanup()

    def keep(self):
        """For whoever looks into a complaint."""
        kept = tempfile.mkdtemp(prefix="workers.kept.")
        shutil.copytree(self.path, kept, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock"))
        shutil.copy(self.server.folder / "log", f"{kept}/server.log")
        tables = subprocess.run([self.server.bin / "pg_dumpall", "-d", self.server.at("postgres")], capture_output=True, text=True)
        pathlib.Path(f"{kept}/tables.sql").write_text(tables.stdout + tables.stderr)
        print(f"# everything is kept in {kept}", flush=True)

    @staticmethod
    def clean():
        return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MAILFROM_", "PG", "CLOCK_"))}

    def environment(self, home=None):
        return {**self.clean(), **self.clocks, "HOME": str(home or self.path), "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_ENDPOINT_URL": self.url, "TMPDIR": str(self.path)}

    def programs_time(self):
        """Seconds since 1970, by the programs' wall clock."""
        since = int(self.clocks["CLOCK_SINCE"])
        return time.time() + (time.clock_gettime_ns(time.CLOCK_BOOTTIME) - since) / 1e9 * (self.speed - 1)

    def serve(self, *fleets):
        """ses-sim with the identities of the fleets and the keys of every worker."""
        with open(self.path / "identities.csv", "w", newline="") as out:
            table = csv.writer(out, lineterminator="\n")
            table.writerow("account,region,identity,type,verified,mail_from,behavior,status,forwarding".split(","))
            for fleet in fleets:
                table.writerows(fleet.ses_rows())
        with open(self.path / "keys.csv", "w", newline="") as out:
            table = csv.writer(out, lineterminator="\n")
            table.writerow("account access_key_id secret_access_key deny".split())
            table.writerows((number(a), key(w, a), f"secret{w}", self.denied.get(w, "")) for w in range(self.keys) for a in range(self.accounts))
        self.log = self.path / "calls.jsonl"
        self.sim = subprocess.Popen(
            [self.ses_sim, "--identities", self.path / "identities.csv", "--credentials", self.path / "keys.csv",
             "--resolver", self.dns.address, "--rate", "1000000", "--burst", "1000000", "--detect-after", "0",
             "--log", self.log, *self.sim_options], stdout=subprocess.PIPE, text=True, env={**self.clean(), **self.clocks})
        self.url = self.sim.stdout.readline().split()[1]

    def begin_database(self, name="mailfrom", schema="mailfrom", query=None):
        """An empty database with the tables of mailfrom, and with a witness of every lease."""
        if [name] not in self.server.ask("SELECT datname FROM pg_database"):
            self.server.ask(f"CREATE DATABASE {name}")
        url = self.server.at(name, **(query or {}))
        done = self.verb("journal", "init", "--journal", url, preload=False)  # ten seconds are one of the fast clock
        if done.returncode:
            raise RuntimeError(f"journal init: {done.stderr}")
        self.witness(name, schema)
        return url

    def witness(self, name, schema="mailfrom"):
        """Keeps every change of a lease's holder: of the server, so no worker can forget it."""
        self.server.ask(f"""
            CREATE TABLE {schema}.witness (at timestamptz, number text, region text, run bigint, worker bigint, epoch bigint, pid int);
            GRANT ALL ON {schema}.witness TO PUBLIC;
            CREATE FUNCTION {schema}.testify() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                INSERT INTO {schema}.witness SELECT clock_timestamp(), NEW.number, NEW.region, NEW.run, NEW.worker, NEW.epoch,
                    (SELECT pid FROM {schema}.worker w WHERE w.id = NEW.worker);
                RETURN NULL; END $$;
            CREATE TRIGGER testify AFTER INSERT OR UPDATE ON {schema}.lease FOR EACH ROW EXECUTE FUNCTION {schema}.testify()""", name)

    def verb(self, verb, *arguments, url=None, home=None, seconds=120, preload=True, **more):
        environment = self.environment(home) if self.sim else {**self.clean(), **self.clocks, "HOME": str(self.path)}
        if not preload:
            environment = {name: value for name, value in environment.items() if name not in self.clocks}
        command = [self.mailfrom, verb, *map(str, arguments), *(("--journal", url) if url else ())]
        return subprocess.run(command, cwd=self.path, env={**environment, **more}, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=patient(seconds))

    def submit(self, fleet, url, *options, home=None, rate=None):
        """The run's number. The submitter has no credentials at all."""
        done = self.verb("apply", fleet.path, "--yes", "--submit", "--rate", rate or self.rate, "--resolver", self.dns.address, "--dns",
                         "recursive", *options, url=url, home=home)
        words = [word.strip(".,:") for word in done.stdout.split() + done.stderr.split()]
        numbers = [int(word) for word in words if word.isdigit()]
        if done.returncode or not numbers:
            raise RuntimeError(f"apply --submit ends with {done.returncode}: {done.stdout}{done.stderr}")
        self.runs[fleet.name] = numbers[0]
        return numbers[0]

    def worker(self, index, url, **more):
        worker = Worker(self, index, url, **more)
        self.workers.append(worker)
        return worker

    def report(self, run, url):
        """{identity: row}, as anybody sees it."""
        done = self.verb("report", run, "--report", "csv:-", "--quiet", url=url)
        return {row["identity"]: row for row in csv.DictReader(io.StringIO(done.stdout))}

    def run_state(self, run, database="mailfrom", schema="mailfrom"):
        return int(self.server.ask(f"SELECT state FROM {schema}.run WHERE {self.RUN_NUMBER} = {run}", database)[0][0])

    RUN_NUMBER = "id"

    def wait_for_end(self, run, seconds, database="mailfrom", schema="mailfrom", each=lambda: None):
        """True when the run has ended. each: called between the looks."""
        deadline = time.monotonic() + patient(seconds)
        while time.monotonic() < deadline:
            try:
                if self.run_state(run, database, schema) >= 1:
                    return self.run_state(run, database, schema) == 2
            except (RuntimeError, IndexError):
                pass
            each()
            time.sleep(0.2)
        return False

    def calls(self):
        """Every call of SES: at (seconds of the programs' time), lane, worker (its index), action, identities."""
        found = []
        for line in self.log.read_text().splitlines():
            call = json.loads(line)
            if not call.get("key", "").startswith("AKIDW"):
                continue
            call["at"] = datetime.fromisoformat(call["time"].replace("Z", "+00:00")).timestamp()
            call["lane"] = (call["account"], call["region"])
            call["worker"] = int(call["key"][5:].split("A")[0])
            found.append(call)
        return found

    def writes(self):
        return [call for call in self.calls() if call["action"] in WRITES]

    def tenures(self, database="mailfrom", schema="mailfrom"):
        """{lane: [(since, index of the worker or None, epoch)]}, by the witness."""
        rows = self.server.ask(f"SELECT extract(epoch FROM at), number, region, pid, epoch FROM {schema}.witness ORDER BY at", database)
        found = collections.defaultdict(list)
        for at, account, region, pid, epoch in rows:
            holder = self.of_pid.get(int(pid)) if pid else None
            story = found[account, region]
            if not story or story[-1][1:] != (holder, int(epoch)):
                story.append((float(at), holder, int(epoch)))
        return found


SLACK = 0.02  # seconds of the programs' time, times the speed: what one line of a log may come late


def two_writers(calls, tenures, slack, quiet_apart=True):
    """Complaints about writes that were not by the holder of the lane. A write that was on its way when
    the lease passed on is late, which is what the quiet time is for; after the first call of the new
    holder there is none."""
    complaints, counts = [], collections.Counter()
    per_lane = collections.defaultdict(list)
    for call in calls:
        if call["action"] not in OF_NOBODY:
            per_lane[call["lane"]].append(call)
    for lane, story in per_lane.items():
        claims = [t for t in tenures.get(lane, []) if t[1] is not None]
        story.sort(key=lambda call: call["at"])
        for call in story:
            if call["action"] not in WRITES:
                continue
            held = [t for t in claims if t[0] <= call["at"] + slack]
            if not held:
                complaints.append(f"{lane}: w{call['worker']} writes {call['identities']} without ever a lease")
                continue
            since, holder, epoch = held[-1]
            if holder == call["worker"]:
                continue
            own = [t for t in claims if t[1] == call["worker"]]
            begun = [c for c in story if c["worker"] == holder and c["at"] >= since and c["action"] in WRITES]
            if own and len(held) > 1 and call["at"] - since < slack:
                continue
            counts["late writes"] += 1
            if not own or not quiet_apart or (begun and begun[0]["at"] < call["at"]):
                complaints.append(f"{lane}: w{call['worker']} writes {call['identities']} at {call['at']:.2f}, "
                                  f"{call['at'] - since:.2f} s after w{holder} has claimed it (epoch {epoch})")
    counts["claims"] += sum(len([t for t in story if t[1] is not None]) for story in tenures.values())
    return complaints, counts


def double_intervals(calls, slack):
    """Complaints by the log alone, without the database: in each lane the writes of two workers may not
    be interleaved more often than a takeover takes, which is the time-out of a call and more, unless a
    worker has resigned."""
    complaints = []
    per_lane = collections.defaultdict(list)
    for call in calls:
        if call["action"] in WRITES:
            per_lane[call["lane"]].append(call)
    for lane, story in per_lane.items():
        story.sort(key=lambda call: call["at"])
        turns = [story[0]] if story else []
        for call in story:
            if call["worker"] != turns[-1]["worker"]:
                turns.append(call)
        for a, b, c in zip(turns, turns[1:], turns[2:]):
            if a["worker"] == c["worker"] and c["at"] - b["at"] < slack:
                complaints.append(f"{lane}: w{a['worker']}, w{b['worker']}, w{c['worker']} write within {c['at'] - b['at']:.2f} s")
    return complaints


def too_fast(calls, rate, slack):
    """Complaints about the pace, over all workers: how long before its time does a call come? One worker's
    own calls may be late on their way, where a machine is busy, and the next ones in time; between two workers
    there is no such excuse. Also the worst of both."""
    complaints, buckets, last, worst = [], {}, {}, 0.0
    for call in sorted(calls, key=lambda call: call["at"]):
        if call["action"] in OF_NOBODY:
            continue
        at, who = call["at"], (call["lane"], call["action"])
        due = buckets.get(who, at)
        excuse = LATE / rate if last.get(who) == call["worker"] else 0
        if due - at > slack + excuse:
            complaints.append(f"{who}: a call of w{call['worker']} comes {due - at:.3f} s early, after one of w{last[who]}")
        worst = max(worst, due - at)
        last[who], buckets[who] = call["worker"], max(due, at) + 1 / rate
    return complaints, worst


def rows_of_the_judge(room, fleets, url, judged=("done",)):
    """Complaints about rows that are not done, or SES that is not as wanted."""
    complaints = []
    for fleet in fleets:
        rows = room.report(room.runs[fleet.name], url)
        if len(rows) != len(fleet.rows):
            complaints.append(f"{fleet.name}: {len(rows)} rows instead of {len(fleet.rows)}")
        for identity, row in rows.items():
            if row["outcome"] not in (*judged, "unchanged"):
                complaints.append(f"{identity}: {row['outcome']}: {row['reason']}")
    return complaints


def ses_differs(room, fleet):
    """SES itself, by AWS's SDK."""
    complaints = []
    for a in range(room.accounts):
        for region in room.regions:
            names = [i for i, account, where, _ in fleet.rows if (account, where) == (a, region)]
            wanted = {i: "RejectMessage" if kind == "tight" else "UseDefaultValue" for i, _, _, kind in fleet.rows}
            found = settings(room, a, region, names)
            complaints += [f"{i}: SES has {found[i]}" for i in names
                           if found[i] != ("bounce." + i, wanted[i], "Success")]
    return complaints


@contextlib.contextmanager
def outsider(room, account, region):
    """AWS's SDK, with the clock of the programs."""
    import boto3
    import botocore.config
    from botocore_clock import signers_clock

    with signers_clock(lambda: datetime.fromtimestamp(room.programs_time(), timezone.utc).replace(tzinfo=None)):
        yield boto3.client("ses", endpoint_url=room.url, region_name=region, aws_access_key_id=key(0, account),
                           aws_secret_access_key="secret0", config=botocore.config.Config(retries={"max_attempts": 5}))


def settings(room, account, region, names):
    found = {}
    with outsider(room, account, region) as client:
        for first in range(0, len(names), 100):
            answer = client.get_identity_mail_from_domain_attributes(Identities=names[first:first + 100])
            for name, facts in answer["MailFromDomainAttributes"].items():
                found[name] = (facts.get("MailFromDomain", ""), facts["BehaviorOnMXFailure"], facts.get("MailFromDomainStatus", ""))
    return {name: found.get(name) for name in names}


def complaints_of(room, fleets, url, database="mailfrom", schema="mailfrom", counts=None, slack=None, done=True, clocks_off=False,
                  only=None, clock_steps=False):
    """Everything that must hold, whatever was done to the workers. slack: seconds of the programs' time
    for what a busy machine makes late. only: the workers (indexes) that this journal has."""
    counts = collections.Counter() if counts is None else counts
    slack = slack or 0.08 * room.speed
    calls, found = [c for c in room.calls() if only is None or c["worker"] in only], {}
    if clock_steps:  # the witness's own clock was set
        found["a lane has one writer at a time"] = double_intervals(calls, CALL_TIMEOUT)
    else:
        found["a lane has one writer at a time"], told = two_writers(calls, room.tenures(database, schema), slack)
        counts.update(told)
    found["the pace holds over all workers"], worst = too_fast(calls, room.rate, slack)
    counts["calls"] += len(calls)
    counts["hundredths of a second too early at worst"] = round(100 * worst)
    counts["throttled"] += sum(call["outcome"] in ("Throttling", "TooManyRequestsException") for call in calls)
    found["every write was kept before it was sent, and none repeated without a look"] = kept_before_sent(
        room, [room.runs[f.name] for f in fleets], calls, database, schema, counts, 2 * 86400 if clocks_off else 1)
    if done:
        found["every identity is done"] = rows_of_the_judge(room, fleets, url)
        found["SES is as wanted"] = [c for fleet in fleets for c in ses_differs(room, fleet)]
    return found


def judged(title, found, counts):
    for what, complaints in found.items():
        check(f"{title}: {what}", not complaints, "\n".join(map(str, complaints[:12])), f"{len(complaints)} complaints")
    print("# " + ", ".join(f"{n} {what}" for what, n in sorted(counts.items())), flush=True)


def kept_before_sent(room, runs, calls, database, schema, counts, slack):
    """Holds ses-sim's log against the journal, as the crash campaigns do. slack: seconds by which the clocks
    of workers and of ses-sim differ."""
    of_runs = ", ".join(map(str, runs))
    names = {(int(run), int(place)): name for run, place, name in room.server.ask(
        f"SELECT run, {Tables.CHOICE_PLACE}, identity FROM {schema}.choice WHERE run IN ({of_runs})", database)}
    columns = [Tables.RECORD_NUMBER if c == "seq" else c for c in crash_room.Record._fields]
    rows = room.server.ask(f"SELECT {', '.join(columns)} FROM {schema}.record WHERE run IN ({of_runs}) ORDER BY {Tables.RECORD_NUMBER}",
                           database)
    texts = crash_room.Record._fields.index("write_mail_from")
    records = [crash_room.Record(*(v if i == texts else int(v or 0) for i, v in enumerate(row))) for row in rows]
    stories = {name: {"intents": [], "shown": [], "writes": [], "looks": []} for name in names.values()}
    accepted = collections.Counter()
    for r in records:
        if r.kind == Tables.OTHERS or (r.run, r.job) not in names:
            continue
        crash_room.record_told(stories[names[r.run, r.job]], r, r.accepted > accepted[r.run, r.job])
        accepted[r.run, r.job] = r.accepted
    for call in calls:
        for identity in call["identities"]:
            if identity in stories and "mail_from" in call:
                stories[identity]["writes"].append((int(call["at"] * 1e6), (call["mail_from"], call["behavior"]), call["outcome"] == "ok"))
            elif identity in stories and ("MailFrom" in call["action"] or call["action"] == "GetEmailIdentity"):
                stories[identity]["looks"].append(int(call["at"] * 1e6))
    return [f"{i}: {c}" for i, story in stories.items() for c in crash_room.job_history_faults(story, counts, slack * 1000000)]


class Tables:
    """What the tables' columns are called in PostgreSQL."""

    CHOICE_PLACE, RECORD_NUMBER, OTHERS = "place", "seq", -1
