"""What the tests of DMARC aggregate reports share: the driver, and reports and archives made for them."""

import gzip
import io
import json
import os
import pathlib
import subprocess
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "package"))

from tap import check, verdict  # noqa: F401, for the tests

DATA = pathlib.Path(__file__).resolve().parents[1] / "data/dmarc-reports"
NOW = 1780000000  # a week after the days of the corpus
DRIVER = str(pathlib.Path(sys.argv[1]).resolve())


class Reading:
    """What the driver made of some paths: rows, complaints, counts and error."""

    def __init__(self, *paths, options=(), cwd=None, timeout=60):
        process = subprocess.Popen([DRIVER, "--now", str(NOW), *options, *map(str, paths)], cwd=cwd,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=timeout)
        if process.returncode not in (0, 1) or err:
            raise SystemExit(f"not ok - the driver ends with {process.returncode} for {paths}: {err.decode()[-3000:]}")
        lines = [json.loads(line) for line in out.decode().splitlines()]
        self.rows = [line["row"] for line in lines if "row" in line]
        self.complaints = [line["complaint"] for line in lines if "complaint" in line]
        self.notes = [line["note"] for line in lines if "note" in line]
        self.error = next((line["error"] for line in lines if "error" in line), None)
        self.counts = next((line["counts"] for line in lines if "counts" in line), None)

    def bare(self):
        """The rows without the name of their file."""
        return [{key: value for key, value in row.items() if key != "file"} for row in self.rows]


def report(rows=1, report_id="1", org="a.example", domain="shop.example", filler=""):
    """A sound report of some rows."""
    one = ("<record><row><source_ip>192.0.2.{}</source_ip><count>1</count><policy_evaluated><dkim>pass</dkim>"
           "<spf>pass</spf></policy_evaluated></row><identifiers><header_from>{}</header_from></identifiers></record>")
    return (f"<feedback><report_metadata><org_name>{org}</org_name><report_id>{report_id}</report_id><date_range>"
            f"<begin>1779235200</begin><end>1779321599</end></date_range></report_metadata><policy_published><domain>"
            f"{domain}</domain></policy_published>" + "".join(one.format(i % 250, domain) for i in range(rows)) + filler +
            "</feedback>").encode()


def zipped(members, method=zipfile.ZIP_DEFLATED):
    """members: (name or ZipInfo, bytes)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def gzipped(data):
    return gzip.compress(data, mtime=0)
