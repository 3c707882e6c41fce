#!/usr/bin/python3
"""credential_process is run once, as written, and by no shell: strings that a shell would act on reach
the program as arguments, letter by letter, and the kernel sees one execve. Python's shlex says what
the arguments are, as it does in botocore.

usage: keys_process.py MAILFROM SES-SIM"""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

from key_stands import Keys, Stands, clean_environment
from timeouts import patient
from rehearsal_room import check, until, verdict
from timeouts import patient

KEYS = Keys("550000000000", "ASIAPROCESS", "secret", "token")
LINES = [
    "{} a b",
    "{} $(touch ^/owned)",
    "{} `touch ^/owned`",
    "{} ; touch ^/owned",
    "{} && touch ^/owned",
    "{} || touch ^/owned",
    "{} | tee ^/owned",
    "{} > ^/owned",
    "{} 2>&1 &",
    "{} $HOME ${{PATH}} ~ * ?",
    "{} 'touch ^/owned; $(x)' \"`y`\"",
    "{} \"a \\\" b\" 'c' d\\ e \\; \\$",
    "{} <(id) {{a,b}} !!",
    "{} --flag=x 'IFS=/' \"\"",
    "{} ü 日本 '\\n' \"\\n\" #comment",
]


def hanging(program, top):
    """A run whose program hangs, in a home of its own; each start of the program is a line of the file."""
    home, starts = pathlib.Path(top) / "hanging", pathlib.Path(top) / "starts"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws/config").write_text(f"[profile x]\ncredential_process = sh -c 'echo start >> {starts}; exec sleep 600'\n")
    return starts, subprocess.Popen([program, "discover", "--profile", "x", "--region", "us-east-1"], cwd=top, text=True,
                                    env=clean_environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def main():
    program, ses_sim = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
    tracer = shutil.which("strace")
    if not tracer:
        print("1..0 # SKIP strace is not there")
        return
    os.environ["ASAN_OPTIONS"] = "detect_leaks=0"  # in a build with sanitizers: not under a tracer
    with tempfile.TemporaryDirectory() as top:
        folder, home = pathlib.Path(top), pathlib.Path(top) / "home"
        (home / ".aws").mkdir(parents=True)
        starts, hung = hanging(program, top)
        stands = Stands(folder, ses_sim, [KEYS], {})
        helper = home / "helper"
        helper.write_text("#!/usr/bin/python3 -I\nimport json, sys\n"
                          f"json.dump(sys.argv, open('{home}/argv', 'w'))\nprint('''{KEYS.json('SessionToken', Version=1)}''')\n")
        helper.chmod(0o700)
        environment = {**clean_environment(home), **stands.environment()}
        verb = [program, "discover", "--profile", "x", "--region", "us-east-1", "--rate", "500"]
        for line in LINES:
            command = line.format(helper).replace("^", str(home))
            (home / ".aws/config").write_text(f"[profile x]\ncredential_process = {command}\n")
            (home / "argv").unlink(missing_ok=True)
            trace = folder / "trace"
            run = subprocess.run([tracer, "-f", "-qq", "-o", trace, "-e", "trace=execve,execveat", *verb], cwd=folder,
                                 env=environment, capture_output=True, text=True, timeout=patient(60))
            execs = re.findall(r"execve(?:at)?\((.*)", trace.read_text())
            argv = json.loads((home / "argv").read_text()) if (home / "argv").exists() else None
            check(f"one execve and its arguments as written: {line}",
                  run.returncode == 0 and argv == shlex.split(command) and len(execs) == 2
                  and not (home / "owned").exists(), argv, shlex.split(command), *execs, run.stdout, run.stderr)
        (home / ".aws/config").write_text("[profile x]\ncredential_process = sh -c 'exit 3'\n")
        run = subprocess.run(verb, cwd=folder, env=environment, capture_output=True, text=True, timeout=patient(60),
                             preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        check("how it ended is known where the parent ignored the ends of children",
              "ended with exit code 3" in run.stderr, run.stdout, run.stderr)
        (home / ".aws/config").write_text("[profile x]\ncredential_process = sh -c 'echo $$ > ^/pid; exec sleep 600'\n".replace(
            "^", str(home)))
        pid_file = home / "pid"
        process = subprocess.Popen(verb, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: pid_file.exists() and pid_file.read_text().strip())
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=patient(30))
        gone = until(lambda: not pathlib.Path(f"/proc/{pid_file.read_text().strip()}").exists(), 5)
        check("two signals end a run whose program hangs, and the program", code != 0 and gone, code)
        told = hung.communicate(timeout=patient(120))[1]
        check("a program that hangs ends its account within 60 s", hung.returncode == 1 and "did not end within 60 s" in told,
              hung.returncode, told)
        check("and is not asked again", starts.read_text() == "start\n", starts.read_text())
        stands.close()
    verdict()


main()
