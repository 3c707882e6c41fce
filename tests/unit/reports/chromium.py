"""Headless Chromium, spoken to over a pair of pipes (DevTools protocol, no port is opened)."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile

PROGRAMS = ("chromium-headless-shell", "chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --remote-debugging-pipe"
).split()


def program():
    return next((found for found in map(shutil.which, PROGRAMS) if found), None)


class Navigated(RuntimeError):
    """The page went away before it answered: another one is loading."""


class Browser:
    """with Browser() as browser: browser.open("file:///..."); browser.run("1 + 1")"""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_read, self.to_it = os.pipe()
        self.from_it, to_write = os.pipe()
        # The protocol's pipes are descriptors 3 and 4, whatever numbers ours have; so ours are others.
        ours = to_read, to_write
        to_read, to_write = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in ours)
        for fd in ours:
            os.close(fd)
        move = f"import os, sys; os.dup2({to_read}, 3); os.dup2({to_write}, 4); os.execv(sys.argv[1], sys.argv[1:])"
        command = [sys.executable, "-c", move, program(), *FLAGS]
        self.process = subprocess.Popen(
            [*command, f"--user-data-dir={self.folder.name}"], pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self.rest, self.number, self.session, self.messages = b"", 0, None, []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(domain + ".enable")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.to_it)
        os.close(self.from_it)
        self.folder.cleanup()

    def _hear(self):
        while b"\0" not in self.rest:
            piece = os.read(self.from_it, 1 << 20)
            if not piece:
                raise EOFError("chromium has ended")
            self.rest += piece
        line, self.rest = self.rest.split(b"\0", 1)
        return json.loads(line)

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        text = json.dumps(message).encode() + b"\0"
        while text:
            text = text[os.write(self.to_it, text):]
        while True:
            answer = self._hear()
            if answer.get("id") == self.number:
                wrong = answer.get("error", {}).get("message", "")
                if "navigated" in wrong or "context" in wrong:
                    raise Navigated(method)
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.messages.append(answer)

    def open(self, url):
        """Returns when the page has loaded; what it said meanwhile is in self.messages."""
        self.messages = []
        self.ask("Page.navigate", url=url)
        while not any(m.get("method") == "Page.loadEventFired" for m in self.messages):
            self.messages.append(self._hear())

    def run(self, expression):
        """The value of a JavaScript expression; a promise is awaited."""
        answer = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")
