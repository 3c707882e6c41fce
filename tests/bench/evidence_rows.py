#!/usr/bin/python3
"""What reading DMARC aggregate reports costs: ROWS rows in one report, and as many in reports of ten rows.

    evidence_rows.py DRIVER [ROWS]

Prints rows a second and the most memory for each, plain and packed."""

import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
import time

HEAD = ("<feedback><report_metadata><org_name>{0}</org_name><report_id>{1}</report_id><date_range><begin>1779235200</begin>"
        "<end>1779321599</end></date_range></report_metadata><policy_published><domain>shop.example</domain><p>none</p>"
        "</policy_published>\n")
ROW = """  <record>
    <row>
      <source_ip>192.0.{0}.{1}</source_ip>
      <count>{2}</count>
      <policy_evaluated>
        <disposition>none</disposition>
        <dkim>pass</dkim>
        <spf>fail</spf>
      </policy_evaluated>
    </row>
    <identifiers>
      <header_from>d{3}.shop.example</header_from>
    </identifiers>
    <auth_results>
      <dkim>
        <domain>d{3}.shop.example</domain>
        <selector>s{4}</selector>
        <result>pass</result>
      </dkim>
      <spf>
        <domain>m{5}.amazonses.example</domain>
        <result>pass</result>
      </spf>
    </auth_results>
  </record>
"""


def report(first, rows):
    body = "".join(ROW.format(i // 256 % 256, i % 256, i % 1000, i % 3000, i % 7, i % 40) for i in range(first, first + rows))
    return (HEAD.format("receiver.example", first) + body + "</feedback>\n").encode()


def measured(driver, title, folder, rows):
    begun = time.monotonic()
    out = subprocess.run([driver, "--quiet", folder], capture_output=True, text=True, check=True).stdout
    took = time.monotonic() - begun
    counts = json.loads(out.splitlines()[-1])["counts"]
    assert counts["rows"] == rows, counts
    print(f"{title}: {rows} rows in {took:.1f} s, {rows / took:.0f} a second, {counts['memory_kb'] / 1024:.0f} MB")


def main():
    driver, rows = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        data = report(0, rows)
        (folder / "one.xml").write_bytes(data)
        measured(driver, f"one report of {len(data) >> 20} MB", folder, rows)
        (folder / "one.xml").unlink()
        (folder / "one.gz").write_bytes(gzip.compress(data))
        measured(driver, f"the same in gzip, {(folder / 'one.gz').stat().st_size >> 20} MB", folder, rows)
        (folder / "one.gz").unlink()
        for i in range(0, rows, 10):
            (folder / f"{i:08}.xml.gz").write_bytes(gzip.compress(report(i, 10), 6))
        measured(driver, f"{rows // 10} reports of ten rows", folder, rows)


main()
