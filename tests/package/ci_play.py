"""Plays workflows of GitHub and jobs of GitLab step by step, and stands in for their APIs of comments on loopback.
It knows no more of either than packaging/ uses, and fails on the rest. Nothing here is a test."""

import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import urllib.parse

import yaml

BODY_MAX = 65536


def load(path):
    """YAML 1.1 takes the key on for true."""
    found = yaml.safe_load(path.read_text())
    return {("on" if key is True else key): value for key, value in found.items()}


# ---- expressions ----

TOKEN = re.compile(r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[a-zA-Z_][\w.-]*(?:\(\))?)|"
                   r"(?P<sign>==|!=|&&|\|\||!|\(|\)))")


def look_up(name, context):
    if name in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[name]
    value = context
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def as_python(expression, context):
    """GitHub's expression as one of Python's over literals."""
    words, at = [], 0
    text = expression.strip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            raise ValueError(f"no expression that is known: {text}")
        at = found.end()
        kind, word = found.lastgroup, found[found.lastgroup]
        if kind == "string":
            words.append(repr(word[1:-1].replace("''", "'")))
        elif kind == "name":
            value = context["functions"][word] if word.endswith("()") else look_up(word, context)
            words.append(repr("" if value is None else value))  # null == '' is true there
        else:
            words.append({"&&": " and ", "||": " or ", "!": " not "}.get(word, word))
    return " ".join(words)


def evaluate(expression, context):
    return eval(as_python(expression, context), {"__builtins__": {}})  # literals and operators alone


def shown(value):
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def filled(text, context):
    return re.sub(r"\$\{\{(.*?)\}\}", lambda m: shown(evaluate(m[1], context)), shown(text))


def condition(text, context):
    text = shown(text)
    inner = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", text)
    expression = inner[1] if inner else text
    has_status = re.search(r"\b(always|cancelled|failure|success)\(\)", expression)
    return (has_status is not None or context["functions"]["success()"]) and bool(evaluate(expression, context))


# ---- the API of comments ----

class Api(http.server.ThreadingHTTPServer):
    """forge: github or gitlab. comments: [{"id", "author", "body"}], in their order. Counts what it is asked."""

    def __init__(self, forge, token, me):
        super().__init__(("127.0.0.1", 0), Handler)
        self.forge, self.token, self.me = forge, token, me
        self.comments, self.asked, self.down, self.refuses = [], [], 0, None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, author, body):
        self.comments.append({"id": 1000 + len(self.comments), "author": author, "body": body})

    def by(self, author):
        return [c["body"] for c in self.comments if c["author"] == author]


class Handler(http.server.BaseHTTPRequestHandler):
    PATHS = {"github": (r"/repos/own/fleet/issues/7/comments", r"/repos/own/fleet/issues/comments/(\d+)", "PATCH"),
             "gitlab": (r"/projects/5/merge_requests/7/notes", r"/projects/5/merge_requests/7/notes/(\d+)", "PUT")}

    def log_message(self, *_):
        pass

    def say(self, code, value):
        text = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def shape(self, comment):
        who = {"github": {"user": {"login": comment["author"]}}, "gitlab": {"author": {"username": comment["author"]}, "system": False}}
        return {"id": comment["id"], "body": comment["body"], **who[self.server.forge]}

    def answer(self, method):
        api = self.server
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        api.asked.append((method, path))
        if method == api.refuses:
            return self.say(403, {"message": "Resource not accessible by integration"})
        good = {"github": self.headers.get("Authorization") == f"Bearer {api.token}",
                "gitlab": self.headers.get("PRIVATE-TOKEN") == api.token}[api.forge]
        listed, one, edit = self.PATHS[api.forge]
        if api.down:
            api.down -= 1
            return self.say(502, {"message": "Bad gateway"})
        if not good:
            return self.say(401, {"message": "Bad credentials"})
        if api.forge == "gitlab" and path == "/user":
            return self.say(200, {"username": api.me})
        if method == "GET" and re.fullmatch(listed, path):
            asked = {k: int(v[0]) for k, v in urllib.parse.parse_qs(query).items()}
            size, page = min(asked.get("per_page", 30), 100), asked.get("page", 1)
            return self.say(200, [self.shape(c) for c in api.comments[(page - 1) * size:page * size]])
        text = json.loads(body)["body"] if body else ""
        if len(text) > BODY_MAX and api.forge == "github":
            return self.say(422, {"message": "Validation Failed"})
        if method == "POST" and re.fullmatch(listed, path):
            api.add(api.me, text)
            return self.say(201, self.shape(api.comments[-1]))
        found = re.fullmatch(one, path)
        for comment in api.comments:
            if method == edit and found and comment["id"] == int(found[1]):
                comment["body"] = text
                return self.say(200, self.shape(comment))
        return self.say(404, {"message": "Not Found"})

    def do_GET(self):
        self.answer("GET")

    def do_POST(self):
        self.answer("POST")

    def do_PATCH(self):
        self.answer("PATCH")

    def do_PUT(self):
        self.answer("PUT")


# ---- GitHub ----

class Step:
    def __init__(self, name, code, told, outputs):
        self.name, self.code, self.told, self.outputs = name, code, told, outputs


class GitHub:
    """Plays an action or a workflow in a folder. environment: what steps have before any is played; actions: {name
    of an action of others, without its version: function(player, with)}."""

    def __init__(self, folder, root, environment, event, event_name, actions=None):
        self.folder, self.root, self.environment = pathlib.Path(folder), root, environment
        self.actions, self.steps, self.summary = actions or {}, [], ""
        self.context = {"github": {"event": event, "event_name": event_name, "repository": "own/fleet", "token": "t0ken",
                                   "ref": "refs/pull/7/merge"}, "vars": {}, "secrets": {}, "needs": {}}

    def run_shell(self, text, environment, shell="bash"):
        assert shell == "bash", shell
        files = {name: self.folder / f".{name}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            path.write_text("")
        script = self.folder / ".step.sh"
        script.write_text(text)
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", script], cwd=self.folder, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**self.environment, **environment, **{k: str(v) for k, v in files.items()},
                                   "GITHUB_WORKSPACE": str(self.folder), "RUNNER_TEMP": str(self.folder.parent), "GITHUB_REPOSITORY": "own/fleet", "GITHUB_SHA": "c0ffee"})
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        outputs = {m[1]: m[3] for m in re.finditer(r"^([\w-]+)<<(\S+)\n(.*?)\n\2$", files["GITHUB_OUTPUT"].read_text(), re.M | re.S)}
        for path in (script, *files.values()):
            path.unlink()
        return done.returncode, done.stdout, outputs

    def play_action(self, path, inputs, environment=None):
        """A composite action; its outputs, and whether it succeeded."""
        action = load(path / "action.yml")
        unknown = set(inputs) - set(action["inputs"])
        assert not unknown, f"no such inputs: {unknown}"
        context = {**self.context, "steps": {}, "functions": {"cancelled()": False, "success()": True, "always()": True}}
        given = {name: inputs[name] if name in inputs else filled(rule.get("default", ""), context)
                 for name, rule in action["inputs"].items()}
        missing = [name for name, rule in action["inputs"].items() if rule.get("required") and not given[name]]
        assert not missing, f"missing inputs: {missing}"
        context["inputs"] = {name: shown(value) for name, value in given.items()}
        for step in action["runs"]["steps"]:
            if "if" in step and not condition(step["if"], context) or "if" not in step and not context["functions"]["success()"]:
                continue
            if "uses" in step:
                self.use(step, context)
                continue
            env = {name: filled(value, context) for name, value in step.get("env", {}).items()}
            assert "${{" not in step["run"], "an expression in a script"
            code, told, outputs = self.run_shell(step["run"], {**(environment or {}), **env, "GITHUB_ACTION_PATH": str(path)},
                                                 step["shell"])
            self.steps.append(Step(step.get("id", ""), code, told, outputs))
            context["steps"][step.get("id", "")] = {"outputs": outputs}
            context["functions"]["success()"] &= code == 0
        return {name: filled(rule["value"], context) for name, rule in action["outputs"].items()}, context["functions"]["success()"]

    def use(self, step, context):
        name = step["uses"].partition("@")[0]
        arguments = {k: filled(v, context) for k, v in step.get("with", {}).items()}
        assert re.fullmatch(r"[\w/.-]+@v\d+", step["uses"]), step["uses"]
        self.actions[name](self, arguments)

    def play_job(self, job):
        """The outputs of a job; None: one of its steps failed."""
        self.context["functions"] = {"cancelled()": False, "success()": True, "always()": True}
        context = {**self.context, "steps": {}}
        for step in job["steps"]:
            wished = condition(step["if"], context) if "if" in step else self.context["functions"]["success()"]
            if not wished:
                continue
            if step["uses"].startswith("OWNER/mailfrom/"):
                path = self.root / step["uses"].removeprefix("OWNER/mailfrom/").partition("@")[0]
                env = {k: filled(v, context) for k, v in step.get("env", {}).items()}
                outputs, good = self.play_action(path, {k: filled(v, context) for k, v in step["with"].items()}, env)
                context["steps"][step.get("id", "")] = {"outputs": outputs}
                self.context["functions"]["success()"] &= good
            else:
                self.use(step, context)
        outputs = {name: filled(value, context) for name, value in job.get("outputs", {}).items()}
        return outputs if self.context["functions"]["success()"] else None

    def play_workflow(self, path):
        """{job: outputs, None where it failed}; those that are skipped are not there."""
        done = {}
        for name, job in load(path)["jobs"].items():
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            self.context["needs"] = {n: {"outputs": done.get(n)} for n in needs}
            self.context["functions"] = {"success()": True, "cancelled()": False, "always()": True}
            if any(done.get(n) is None for n in needs) or ("if" in job and not condition(job["if"], self.context)):
                continue
            done[name] = self.play_job(job)
        return done


# ---- GitLab ----

class GitLab:
    """Plays a job of a .gitlab-ci.yml. variables: those that GitLab and the project give it."""

    def __init__(self, path, folder, environment, variables):
        self.file, self.folder = yaml.safe_load(path.read_text()), pathlib.Path(folder)
        self.environment, self.variables = environment, variables

    def job(self, name):
        own = self.file[name]
        base = self.file[own["extends"]] if "extends" in own else {}
        return {**base, **own}

    def is_wished(self, name):
        """The first rule that fits; ==, && and names of variables alone."""
        for rule in self.job(name)["rules"]:
            parts = [part.split(" == ") for part in rule["if"].split(" && ")]
            value = lambda word: json.loads(word) if word.startswith('"') else self.variables.get(word.removeprefix("$"))
            if all(value(a.strip()) == value(b.strip()) for a, b in parts):
                return rule.get("when", "on_success")
        return None

    def play(self, name):
        job = self.job(name)
        known = {**{k: str(v) for k, v in self.file["variables"].items()}, **self.variables}
        for key, value in job.get("variables", {}).items():
            known[key] = re.sub(r"\$(\w+)", lambda m: known.get(m[1], ""), value)
        script = "\n".join([*job.get("before_script", []), *job["script"]])
        done = subprocess.run(["bash", "-c", "set -eo pipefail\n" + script], cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**self.environment, **known})
        wanted = job["artifacts"].get("paths", []) + list(job["artifacts"].get("reports", {}).values())
        missing = [path for path in wanted if not (self.folder / path).exists()]
        return done.returncode, done.stdout, missing


def copied(source, target):
    """A file or a folder, as artifacts are."""
    target.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target / source.name, dirs_exist_ok=True)
    else:
        shutil.copy(source, target)
