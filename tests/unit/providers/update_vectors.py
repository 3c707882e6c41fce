#!/usr/bin/python3
"""Writes update_vectors.h: updates as knsupdate of Knot DNS sends them, and answers that dnspython has
signed. The key's secret is the octets 0 to 31."""

import base64
import pathlib
import socket
import subprocess
import tempfile
import threading
import time

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.tsig
import dns.update

KEY = "mailfrom.example.net"
SECRET = bytes(range(32))
HOST = "feedback-smtp.us-east-1.amazonses.com"
LONG = "v=spf1 include:" + ("a" * 60 + ".example ") * 24  # seven strings
UPDATES = {
    "create": f"""prereq nxrrset bounce.example.com CNAME
prereq nxrrset bounce.example.com TXT
prereq nxrrset bounce.example.com CNAME
prereq nxrrset bounce.example.com MX
update add bounce.example.com 300 TXT "v=spf1 include:amazonses.com ~all"
update add bounce.example.com 300 MX 10 {HOST}
""",
    "delete": """prereq yxrrset bounce.example.com TXT "one"
prereq yxrrset bounce.example.com TXT "t" "wo"
update delete bounce.example.com 300 TXT "one"
update delete bounce.example.com 300 TXT "t" "wo"
""",
    "swap": f"""prereq yxrrset bounce.example.com TXT "v=spf1 -all"
update delete bounce.example.com 300 TXT "v=spf1 -all"
update add bounce.example.com 60 TXT {" ".join(f'"{LONG[i:i + 255]}"' for i in range(0, len(LONG), 255))}
""",
    "null_mx": """prereq nxrrset bounce.example.com CNAME
prereq nxrrset bounce.example.com MX
update add bounce.example.com 300 MX 0 .
""",
}


def captured(text):
    """The message that knsupdate sends; nobody answers it."""
    with socket.create_server(("127.0.0.1", 0)) as server, tempfile.NamedTemporaryFile("w") as file:
        file.write(f"server 127.0.0.1 {server.getsockname()[1]}\nzone example.com\n{text}send\n")
        file.flush()
        secret = base64.b64encode(SECRET).decode()
        client = subprocess.Popen(["knsupdate", "-v", "-r", "0", "-t", "1", "-y", f"hmac-sha256:{KEY}:{secret}", file.name],
                                  stderr=subprocess.DEVNULL)
        connection, _ = server.accept()
        with connection:
            stream = connection.makefile("rb")
            message = stream.read(int.from_bytes(stream.read(2), "big"))
        client.wait()
        return message


def key(algorithm=dns.tsig.HMAC_SHA256, name=KEY, secret=SECRET):
    return dns.tsig.Key(name, secret, algorithm)


class Answers:
    def __init__(self, request):
        self.request = dns.message.from_wire(request, keyring=key())
        self.at = self.request.tsig[0].time_signed

    def message(self, rcode=dns.rcode.NOERROR):
        answer = dns.message.make_response(self.request)
        answer.tsig = answer.keyring = None
        answer.set_rcode(rcode)
        return answer

    def signed(self, rcode=dns.rcode.NOERROR, by=None, at=0, mac=None, answer=None, **more):
        answer = answer or self.message(rcode)
        answer.use_tsig(by or key(), algorithm=(by or key()).algorithm, **more)
        answer.request_mac = self.request.mac if mac is None else mac
        real, time.time = time.time, lambda: self.at + at
        try:
            return answer.to_wire()
        finally:
            time.time = real

    def without_code(self, error):
        """As a server answers that does not know the key, or not this secret."""
        answer = self.message(dns.rcode.NOTAUTH)
        wire = bytearray(answer.to_wire())
        tsig = (dns.name.from_text(KEY).to_wire() + b"\0\xfa\0\xff\0\0\0\0")
        data = (dns.tsig.HMAC_SHA256.to_wire() + self.at.to_bytes(6, "big") + (300).to_bytes(2, "big") + b"\0\0"
                + self.request.id.to_bytes(2, "big") + error.to_bytes(2, "big") + b"\0\0")
        wire[11] += 1
        return bytes(wire) + tsig + len(data).to_bytes(2, "big") + data

    def all(self):
        r = dns.rcode
        for rcode in (r.NOERROR, r.YXRRSET, r.NXRRSET, r.YXDOMAIN, r.NOTZONE, r.NOTAUTH, r.REFUSED, r.SERVFAIL):
            yield f"signed_{r.to_text(rcode).lower()}", self.signed(rcode)
        for rcode in (r.NOERROR, r.YXRRSET, r.SERVFAIL, r.NOTAUTH, r.REFUSED, r.FORMERR, r.NOTIMP):
            yield f"unsigned_{r.to_text(rcode).lower()}", self.message(rcode).to_wire()
        yield "badsig", self.without_code(16)
        yield "badkey", self.without_code(17)
        yield "noerror_without_code", (lambda w: w[:3] + bytes([w[3] & 0xf0]) + w[4:])(self.without_code(0))
        yield "badtime", self.signed(r.NOTAUTH, tsig_error=18, other_data=(self.at + 3600).to_bytes(6, "big"))
        yield "wrong_secret", self.signed(by=key(secret=b"x" * 32))
        yield "other_key", self.signed(by=key(name="other.example.net"))
        yield "other_algorithm", self.signed(by=key(dns.tsig.HMAC_SHA512))
        yield "weak_algorithm", self.signed(by=key(dns.tsig.HMAC_MD5))
        yield "short_code", self.signed(by=key(dns.tsig.HMAC_SHA256_128))
        yield "other_request", self.signed(mac=b"\0" * 32)
        yield "late", self.signed(at=301)
        yield "in_time", self.signed(at=-299)
        other = self.message()
        other.id ^= 1
        yield "other_id", self.signed(answer=other)
        cut = self.message()
        cut.flags |= dns.flags.TC
        yield "cut", self.signed(answer=cut)
        bare = self.message()
        bare.question = []
        yield "no_question", self.signed(answer=bare)
        elsewhere = dns.message.make_response(dns.update.Update("example.org", id=self.request.id))
        yield "other_zone", self.signed(answer=elsewhere)
        question = dns.message.make_response(dns.message.make_query("example.com", "SOA", id=self.request.id))
        yield "a_question", self.signed(answer=question)
        yield "behind", self.signed() + b"\0"


def main():
    with open(pathlib.Path(__file__).with_name("update_vectors.h"), "w") as out:
        print("/* Written by update_vectors.py: updates of knsupdate, and answers to the first of them that dnspython\n"
              " * has signed. */\n#ifndef MF_UPDATE_VECTORS_H\n#define MF_UPDATE_VECTORS_H\n\n// clang-format off\n"
              "static const struct update_vector {\n    const char *name, *hex;\n} update_vectors[] = {", file=out)
        updates = {name: captured(text) for name, text in UPDATES.items()}
        for name, message in [*updates.items(), *Answers(updates["create"]).all()]:
            print(f'    {{"{name}",', file=out)
            digits = message.hex()
            for i in range(0, len(digits), 88):
                print(f'     "{digits[i:i + 88]}"{"}," if i + 88 >= len(digits) else ""}', file=out)
        print("};\n// clang-format on\n\n#endif", file=out)


main()
