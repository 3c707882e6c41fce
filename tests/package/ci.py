#!/usr/bin/python3
"""What packaging/ has for continuous integration, played: the action and the workflows of GitHub, the template of
GitLab, the hook of pre-commit. SES is ses-sim, the APIs of comments are stand-ins on loopback, an image is a
script that runs the program. With ACTION_VALIDATOR=.../action-validator another's program reads the files too.

    ci.py MAILFROM SES-SIM"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import yaml

import ci_play
from packaged import run, told
from tap import check, verdict

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import pg_server
from rehearsal_room import Room

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAILFROM, SIM = (pathlib.Path(program).resolve() for program in sys.argv[1:3])
ACTION = ROOT / "packaging/github-action"
WORKFLOWS = ACTION / "workflows"
TEMPLATE = ROOT / "packaging/gitlab/mailfrom.gitlab-ci.yml"
SCRIPTS = (ROOT / "packaging/ci/comment.sh", ROOT / "packaging/ci/plan.sh", ACTION / "run.sh")
BOT = "github-actions[bot]"
MARKER = "<!-- mailfrom:plan -->"
READER = "arn:aws:iam::111122223333:role/mailfrom-read"
SAME = {"number": 7, "head": {"sha": "beef01", "repo": {"full_name": "own/fleet"}}}
FORK = {"number": 7, "head": {"sha": "beef02", "repo": {"full_name": "stranger/fleet"}}}
IDENTITIES = {"a.example": {}, "b.example": {}, "late.example": {"late": True}, "waits.example": {"late": True}}


class Place(Room):
    """A checkout beside ses-sim, with docker and mailfrom on PATH that run the program against it."""

    def __init__(self):
        super().__init__(MAILFROM, SIM, IDENTITIES)
        self.work, self.bin = self.path / "work", self.path / "bin"
        (self.work / "fleet").mkdir(parents=True)
        self.bin.mkdir()
        self.manifest("work/fleet/fleet.yaml", {name: {} for name in list(IDENTITIES)[:3]})
        reach = " ".join([*self.dns, "--rate", "200"])
        program = self.bin / "mailfrom"
        program.write_text(f'#!/bin/sh\ncase "$1" in\nplan | apply) exec {MAILFROM} "$@" {reach} ;;\n*) exec {MAILFROM} "$@" ;;\nesac\n')
        docker = self.bin / "docker"
        docker.write_text(f'#!/bin/sh\necho "$@" >>{self.path}/docker.log\n'
                          'while [ "$1" != ghcr.io/OWNER/mailfrom:v1 ]; do case "$1" in HOME=*) export "$1" ;; esac; shift; done\n'
                          f'shift\nexec {program} "$@"\n')
        for path in (program, docker):
            path.chmod(0o755)

    def environment(self):
        """Without keys: a step of a workflow brings them."""
        return {**{k: v for k, v in super().environment().items() if "ACCESS_KEY" not in k and k != "PATH"},
                "PATH": f"{self.bin}:/usr/bin:/bin"}

    def keys(self):
        return {k: v for k, v in super().environment().items() if "ACCESS_KEY" in k}


class Others:
    """The actions of others that the workflows use, as far as they are needed."""

    def __init__(self, place):
        self.place, self.artifacts, self.sarif, self.roles = place, {}, [], []

    def all(self):
        return {"actions/checkout": lambda player, arguments: None, "actions/upload-artifact": self.keep,
                "actions/download-artifact": self.fetch, "aws-actions/configure-aws-credentials": self.credentials,
                "github/codeql-action/upload-sarif": self.findings}

    def keep(self, player, arguments):
        target = pathlib.Path(tempfile.mkdtemp(dir=self.place.path))
        for line in arguments["path"].split():
            source = player.folder / line
            if source.exists() or arguments.get("if-no-files-found") == "error":
                ci_play.copied(source, target)
        self.artifacts[arguments["name"]] = target

    def fetch(self, player, arguments):
        for one in self.artifacts[arguments["name"]].iterdir():
            ci_play.copied(one, player.folder)

    def credentials(self, player, arguments):
        self.roles.append(arguments["role-to-assume"])
        player.environment = {**player.environment, **self.place.keys()}

    def findings(self, player, arguments):
        log = json.loads((player.folder / arguments["sarif_file"]).read_text())
        self.sarif.append((arguments["category"], log["version"], len(log["runs"][0]["results"])))


def github(place, event, event_name, api=None, others=None):
    others = others or Others(place)
    player = ci_play.GitHub(place.work, ROOT, {**place.environment(), "GITHUB_API_URL": api.url if api else "http://127.0.0.1:9"},
                            event, event_name, others.all())
    player.context["vars"] = {"MAILFROM_READ_ROLE": "read", "MAILFROM_WRITE_ROLE": "write"}
    return player, others


def wrong(**facts):
    """The names of those that are not so."""
    return [name.replace("_", " ") for name, good in facts.items() if not good]


# ---- the files ----

def the_files():
    shellcheck = shutil.which("shellcheck")
    check("the scripts pass shellcheck" + ("" if shellcheck else " # SKIP it is not installed"),
          told(run("shellcheck", "-x", *SCRIPTS)) if shellcheck else [])
    validator = os.environ.get("ACTION_VALIDATOR")
    files = [ACTION / "action.yml", *WORKFLOWS.glob("*.yml")]
    check("action-validator takes the action and the workflows" + ("" if validator else " # SKIP ACTION_VALIDATOR is not set"),
          [line for path in files for line in told(run(validator, path))] if validator else [])
    steps = [step for path in files for step in
             ci_play.load(path).get("runs", {}).get("steps", [])
             + [s for job in ci_play.load(path).get("jobs", {}).values() for s in job["steps"]]]
    check("no script has an expression in it, which would be code", [s["run"] for s in steps if "${{" in s.get("run", "")])
    workflows = [ci_play.load(path) for path in WORKFLOWS.glob("*.yml")]
    check("no workflow has a permission that a job does not name", [w["name"] for w in workflows if w["permissions"] != {}])
    check("none runs what a stranger wrote with credentials", [w["name"] for w in workflows if "pull_request_target" in w["on"]])
    written = [name for w in workflows for name, job in w["jobs"].items() for what, how in job["permissions"].items()
               if how == "write" and what not in ("security-events", "id-token", "pull-requests")]
    check("none may write to the repository", written)


# ---- the comment ----

def comment(api, body, key="plan", **more):
    with tempfile.NamedTemporaryFile("w", suffix=".md") as file:
        file.write(body)
        file.flush()
        known = {"github": {"GITHUB_API_URL": api.url, "GITHUB_REPOSITORY": "own/fleet", "PULL_REQUEST": "7", "GITHUB_TOKEN": "t0ken"},
                 "gitlab": {"CI_API_V4_URL": api.url, "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7", "MAILFROM_GITLAB_TOKEN": "t0ken"}}
        return run(SCRIPTS[0], key, file.name, env={"PATH": "/usr/bin:/bin", **known[api.forge], **more})


def the_comment(forge, me):
    api = ci_play.Api(forge, "t0ken", me)
    api.add("stranger", MARKER + "\nEdit me, and I shall say what I like.")
    for i in range(130):
        api.add("somebody", f"Comment {i}.")
    api.add(me, "Another tool says this.")
    comment(api, "the first plan")
    comment(api, "of another key", key="second")
    for i in range(30):
        api.add("somebody", "More.")
    api.add(me, "I quote:\n" + MARKER)
    done = comment(api, "the second plan ü")
    bodies = api.by(me)
    check(f"{forge}: a comment beyond the first page is edited and not added anew", wrong(
        ended_well=done.returncode == 0, is_one=sum(b.startswith(MARKER) for b in bodies) == 1,
        is_new=MARKER + "\nthe second plan ü" in bodies, says_so="was edited" in done.stdout) and [done.stdout, done.stderr, *bodies])
    check(f"{forge}: neither another's marker nor another key nor another tool's comment is touched", wrong(
        strangers_stays=api.comments[0]["body"].endswith("what I like."), other_stays="<!-- mailfrom:second -->\nof another key" in bodies,
        tools_stays="Another tool says this." in bodies, quote_stays="I quote:\n" + MARKER in bodies))
    long = "ü" * 70000 if forge == "github" else "ü"
    done = comment(api, long)
    check(f"{forge}: what is too long is cut in characters", told(done) or
          [len(b) for b in api.by(me) if b.startswith(MARKER) and len(b) > ci_play.BODY_MAX])
    before = len(api.comments)
    api.down = 1
    done = comment(api, "after a bad moment")
    check(f"{forge}: a bad moment of the server is passed", told(done))
    api.down = 99
    done = comment(api, "never")
    check(f"{forge}: a server that does not answer is no reason to add one", wrong(
        fails=done.returncode == 1, says_why="502" in done.stderr, adds_none=len(api.comments) == before))
    api.down = 0
    name = {"github": "GITHUB_TOKEN", "gitlab": "MAILFROM_GITLAB_TOKEN"}[forge]
    done = comment(api, "never", **{name: "wrong"})
    check(f"{forge}: so is a token that is refused, which is not told", wrong(
        fails=done.returncode == 1, says_why="401" in done.stderr, keeps_it="wrong" not in done.stdout + done.stderr))
    for method, body in (("POST", "of a third key"), ({"github": "PATCH", "gitlab": "PUT"}[forge], "of the first")):
        api.refuses = method
        done = comment(api, body, key="third" if method == "POST" else "plan")
        check(f"{forge}: a {method} that is refused fails, and is not told as written", wrong(
            fails=done.returncode == 1, says_why="403" in done.stderr, claims_nothing=not re.search("was (written|edited)", done.stdout)))
    api.refuses = None
    api.comments.insert(0, {"id": 1, "author": me, "body": None})
    check(f"{forge}: a comment without a text is passed over", told(comment(api, "after one")))
    done = run(SCRIPTS[0], "plan", "none.md", env={"PATH": "/usr/bin:/bin", "GITHUB_API_URL": api.url, "GITHUB_REPOSITORY": "own/fleet",
                                                  "PULL_REQUEST": "7", "GITHUB_TOKEN": "t0ken"})
    check(f"{forge}: a text that is not there is said", wrong(fails=done.returncode == 1, says="none.md cannot be read" in done.stderr))
    check(f"{forge}: a key that would end the marker is refused", [] if comment(api, "x", key="a-->b").returncode == 1 else ["taken"])
    api.shutdown()


# ---- GitHub ----

def pull_request(place):
    api = ci_play.Api("github", "t0ken", BOT)
    for i in range(35):
        api.add("somebody", f"Comment {i}.")
    for push in (1, 2):
        player, others = github(place, {"pull_request": SAME}, "pull_request", api)
        done = player.play_workflow(WORKFLOWS / "pull-request.yml")
        mine = api.by(BOT)
        check(f"push {push}: it is checked and planned", [] if None not in done.values() and set(done) == {"check", "plan"} else
              [s.told for s in player.steps])
        check(f"push {push}: there is one comment, and it is the plan", wrong(
            one=len(mine) == 1, marked=mine[0].startswith(MARKER), has_rows="late.example" in mine[0], has_commit="Planned at commit beef01, in the AWS accounts 111122223333;" in mine[0]))
    check("the summary has the plan", wrong(has_rows="late.example" in player.summary))
    check("findings went to code scanning", wrong(one=others.sarif == [("mailfrom-check", "2.1.0", others.sarif[0][2])]))
    check("the plan is an artifact", [] if (others.artifacts["mailfrom-plan"] / "mailfrom.plan").exists() else list(others.artifacts))
    check("the role that only reads was taken", [] if others.roles == ["read"] else others.roles)
    step = player.steps[-1]
    check("counts are outputs", [] if (step.outputs["changes"], step.outputs["identities"], step.outputs["refused"],
                                       step.outputs["exit-code"]) == ("3", "3", "0", "2") else [str(step.outputs)])
    orders = re.findall(r"^::(\S+)", step.told, re.M)
    check("what the program prints is no order to the runner", wrong(
        stops=orders[0].startswith("stop-commands::"), goes_on=orders[1] == orders[0].partition("::")[2] + "::"))
    words = (place.path / "docker.log").read_text()
    check("the image gets names of variables and no value", wrong(
        names="--env AWS_ACCESS_KEY_ID" in words, secret="wJalr" not in words, user="--user" in words))
    check("nothing was written to SES", [str(c) for c in place.writes()])
    api.shutdown()


def from_a_fork(place):
    api = ci_play.Api("github", "t0ken", BOT)
    player, others = github(place, {"pull_request": FORK}, "pull_request", api)
    done = player.play_workflow(WORKFLOWS / "pull-request.yml")
    check("a fork: it is checked and not planned, which is said", wrong(
        ends_well=None not in done.values(), says_so="::notice title=mailfrom::no plan:" in player.steps[-1].told,
        output=player.steps[-1].outputs.get("skipped") == "true"))
    check("a fork: no credentials, no comment, no findings, no artifact", wrong(
        roles=not others.roles, comments=not api.asked, sarif=not others.sarif, artifacts=not others.artifacts))
    player, others = github(place, {"pull_request": FORK}, "pull_request_target", api)
    outputs, _ = player.play_action(ACTION, {"command": "plan", "manifests": "fleet/fleet.yaml"}, {})
    check("nor is it planned where the event would give it keys", wrong(skipped=outputs.get("skipped") == "true"))
    api.shutdown()


def refused(place):
    place.manifest("work/fleet/refused.yaml", {"a.example": {"mail_from": "bounce.other.example"}, "b.example": {}})
    player, others = github(place, {"pull_request": SAME}, "pull_request")
    outputs, good = player.play_action(ACTION, {"command": "check", "manifests": "fleet/refused.yaml", "sarif": "true"}, {})
    check("a refused identity fails the check, and its finding is shown all the same", wrong(
        fails=not good, code=outputs["exit-code"] == "3", sarif=others.sarif == [("mailfrom-check", "2.1.0", 1)]))
    outputs, good = player.play_action(ACTION, {"command": "check", "manifests": "fleet/refused.yaml", "fail-on": "error"}, {})
    check("unless that is wished", wrong(good=good, code=outputs["exit-code"] == "3"))
    outputs, good = player.play_action(ACTION, {"command": "check", "manifests": "fleet/none.yaml", "fail-on": "error"}, {})
    check("what cannot run fails", wrong(fails=not good, code=outputs["exit-code"] == "1"))
    outputs, good = player.play_action(ACTION, {"command": "plan", "manifests": "fleet/refused.yaml\n", "arguments": "--only=a.example\n"},
                                       place.keys())
    check("a plan without changes, of which some are refused, is 3", wrong(
        fails=not good, code=outputs["exit-code"] == "3", changes=outputs["changes"] == "0", refused=outputs["refused"] == "1",
        kept="mailfrom-plan" in others.artifacts))
    outputs, good = player.play_action(ACTION, {"command": "plan", "manifests": "fleet/fleet.yaml", "arguments": "--only=$(touch x)\n"},
                                       place.keys())
    check("no text of an input is run", [] if not (place.work / "x").exists() else ["it was"])
    outputs, good = player.play_action(ACTION, {"command": "destroy"}, {})
    check("an unknown command is refused", wrong(fails=not good, says="expected check, plan, apply or resume" in player.steps[-1].told))


def hostile(place):
    """A branch that brings a configuration of AWS and links."""
    (place.work / ".aws").mkdir()
    (place.work / ".aws/config").write_text(f"[profile p]\nregion = us-east-1\ncredential_process = touch {place.path}/ran\n")
    (place.work / "fleet/profile.yaml").write_text("version: 1\naccounts: {main: {profile: p}}\n"
                                                   "defaults: {account: main, region: us-east-1, mail_from: 'bounce.{domain}'}\nidentities: [a.example]\n")
    wanted = {"command": "plan", "manifests": "fleet/profile.yaml", "image": "ghcr.io/OWNER/mailfrom:v1"}
    player, _ = github(place, {"pull_request": SAME}, "pull_request")
    player.play_action(ACTION, wanted, place.keys())
    check("a program that the checkout's .aws names is not run", ["it was"] if (place.path / "ran").exists() else [])
    for path in (place.work / ".aws/config", "~/.aws/../$X", ".aws/config"):
        outputs, good = player.play_action(ACTION, {**wanted, "image": ""}, {**place.keys(), "AWS_CONFIG_FILE": str(path)})
        check(f"nor by AWS_CONFIG_FILE, {'absolute' if path == place.work / '.aws/config' else path}", wrong(
            fails=not good, says="AWS_CONFIG_FILE" in player.steps[-1].told, ran=not (place.path / "ran").exists()))
    shutil.rmtree(place.work / ".aws")
    victim = place.path / "victim"
    victim.write_text("mine")
    (place.work / "mailfrom-results").mkdir()
    for name in ("mailfrom.sarif", "comment.md", "plan.md", "plan.json"):
        (place.work / "mailfrom-results" / name).symlink_to(victim)
    for command in ("check", "plan"):
        player.play_action(ACTION, {"command": command, "manifests": "fleet/fleet.yaml", "sarif": "true"}, place.keys())
    check("nor is a link of the checkout followed", [] if victim.read_text() == "mine" else [victim.read_text()[:200]])
    shutil.rmtree(place.work / "mailfrom-results")


def not_planned(place):
    """A comment that stays is no plan of this push; and what could not be asked is no change less."""
    api = ci_play.Api("github", "t0ken", BOT)
    player, _ = github(place, {"pull_request": SAME}, "pull_request", api)
    wanted = {"command": "plan", "manifests": "fleet/fleet.yaml", "comment": "true", "fail-on": "error"}
    player.play_action(ACTION, wanted, place.keys())
    outputs, good = player.play_action(ACTION, {**wanted, "manifests": "fleet/none.yaml"}, place.keys())
    mine = api.by(BOT)
    check("a plan that fails takes the place of an older one", wrong(
        fails=not good, code=outputs["exit-code"] == "1", one=len(mine) == 1, says="no plan" in mine[0], no_rows="late.example" not in mine[0]))
    api.refuses = "PATCH"
    outputs, good = player.play_action(ACTION, wanted, place.keys())
    check("a comment that is refused fails the step, which says why", wrong(
        fails=not good, says="::error title=mailfrom::the comment was not written" in player.steps[-1].told))
    api.shutdown()
    player, _ = github(place, {}, "push")
    judged = place.bin / "mailfrom"
    program = judged.read_text()
    judged.write_text(program.replace("exec", "AWS_SECRET_ACCESS_KEY=wrong exec"))
    lost = player.play_workflow(WORKFLOWS / "apply.yml")
    judged.write_text(program)
    check("a merge whose identities could not be judged fails, and is not taken for one without changes", [] if lost == {"plan": None} else
          [str(lost), player.steps[-1].told])


def digests(place):
    """Of plans of one manifest: stand-ins for two accounts and for two values that are replaced."""
    seen = {}
    program = place.bin / "mailfrom"
    text = program.read_text()
    for title, change in (("same", ""), ("again", ""), ("account", "s/\"caller_account\":\"[0-9]*/\"caller_account\":\"444455556666/"),
                          ("before", "s/\"mail_from_before\":\"/&bounce.other.a.example/")):
        program.write_text(f"#!/bin/sh\n{text.partition(chr(10))[2].replace('exec ', '')}\ncode=$?\nsed -i '{change}' mailfrom.plan \"$MAILFROM_REPORT\"\nexit $code\n"
                           .replace('"$MAILFROM_REPORT"', f'{place.path}/mailfrom.*/results/plan.json'))
        player, _ = github(place, {}, "push")
        outputs, good = player.play_action(ACTION, {"command": "plan", "manifests": "fleet/fleet.yaml"}, place.keys())
        seen[title] = outputs["changes-digest"] if good else player.steps[-1].told
    program.write_text(text)
    check("the digest of the changes holds the account's number and the value that is replaced", wrong(
        same=len(seen["same"]) == 64 and not seen["same"].startswith("e3b0c442") and seen["same"] == seen["again"], account=seen["account"] != seen["same"], before=seen["before"] != seen["same"])
        and [str(seen)])


def applied(place):
    place.names.publish("bounce.late.example")
    first, others = github(place, {"pull_request": SAME}, "pull_request")
    reviewed, _ = first.play_action(ACTION, {"command": "plan", "manifests": "fleet/fleet.yaml", "artifact": ""}, place.keys())
    player, others = github(place, {}, "push")
    workflow = ci_play.load(WORKFLOWS / "apply.yml")
    check("apply waits for approval, and never runs twice at once", wrong(
        environment=workflow["jobs"]["apply"]["environment"] == "mailfrom", group=workflow["concurrency"]["group"] == "mailfrom-apply",
        whole=workflow["concurrency"]["cancel-in-progress"] is False, plan_has_none="environment" not in workflow["jobs"]["plan"]))
    done = player.play_workflow(WORKFLOWS / "apply.yml")
    check("what was merged is planned, and that plan is applied", [] if None not in done.values() and set(done) == {"plan", "apply"} else
          [s.told for s in player.steps])
    check("to each of its changes", [] if sorted({w["identities"][0] for w in place.writes()}) == ["a.example", "b.example", "late.example"]
          else [str(w) for w in place.writes()])
    check("the plan was made by the reader and applied by the writer", [] if others.roles == ["read", "write"] else others.roles)
    check("its changes have the digest of those that were reviewed", [] if player.steps[0].outputs["changes-digest"] ==
          reviewed["changes-digest"] else ["another"])
    check("a journal that will be lost is warned of, and kept", wrong(
        warned="::warning title=mailfrom::the journal is a file" in player.steps[-1].told,
        kept=(others.artifacts["mailfrom-journal"] / ".mailfrom/journal.db").exists(),
        reports=[p.name for p in others.artifacts["mailfrom-done"].rglob("done.*")] != []))
    again, others = github(place, {}, "push")
    done = again.play_workflow(WORKFLOWS / "apply.yml")
    check("without changes there is nothing to approve", [] if set(done) == {"plan"} and done["plan"]["changes"] == "0" else [str(done)])
    for title, digest, says in (("another file than the one that was looked at", "0" * 64, "has SHA-256"), ("a plan nobody looked at", "", "is empty")):
        outputs, good = again.play_action(ACTION, {"command": "apply", "plan-sha256": digest}, place.keys())
        check(f"{title} is not applied", wrong(fails=not good, says=says in again.steps[-1].told))


def goes_on(place):
    """What waits for DNS goes on, by a journal that outlives the runner."""
    place.manifest("work/fleet/fleet.yaml", {"waits.example": {}})
    player, others = github(place, {}, "schedule")
    done = player.play_workflow(WORKFLOWS / "resume.yml")
    check("without a journal that stays nothing can be resumed, which is said", wrong(
        fails=done == {"resume": None}, says="MAILFROM_JOURNAL names no file" in player.steps[-1].told))
    seen = []
    for event, workflow in (("push", "apply.yml"), *[("schedule", "resume.yml")] * 9):
        player, others = github(place, {}, event)
        player.context["secrets"] = {"MAILFROM_JOURNAL": str(place.path / "journal.db")}
        seen.append((player.play_workflow(WORKFLOWS / workflow), player.steps[-1]))
        if len(seen) == 2:
            place.names.publish("bounce.waits.example")
        if seen[-1][1].outputs.get("exit-code") != "4":
            break
        time.sleep(0.5)
    codes = [step.outputs.get("exit-code") for _, step in seen]
    check("what waits for DNS is no failure, and goes on until DNS has it", [] if len(codes) > 2 and set(codes[:-1]) == {"4"}
          and codes[-1] == "0" and all(None not in done.values() for done, _ in seen) else [s.told for _, s in seen])
    check("the image sees the disk that stays", [] if f"--volume {place.path}:{place.path}" in (place.path / "docker.log").read_text() else ["no"])


def submitted(place):
    """A journal that workers share."""
    if not any(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        check("what is approved is submitted to workers # SKIP no PostgreSQL is installed", [])
        return
    place.manifest("work/fleet/fleet.yaml", {"a.example": {"mail_from": "bounce.a.example", "behavior_on_mx_failure": "REJECT_MESSAGE"}})
    with pg_server.Server() as server:
        secrets = {"MAILFROM_JOURNAL": server.database()}
        made = told(run(MAILFROM, "journal", "init", env={**place.environment(), **secrets}))
        writes = len(place.writes())
        player, others = github(place, {}, "push")
        player.context["secrets"] = secrets
        done = player.play_workflow(WORKFLOWS / "apply.yml")
        step = player.steps[-1]
        check("what is approved is submitted to workers", made + wrong(
            ends_well=None not in done.values() and "apply" in done, number=step.outputs.get("run") == "1", writes=len(place.writes()) == writes)
            and [step.told, str(step.outputs)])
        worked = run(place.bin / "mailfrom", "work", "--once", *place.dns, env={**place.environment(), **place.keys(), **secrets})
        check("who carry it", told(worked) + ([] if len(place.writes()) == writes + 1 else [str(place.writes()[writes:])]))
        player.context["functions"] = {}
        done = player.play_workflow(WORKFLOWS / "resume.yml")
        check("and of whom nothing is to be resumed", wrong(fails=done == {"resume": None}, says="workers of a shared journal" in player.steps[-1].told))


# ---- GitLab ----

def merge_request(place):
    api = ci_play.Api("gitlab", "t0ken", "project_5_bot")
    known = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "5", "CI_MERGE_REQUEST_PROJECT_ID": "5",
             "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": "beef03", "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7", "CI_API_V4_URL": api.url,
             "MAILFROM_GITLAB_TOKEN": "t0ken", "MAILFROM_MANIFESTS": "fleet/fleet.yaml", "MAILFROM_CI": str(SCRIPTS[0].parent)}
    lab = ci_play.GitLab(TEMPLATE, place.work, {**place.environment(), **place.keys()}, known)
    check("gitlab: a merge request is checked and planned, and not applied", wrong(
        checked=lab.is_wished("mailfrom-check"), planned=lab.is_wished("mailfrom-plan"), applied=not lab.is_wished("mailfrom-apply")))
    for name in ("mailfrom-check", "mailfrom-plan", "mailfrom-plan"):
        code, said, missing = lab.play(name)
        check(f"gitlab: {name} ends well, with what it hands on", [said, *missing] if code or missing else [])
    mine = api.by("project_5_bot")
    check("gitlab: there is one note, and it is the plan", wrong(one=len(mine) == 1, marked=mine and mine[0].startswith(MARKER)))
    foot = re.search(r"\nPlanned at commit beef03, in the AWS accounts 111122223333; digest of the changes: [0-9a-f]{64}\.\n$", mine[0])
    check("gitlab: its last line names the commit, the accounts and the digest", [] if foot else [mine[0][-300:]])
    lab.variables = {**known, "MAILFROM_MANIFESTS": "fleet/nowhere.yaml", "CI_COMMIT_SHA": "beef04"}
    code, said, _ = lab.play("mailfrom-plan")
    mine = api.by("project_5_bot")
    check("gitlab: a plan that fails takes the place of the older one's note", wrong(
        fails=code == 1, one=len(mine) == 1, says="## mailfrom: no plan" in mine[0] and "The plan at commit beef04 ended with exit code 1" in mine[0],
        keeps_no_plan=not (place.work / "mailfrom.plan").exists()) and [said, *mine])
    lab.variables = {**known, "MAILFROM_MANIFESTS": "fleet/refused.yaml"}
    code, said, _ = lab.play("mailfrom-check")
    quality = json.loads((place.work / "mailfrom-codequality.json").read_text())
    check("gitlab: what is refused fails the check, and stands beside its line", [] if code == 3 and len(quality) == 1 and
          quality[0]["location"] == {"path": "fleet/refused.yaml", "lines": {"begin": 1}} and quality[0]["severity"] == "blocker" and
          set(quality[0]) == {"description", "check_name", "fingerprint", "severity", "location"} else [said, str(quality)])
    lab.variables = {**known, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "99"}
    check("gitlab: one from a fork is checked alone", wrong(checked=lab.is_wished("mailfrom-check"), planned=not lab.is_wished("mailfrom-plan")))
    api.shutdown()


def merged(place):
    lab = ci_play.GitLab(TEMPLATE, place.work, {**place.environment(), **place.keys()},
                         {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": "beef05",
                          "MAILFROM_CI": str(SCRIPTS[0].parent), "MAILFROM_MANIFESTS": "fleet/merged.yaml"})
    place.manifest("work/fleet/merged.yaml", {"a.example": {"mail_from": "default"}})
    job = lab.job("mailfrom-apply")
    check("gitlab: apply is for a person to start, never two at once, in an environment that can ask for approval", wrong(
        manual=lab.is_wished("mailfrom-apply") == "manual", group=job["resource_group"], environment=job["environment"]["name"] == "mailfrom",
        whole=job["interruptible"] is False, needs=job["needs"] == ["mailfrom-plan"]))
    shutil.rmtree(place.work / ".mailfrom", ignore_errors=True)  # another runner has another folder
    writes = len(place.writes())
    for name in ("mailfrom-plan", "mailfrom-apply"):
        code, said, missing = lab.play(name)
        check(f"gitlab: after a merge {name} ends well", [said, *missing] if code or missing else [])
        if name == "mailfrom-plan":
            check("gitlab: what people see before they start it ends with the digest", wrong(
                ends="\nPlanned at commit beef05, in the AWS accounts 111122223333; digest of the changes: " in (place.work / "mailfrom-plan.md").read_text()))
    check("gitlab: the change is made", [] if len(place.writes()) == writes + 1 else [str(place.writes()[writes:])])


# ---- pre-commit ----

def hooked(place):
    repository = place.path / "hooked"
    (repository / "teams").mkdir(parents=True)
    git = lambda *words: run("git", "-c", "user.name=x", "-c", "user.email=x@example.com", *words, cwd=repository,
                             env={**place.environment(), "HOME": str(place.path)})
    hook = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())[0]
    (repository / "fleet.yaml").write_text("version: 1\ndefaults: {region: us-east-1, mail_from: 'bounce.{domain}'}\ninclude: [teams/*.yaml]\n")
    part = repository / "teams/shop.yaml"
    entry = [*hook["entry"].split(), "fleet.yaml"]
    seen = {}
    for text, code in (("version: 1\nidentities: [shop.example]\n", 0), ("version: 1\nidentites: [shop.example]\n", 1),
                       ("version: 1\nidentities: [{identity: shop.example, mail_from: bounce.other.example}]\n", 3)):
        part.write_text(text)
        seen[code] = run(*entry, cwd=repository, env=place.environment()).returncode
    check("the hook reads whole manifests, whichever part has changed", [] if all(k == v for k, v in seen.items()) else [str(seen)])
    check("and looks when any of its parts changes", [name for name in ("fleet.yaml", "teams/shop.yml", "fleet.csv")
                                                     if not re.search(hook["files"], name)])
    if not shutil.which("pre-commit"):
        check("pre-commit itself runs it # SKIP it is not installed", [])
        return
    local = {"repos": [{"repo": "local", "hooks": [{**hook, "args": ["fleet.yaml"]}]}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(local))
    git("init", "-q")
    git("add", ".")
    environment = {**place.environment(), "HOME": str(place.path), "PRE_COMMIT_HOME": str(place.path / "cache")}
    checked = run("pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml", cwd=repository, env=environment)
    check("pre-commit takes the file of hooks", told(checked))
    bad = run("pre-commit", "run", cwd=repository, env=environment)
    part.write_text("version: 1\nidentities: [shop.example]\n")
    git("add", ".")
    good = run("pre-commit", "run", cwd=repository, env=environment)
    check("pre-commit itself runs it", wrong(bad_fails=bad.returncode == 1 and "not-a-subdomain" in bad.stdout, good_passes=good.returncode == 0)
          and [bad.stdout, bad.stderr, good.stdout, good.stderr])


the_files()
the_comment("github", BOT)
the_comment("gitlab", "project_5_bot")
with Place() as place:
    pull_request(place)
    from_a_fork(place)
    refused(place)
    hostile(place)
    not_planned(place)
    digests(place)
    applied(place)
    goes_on(place)
    submitted(place)
    merge_request(place)
    merged(place)
    hooked(place)
verdict()
