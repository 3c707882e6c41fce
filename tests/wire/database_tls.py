#!/usr/bin/python3
"""The connection to a shared journal's database, as libpq secures it: a server that is proved says nothing,
one that is not is told of once over a network, a wrong name or a missing root is an error, and a password
in the URL is refused. Usage: database_tls.py DRIVER"""

import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pg_server

OK, AWAY, INPUT, AUTH = 0, 9, 1, 6
# An address of loopback in a form that does not look like one, so that it stands for a network.
NETWORK = "hostaddr=::ffff:127.0.0.1"


def certificate(folder, owner):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out",
                    folder / "root.pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    (folder / "key.pem").chmod(0o600)
    if owner:
        os.chown(folder / "key.pem", owner.pw_uid, owner.pw_gid)


def cases(folder):
    proved = f"sslmode=verify-full&sslrootcert={folder}/root.pem"
    return [
        ("a proved server", f"host=localhost&{proved}", OK, False, ""),
        ("a proved server over a network", f"{NETWORK}&host=localhost&{proved}", OK, False, ""),
        ("another's name", f"host=other.test&hostaddr=127.0.0.1&{proved}", AWAY, False, "does not match host name"),
        ("no root", f"host=localhost&sslmode=verify-full&sslrootcert={folder}/none.pem", AWAY, False, "none.pem"),
        ("encrypted alone", f"{NETWORK}&host=db.test&sslmode=require", OK, True, "is encrypted"),
        ("nothing", f"{NETWORK}&host=db.test&sslmode=disable", OK, True, "is not encrypted"),
        ("loopback", "host=127.0.0.1&sslmode=disable", OK, False, ""),
        ("a password", "host=127.0.0.1&password=secret", INPUT, False, "passfile"),
    ]


def main(driver):
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="database_tls.") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        certificate(folder, pg_server.user())
        settings = {"ssl": "on", "ssl_cert_file": f"{folder}/root.pem", "ssl_key_file": f"{folder}/key.pem"}
        with pg_server.Server(tcp=True, settings=settings) as server:
            for what, options, err, is_told, part in cases(folder):
                url = f"postgresql:///postgres?{options}&port={server.port}&user=postgres"
                said = subprocess.run([driver, url], capture_output=True, text=True, check=True).stdout
                fits = said.splitlines()[-1].split()[0] == str(err) and part in said and "secret" not in said
                fits &= ("notice: " in said) == is_told and ("sslmode=verify-full" in said or not is_told)
                print("ok" if fits else "not ok", "-", what, "" if fits else said)
                wrong += not fits
    return wrong > 0


sys.exit(main(sys.argv[1]))
