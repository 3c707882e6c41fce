#!/usr/bin/python3
"""Who may carry what: credentials that are spread over workers, lanes by pattern and by number, a schema
for each fleet in one database, roles with least rights, and two teams whose rows are closed to each other.

  shares.py MAILFROM SES-SIM CLOCK [--only SCENARIO]"""

import argparse
import collections
import json
import signal
import sys
import time

import workers_room
from workers_room import DONE, REGIONS, check, judged, until, verdict

SPEED = 10


def lanes_written(room, worker):
    return {call["lane"] for call in room.writes() if call["worker"] == worker.index}


def dismissed(workers):
    for w in workers:
        w.kill(signal.SIGTERM)
    return [w.ends() for w in workers]


def credentials(room):
    """Each worker has the keys of one account, and of the third account nobody has any."""
    fleet = workers_room.Fleet(room, "credentials", 3, REGIONS, 6)
    yield fleet
    url, counts = room.begin_database("credentials"), collections.Counter()
    run = room.submit(fleet, url)
    workers = [room.worker(a, url, accounts=[a]).start() for a in (0, 1)]
    done = until(lambda: sum(r["outcome"] == "done" for r in room.report(run, url).values()) == 36, 60)
    check("credentials: the lanes of two accounts are done", done, *(w.words()[-1500:] for w in workers))
    check("credentials: each by who has its keys", all({lane[0] for lane in lanes_written(room, w)} == {workers_room.number(w.index)}
          for w in workers), [lanes_written(room, w) for w in workers])
    status = room.verb("status", run, url=url).stdout
    check("credentials: status names what nobody could carry", workers_room.number(2) in status or "a2" in status, status)
    check("credentials: and who has tried", any(f"w{a}" in status for a in (0, 1)), status)
    rows = room.report(run, url)
    check("credentials: no identity has failed of it", not [i for i, r in rows.items() if r["outcome"] == "failed"], rows)
    once = room.worker(3, url, accounts=[0]).start("--once")
    code = once.ends(30)
    check("credentials: --once ends with 4, for lanes are left", code == 4, code, once.words()[-1000:])
    workers[0].give([0, 2])
    done = room.wait_for_end(run, 60, "credentials")
    check("credentials: who gets keys carries the rest, without being begun again", done, *(w.words()[-1500:] for w in workers))
    dismissed(workers)
    judged("credentials", workers_room.complaints_of(room, [fleet], url, "credentials", counts=counts, only={0, 1, 3}), counts)


def patterns(room):
    """--lanes and --max-lanes."""
    fleet = workers_room.Fleet(room, "patterns", 3, REGIONS, 8, first=100)
    yield fleet
    url, counts = room.begin_database("patterns"), collections.Counter()
    run = room.submit(fleet, url)
    one = room.worker(4, url, options=("--lanes", "a0/*", "--lanes", f"{workers_room.number(1)}/eu-*")).start()
    time.sleep(3)
    wanted = {(workers_room.number(0), r) for r in REGIONS} | {(workers_room.number(1), "eu-west-1")}
    check("patterns: only lanes that fit", until(lambda: lanes_written(room, one) == wanted, 30), lanes_written(room, one), one.words()[-800:])
    few = room.worker(5, url, options=("--max-lanes", "2")).start()
    most = 0

    def held():
        rows = room.server.ask("SELECT count(*) FROM mailfrom.lease l JOIN mailfrom.worker w ON w.id = l.worker"
                               f" WHERE w.name = 'w5' AND NOT l.resigned AND l.expires > clock_timestamp()", "patterns")
        return int(rows[0][0])

    def watch():
        nonlocal most
        most = max(most, held())

    done = room.wait_for_end(run, 90, "patterns", each=watch)
    check("patterns: the run ends", done, *(w.words()[-1500:] for w in (one, few)))
    check("patterns: never more than two lanes at a time", most == 2, most)
    dismissed([one, few])
    judged("patterns", workers_room.complaints_of(room, [fleet], url, "patterns", counts=counts, only={4, 5}), counts)


def schemas(room):
    """A schema for each fleet in one database: runs, workers and leases know nothing of each other."""
    fleets = [workers_room.Fleet(room, f"schema{n}", 2, REGIONS[:2], 8, first=200 + 100 * n) for n in range(2)]
    yield fleets
    urls = [room.begin_database("schemas", f"fleet{n}", query={"schema": f"fleet{n}"}) for n in range(2)]
    runs = [room.submit(fleet, url) for fleet, url in zip(fleets, urls)]
    # Each schema has lanes of its own, so for the judge of the pace they are carried one after the other.
    for n, (fleet, url, run) in enumerate(zip(fleets, urls, runs)):
        counts, worker = collections.Counter(), room.worker(6 + n, url).start()
        check(f"schemas: the run of fleet{n} ends", room.wait_for_end(run, 60, "schemas", f"fleet{n}"), worker.words()[-1500:])
        other = {row[0] for row in fleets[1 - n].rows}
        check(f"schemas: nothing of the other is touched", not [c for c in room.writes() if c["worker"] == worker.index and
                                                              c["identities"][0] in other])
        dismissed([worker])
        judged(f"schemas: fleet{n}", workers_room.complaints_of(room, [fleet], url, "schemas", f"fleet{n}", counts=counts,
                                                              only={worker.index}), counts)
    tables = room.server.ask("SELECT table_schema FROM information_schema.tables WHERE table_schema NOT IN"
                             " ('pg_catalog', 'information_schema', 'fleet0', 'fleet1')", "schemas")
    check("schemas: nothing lies outside them", not tables, tables)


def teams(room):
    """Two teams in one journal, whose rows are closed to each other; and roles with least rights."""
    fleets = [workers_room.Fleet(room, f"team{n}", 3, REGIONS[n:n + 1], 6, first=500 + 100 * n) for n in range(2)]
    yield fleets
    server, counts = room.server, collections.Counter()
    owner = room.begin_database("teams")
    for n in range(2):
        server.ask(f"CREATE ROLE team{n} NOLOGIN; CREATE ROLE submitter{n} LOGIN IN ROLE mailfrom_submitter, team{n};"
                   f" CREATE ROLE worker{n} LOGIN IN ROLE mailfrom_worker, team{n};"
                   f" CREATE ROLE reader{n} LOGIN IN ROLE mailfrom_reader, team{n}")
    server.ask("CREATE ROLE nobody LOGIN; CREATE ROLE stranger LOGIN IN ROLE mailfrom_worker")
    url = lambda kind, n, **more: server.at("teams", f"{kind}{n}", **more)
    runs = [room.submit(fleets[n], url("submitter", n, team=f"team{n}")) for n in range(2)]
    for n in range(2):
        said = room.verb("status", runs[1 - n], url=url("reader", n))
        check(f"teams: to team {n} the other's run is not there", said.returncode == workers_room.CANNOT_RUN and
              fleets[1 - n].rows[0][0] not in said.stdout, said.stdout, said.stderr)
        rows = server.ask("SELECT DISTINCT run FROM mailfrom.choice", "teams", f"reader{n}")
        check(f"teams: nor by SQL", rows == [[str(runs[n])]], rows)
    said = room.verb("status", url=server.at("teams", "nobody"))
    check("teams: who has no role sees nothing", said.returncode == workers_room.CANNOT_RUN, said.stdout, said.stderr)
    said = room.verb("pause", runs[0], url=url("reader", 0))
    check("teams: a reader gives no orders", said.returncode == workers_room.CANNOT_RUN, said.stdout, said.stderr)
    for title, role, change in (
            ("a worker does not change records", "worker0", "UPDATE mailfrom.record SET outcome = 0"),
            ("a worker does not delete", "worker0", "DELETE FROM mailfrom.record"),
            ("a worker begins no run", "worker0", "INSERT INTO mailfrom.run (state) VALUES (0)"),
            ("a submitter does not change records", "submitter0", "UPDATE mailfrom.record SET outcome = 0"),
            ("a reader changes nothing", "reader0", "UPDATE mailfrom.run SET state = 2"),
            ("a worker makes itself no carrier", "worker0", "INSERT INTO mailfrom.carrier VALUES ('worker0', '*')"),
            ("nobody makes tables", "worker0", "CREATE TABLE mailfrom.more (n int)")):
        try:
            told = server.ask(change, "teams", role)
            check(f"teams: {title}", False, told)
        except RuntimeError as refused:
            check(f"teams: {title}", "permission denied" in str(refused), refused)
    workers = [room.worker(8 + n, url("worker", n)).start() for n in range(2)]
    for n in range(2):
        check(f"teams: the run of team {n} ends", room.wait_for_end(runs[n], 60, "teams"), workers[n].words()[-1500:])
        other = {row[0] for row in fleets[1 - n].rows}
        check(f"teams: nobody of the other team has touched it", not [c for c in room.writes() if c["worker"] == 8 + n and
                                                                     c["identities"][0] in other])
    dismissed(workers)
    judged("teams", workers_room.complaints_of(room, fleets, owner, "teams", counts=counts, only={8, 9}), counts)


def carriers(room):
    """Which lanes a role may carry, by rows that its members cannot change."""
    fleet = workers_room.Fleet(room, "carriers", 2, REGIONS[:2], 6, first=800)
    yield fleet
    owner, counts = room.begin_database("carriers"), collections.Counter()
    for n, region in enumerate(REGIONS[:2]):
        room.server.ask(f"CREATE ROLE carrier{n} LOGIN IN ROLE mailfrom_worker; "
                        f"INSERT INTO mailfrom.carrier VALUES ('carrier{n}', '*/{region}')", "carriers")
    run = room.submit(fleet, owner)
    workers = [room.worker(10 + n, room.server.at("carriers", f"carrier{n}")).start() for n in range(2)]
    check("carriers: the run ends", room.wait_for_end(run, 60, "carriers"), *(w.words()[-1500:] for w in workers))
    for n, region in enumerate(REGIONS[:2]):
        lanes = lanes_written(room, workers[n])
        check(f"carriers: each its Region", {lane[1] for lane in lanes} == {region}, lanes)
    dismissed(workers)
    judged("carriers", workers_room.complaints_of(room, [fleet], owner, "carriers", counts=counts, only={10, 11}), counts)


def many(room):
    """More runs at a time than a worker carries at once, each with a lane of its own, and then more of them on
    the same lanes."""
    fleets = [workers_room.Fleet(room, f"many{n}", 9, REGIONS, 2, first=900 + 10 * n, only=n % 27) for n in range(40)]
    yield fleets
    url, counts = room.begin_database("many"), collections.Counter()
    runs = [room.submit(fleet, url) for fleet in fleets]
    workers = [room.worker(12 + n, url).start() for n in range(2)]
    ended = until(lambda: all(room.run_state(run, "many") == 2 for run in runs[::4]) and
                  all(room.run_state(run, "many") == 2 for run in runs), 100)
    check("many: all runs end", ended, [room.run_state(run, "many") for run in runs], *(w.words()[-1500:] for w in workers))
    dismissed(workers)
    judged("many", workers_room.complaints_of(room, fleets, url, "many", counts=counts, only={12, 13}), counts)


def again(room):
    """resume --retry-failed, and a stop of a run whose workers have died."""
    fleet = workers_room.Fleet(room, "again", 2, REGIONS, 10, kinds=("set", "set", "absent"), first=1400)
    yield fleet
    url, counts = room.begin_database("again"), collections.Counter()
    run = room.submit(fleet, url)
    worker = room.worker(14, url).start()
    until(lambda: len(lanes_written(room, worker)) == 6, 40)
    worker.kill()
    worker.process.wait()
    said = room.verb("stop", run, url=url)
    check("again: stop of a run whose worker has died", said.returncode == DONE, said.stdout, said.stderr)
    worker.start()
    check("again: it stops although nobody hears it", until(lambda: room.run_state(run, "again") == 1, 30),
          room.run_state(run, "again"), worker.words()[-1000:])
    said = room.verb("resume", run, "--submit", url=url)
    check("again: resume --submit", said.returncode == DONE, said.stdout, said.stderr)
    check("again: the run ends", room.wait_for_end(run, 60, "again"), worker.words()[-1500:])
    bad = [i for i, row in room.report(run, url).items() if row["outcome"] == "refused"]
    check("again: what is not there is refused", len(bad) == sum(row[3] == "absent" for row in fleet.rows), len(bad))
    said = room.verb("resume", run, "--retry-failed", "--submit", url=url)
    check("again: resume --retry-failed --submit", said.returncode == DONE, said.stdout, said.stderr)
    check("again: the run is open again", until(lambda: room.run_state(run, "again") != 2, 5) or True)
    check("again: and ends again", room.wait_for_end(run, 60, "again"), worker.words()[-1500:])
    dismissed([worker])
    judged("again", workers_room.complaints_of(room, [fleet], url, "again", counts=counts, only={14}, done=False), counts)


READS_NOTHING, WRITES_NOTHING = 15, 16
DENIED = {READS_NOTHING: "v1:* v2:*", WRITES_NOTHING: "v1:Set* v2:Put*"}


def rights(room):
    """Workers with keys of the accounts, and without the rights: no identity fails of it, and who has them carries all."""
    fleet = workers_room.Fleet(room, "rights", 2, REGIONS[:2], 6, first=1600)
    yield fleet
    url, counts = room.begin_database("rights"), collections.Counter()
    run = room.submit(fleet, url)
    for index in DENIED:
        once = room.worker(index, url).start("--once")
        code = once.ends(90)
        check(f"rights: --once of w{index} ends with 4, for lanes are left", code == 4, code, once.words()[-1500:])
        status = room.verb("status", run, url=url).stdout
        check(f"rights: status names w{index}, which has tried", f"w{index}" in status, status)
        bad = [identity for identity, row in room.report(run, url).items() if row["outcome"] == "failed"]
        check(f"rights: no identity has failed of w{index}", not bad, bad, once.words()[-1500:])
    workers = [room.worker(index, url).start() for index in (*DENIED, 17)]
    done = room.wait_for_end(run, 90, "rights")
    check("rights: who has the rights carries the run", done, *(w.words()[-1500:] for w in workers))
    dismissed(workers)
    judged("rights", workers_room.complaints_of(room, [fleet], url, "rights", counts=counts, only={*DENIED, 17}), counts)


SCENARIOS = (credentials, rights, patterns, schemas, teams, carriers, many, again)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs=3)
    parser.add_argument("--only", action="append")
    args = parser.parse_args()
    parts = [s for s in SCENARIOS if not args.only or s.__name__ in args.only]
    with workers_room.Room(args.programs, accounts=9 if many in parts else 3, workers=18, speed=SPEED,
                           denied=DENIED) as room:
        begun = [part(room) for part in parts]
        fleets = []
        for one in begun:
            more = next(one)
            fleets += more if isinstance(more, list) else [more]
        room.serve(*fleets)
        for part, one in zip(parts, begun):
            print("#", part.__name__, flush=True)
            for _ in one:
                pass
    verdict()


main()
