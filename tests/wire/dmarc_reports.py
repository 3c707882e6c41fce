"""DMARC aggregate reports for tests, as receivers write them (RFC 7489, appendix C)."""

import gzip
import zipfile
from xml.sax.saxutils import escape

SES = "amazonses.com"


def row(messages, mail_from, spf="pass", signers=(SES,), aligned="", address="199.255.192.7", header_from=None, disposition="none"):
    """aligned: words out of "spf dkim", as policy_evaluated has them."""
    dkim = "".join(f"<dkim><domain>{escape(s)}</domain><selector>s</selector><result>pass</result></dkim>" for s in signers)
    verdicts = "".join(f"<{how}>{'pass' if how in aligned.split() else 'fail'}</{how}>" for how in ("dkim", "spf"))
    return (f"<record><row><source_ip>{address}</source_ip><count>{messages}</count><policy_evaluated>"
            f"<disposition>{disposition}</disposition>{verdicts}</policy_evaluated></row>"
            f"<identifiers><header_from>{escape(header_from) if header_from else '%DOMAIN%'}</header_from></identifiers>"
            f"<auth_results>{dkim}<spf><domain>{escape(mail_from)}</domain><result>{spf}</result></spf></auth_results></record>")


def report(domain, begin, end, rows, name, reporter="receiver.example"):
    body = "".join(rows).replace("%DOMAIN%", escape(domain))
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<feedback><report_metadata><org_name>{reporter}</org_name>'
            f"<email>dmarc@{reporter}</email><report_id>{name}</report_id><date_range><begin>{int(begin)}</begin>"
            f"<end>{int(end)}</end></date_range></report_metadata><policy_published><domain>{escape(domain)}</domain>"
            f"<adkim>r</adkim><aspf>r</aspf><p>none</p><sp>none</sp><pct>100</pct></policy_published>{body}</feedback>\n")


def save(folder, name, xml):
    """By the end of its name: .xml, .xml.gz or .zip."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(xml.encode()))
    elif name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(name.removesuffix(".zip") + ".xml", xml)
    else:
        path.write_text(xml)
    return path
