/*
 * Readiness for DMARC. Each side, SPF and DKIM, passes, lacks something, or is not known; the DMARC
 * record stands above both.
 */
#include "dmarc_ready.h"

#include "base/dname.h"

/* Passes: no bit. Lacks something: a bit of DMARC_MISSING_ANY. Otherwise not known. */
static bool is_pass(unsigned side)
{
    return side == 0;
}

static bool is_lacking(unsigned side)
{
    return side & DMARC_MISSING_ANY;
}

static unsigned mail_from_lack(const struct dmarc_ready_facts *f)
{
    if (!f->ses_known || (f->mail_from.len && f->status == MAIL_FROM_UNKNOWN))
        return DMARC_UNKNOWN_MAIL_FROM;
    return f->mail_from.len && f->status == MAIL_FROM_SUCCESS ? 0 : DMARC_MISSING_MAIL_FROM;
}

static unsigned spf_lack(enum spf_status spf)
{
    switch (spf) {
    case SPF_STATUS_OK: return 0;
    case SPF_STATUS_NONE:
    case SPF_STATUS_TROUBLE: return DMARC_UNKNOWN_DNS;
    case SPF_STATUS_MISSING:
    case SPF_STATUS_SEVERAL:
    case SPF_STATUS_SYNTAX:
    case SPF_STATUS_LOOKUPS:
    case SPF_STATUS_VOID_LOOKUPS:
    case SPF_STATUS_WITHOUT_SES:
    case SPF_STATUSES: break;
    }
    return DMARC_MISSING_SPF;
}

/* Of a domain with a DMARC record. One rule that does not align is enough to fail at some. */
static unsigned alignment_lack(enum dmarc_status dmarc)
{
    switch (dmarc) {
    case DMARC_STATUS_STRICT:
    case DMARC_STATUS_NOT_ALIGNED:
    case DMARC_STATUS_DIFFERS: return DMARC_MISSING_ALIGNMENT;
    case DMARC_STATUS_NONE:
    case DMARC_STATUS_TROUBLE: return DMARC_UNKNOWN_DNS;
    case DMARC_STATUS_OK:
    case DMARC_STATUS_MISSING: /* told by record_lack() */
    case DMARC_STATUS_SEVERAL:
    case DMARC_STATUSES: break;
    }
    return 0;
}

static unsigned record_lack(enum dmarc_status dmarc)
{
    return dmarc == DMARC_STATUS_MISSING || dmarc == DMARC_STATUS_SEVERAL ? DMARC_MISSING_RECORD
                                                                          : 0;
}

/* What DNS was asked about another name says nothing of this one, but for the DMARC record. Without
 * a name, what the wanted one lacks would be missing too. */
static unsigned spf_side(const struct dmarc_ready_facts *f)
{
    unsigned lack = mail_from_lack(f);
    if (f->ses_known && f->mail_from.len == 0)
        return lack | ((spf_lack(f->spf) | alignment_lack(f->dmarc)) & DMARC_MISSING_ANY);
    if (!f->ses_known || !dname_eq(f->mail_from, f->asked))
        return lack | DMARC_UNKNOWN_DNS;
    return lack | spf_lack(f->spf) | alignment_lack(f->dmarc);
}

static unsigned dkim_side(enum dkim_status dkim)
{
    return dkim == DKIM_SUCCESS   ? 0
           : dkim == DKIM_UNKNOWN ? DMARC_UNKNOWN_DKIM
                                  : DMARC_MISSING_DKIM;
}

static enum dmarc_by by_of(unsigned record, unsigned spf, unsigned dkim)
{
    if (record & DMARC_MISSING_RECORD)
        return DMARC_BY_NONE;
    if (is_pass(spf) && is_pass(dkim))
        return DMARC_BY_BOTH;
    if (is_pass(spf))
        return DMARC_BY_SPF;
    if (is_pass(dkim))
        return DMARC_BY_DKIM;
    return is_lacking(spf) && is_lacking(dkim) ? DMARC_BY_NONE : DMARC_BY_UNKNOWN;
}

bool dmarc_record_is_known(const struct dmarc_ready_facts *f)
{
    return f->dmarc != DMARC_STATUS_NONE && f->dmarc != DMARC_STATUS_TROUBLE;
}

struct dmarc_ready dmarc_ready_of(const struct dmarc_ready_facts *f)
{
    unsigned record = record_lack(f->dmarc), spf = spf_side(f), dkim = dkim_side(f->dkim);
    enum dmarc_by by = by_of(record, spf, dkim);
    /* A custom name's record is told with its SPF; else only where mail would pass by DKIM. */
    if (by == DMARC_BY_DKIM && !dmarc_record_is_known(f))
        spf |= DMARC_UNKNOWN_DNS;
    return (struct dmarc_ready){(uint8_t)by, (uint8_t)(record | spf | dkim)};
}

bool dmarc_ready_is_unlooked(const struct dmarc_ready_facts *f)
{
    unsigned lack = record_lack(f->dmarc) | mail_from_lack(f);
    return f->ses_known && f->mail_from.len && !is_lacking(lack) &&
           !dname_eq(f->mail_from, f->asked);
}

static const char *const by_names[DMARC_BYS] = {
    [DMARC_BY_UNKNOWN] = "unknown", [DMARC_BY_NONE] = "none", [DMARC_BY_SPF] = "spf",
    [DMARC_BY_DKIM] = "dkim",       [DMARC_BY_BOTH] = "both",
};

const char *dmarc_by_name(enum dmarc_by by)
{
    return by_names[by];
}

const char *dmarc_lack_name(enum dmarc_lack bit)
{
    static const char *const names[DMARC_LACKS] = {"dmarc-record", "mail-from", "spf", "alignment",
                                                   "dkim",         "mail-from", "dns", "dkim"};
    return names[__builtin_ctz(bit)];
}

static void lacks_add(struct buf *out, unsigned lack, const char *before)
{
    buf_add_str(out, lack ? before : "");
    for (unsigned rest = lack; rest; rest &= rest - 1) {
        buf_add_char(out, ' ');
        buf_add_str(out, dmarc_lack_name((enum dmarc_lack)(rest & -rest)));
    }
}

void dmarc_ready_add(struct buf *out, struct dmarc_ready ready)
{
    buf_add_str(out, dmarc_by_name((enum dmarc_by)ready.by));
    lacks_add(out, ready.lack & DMARC_MISSING_ANY, ", missing");
    lacks_add(out, ready.lack & DMARC_UNKNOWN_ANY, ", not known");
}
