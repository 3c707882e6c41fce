/*
 * Readiness for DMARC of rows and of a fleet. The journal keeps no look at a MAIL FROM that a run
 * has replaced: what passed before the run is told by the action of the row, and where it cannot
 * be, it is counted as not looked at.
 */
#include "dmarc_sum.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/dname.h"
#include "base/plural.h"

/* What SES and DNS have shown at last. */
static struct dmarc_ready_facts facts_of(const struct fleet *fleet, uint32_t row,
                                         const struct job_row *job)
{
    return (struct dmarc_ready_facts){.ses_known = job->seen_known,
                                      .mail_from = job->mail_from_seen,
                                      .status = job->status_seen,
                                      .dkim = job->dkim,
                                      .asked = fleet_mail_from(fleet, row),
                                      .spf = job->spf,
                                      .dmarc = job->dmarc};
}

/* Before the run's writes. A name that was there and stays, was at Success: only then a behaviour
 * is tightened. */
static enum dmarc_by before_of(struct dmarc_ready_facts f, const struct job_row *job,
                               struct row_dmarc *out)
{
    out->before_is_unlooked = out->now_is_unlooked;
    if (job->accepted == 0 || !job->before_known)
        return (enum dmarc_by)out->now.by;
    f.ses_known = true;
    f.mail_from = job->mail_from_before;
    f.status = f.mail_from.len == 0              ? MAIL_FROM_NONE
               : job->action == ACTION_RESTART   ? MAIL_FROM_FAILED
               : !dname_eq(f.mail_from, f.asked) ? MAIL_FROM_UNKNOWN
               : f.status == MAIL_FROM_SUCCESS   ? MAIL_FROM_SUCCESS
                                                 : MAIL_FROM_UNKNOWN;
    out->before_is_unlooked = f.status == MAIL_FROM_UNKNOWN;
    return (enum dmarc_by)dmarc_ready_of(&f).by;
}

/* Once the wanted name is set and SES sees its MX. */
static struct dmarc_ready_facts wanted_of(struct dmarc_ready_facts f)
{
    f.ses_known = true;
    f.mail_from = f.asked;
    f.status = f.asked.len ? MAIL_FROM_SUCCESS : MAIL_FROM_NONE;
    return f;
}

struct row_dmarc row_dmarc_of(const struct fleet *fleet, uint32_t row, const struct job_row *job,
                              enum outcome outcome)
{
    static const struct job_row none = {0};
    struct dmarc_ready_facts f = facts_of(fleet, row, job ? job : &none);
    struct row_dmarc out = {.now = dmarc_ready_of(&f),
                            .now_is_unlooked = dmarc_ready_is_unlooked(&f),
                            .record_is_unknown = !dmarc_record_is_known(&f)};
    out.before = (uint8_t)before_of(f, job ? job : &none, &out);
    out.planned = out.finished = out.now.by;
    bool waits = outcome == OUTCOME_WAITING_DNS || outcome == OUTCOME_PENDING;
    if (!job || (outcome != OUTCOME_PLANNED && !waits))
        return out;
    f = wanted_of(f);
    if (!waits)
        out.planned = dmarc_ready_of(&f).by;
    if (outcome == OUTCOME_WAITING_DNS && fleet_policy_of(fleet, row)->require == REQUIRE_MX_SPF)
        f.spf = SPF_STATUS_OK; /* the write waits for it */
    out.finished = dmarc_ready_of(&f).by;
    return out;
}

const char *dmarc_by_words(enum dmarc_by by)
{
    static const char *const words[DMARC_BYS] = {
        [DMARC_BY_UNKNOWN] = "not known", [DMARC_BY_NONE] = "neither",
        [DMARC_BY_SPF] = "SPF alone",     [DMARC_BY_DKIM] = "DKIM alone",
        [DMARC_BY_BOTH] = "SPF and DKIM",
    };
    return words[by];
}

const char *dmarc_lack_help(enum dmarc_lack bit)
{
    static const char *const help[DMARC_LACKS] = {
        "publish one DMARC record at _dmarc of the domain: mailfrom explain dmarc-missing",
        "set a custom MAIL FROM and let SES see its MX: mailfrom apply",
        "publish the SPF record of the MAIL FROM: mailfrom records --missing",
        ("take a MAIL FROM of the same organizational domain, without aspf=s: mailfrom explain "
         "dmarc-not-aligned"),
        "set up DKIM of the domain in SES, and publish its CNAME records",
        "let SES be read: mailfrom check",
        "let DNS be asked about the MAIL FROM at SES: mailfrom inspect",
        "let SES tell DKIM; of an address, see the identity of its domain",
    };
    return help[__builtin_ctz(bit)];
}

bool row_dmarc_is_silent(const struct row_dmarc *row)
{
    const unsigned decides = DMARC_MISSING_ANY & ~(unsigned)DMARC_MISSING_DKIM;
    return !dmarc_by_spf((enum dmarc_by)row->now.by) && !row->now_is_unlooked &&
           (row->now.lack & DMARC_UNKNOWN_DNS) &&
           !(row->now.lack & (decides | DMARC_UNKNOWN_MAIL_FROM));
}

/* Without a DMARC record mail passes by nothing, so DKIM alone tells nothing where it is not known.
 */
static enum dmarc_by counted(const struct row_dmarc *row, unsigned by)
{
    return row->record_is_unknown && by == DMARC_BY_DKIM ? DMARC_BY_UNKNOWN : (enum dmarc_by)by;
}

void dmarc_sum_add(struct dmarc_sum *sum, const struct row_dmarc *row, enum identity_type type,
                   enum tense tense)
{
    bool is_run = tense == TENSE_RUN;
    sum->rows++;
    sum->addresses += type == IDENTITY_EMAIL_ADDRESS;
    sum->before[counted(row, is_run ? row->before : row->now.by)]++;
    sum->after[counted(row, is_run ? row->now.by : row->planned)]++;
    sum->finished[counted(row, row->finished)]++;
    sum->unlooked += is_run ? row->before_is_unlooked : row->now_is_unlooked;
    sum->silent += row_dmarc_is_silent(row);
    sum->dkim_known += !(row->now.lack & DMARC_UNKNOWN_DKIM);
    for (unsigned i = 0; i < COUNT(sum->lacks); i++)
        sum->lacks[i] += row->now.lack >> i & 1;
}

struct row_dmarc dmarc_sum_see(struct dmarc_sum *sum, const struct dmarc_ready_facts *facts,
                               enum identity_type type)
{
    struct dmarc_ready now = dmarc_ready_of(facts);
    const struct row_dmarc row = {.now = now,
                                  .before = now.by,
                                  .planned = now.by,
                                  .finished = now.by,
                                  .before_is_unlooked = dmarc_ready_is_unlooked(facts),
                                  .now_is_unlooked = dmarc_ready_is_unlooked(facts),
                                  .record_is_unknown = !dmarc_record_is_known(facts)};
    dmarc_sum_add(sum, &row, type, TENSE_RUN);
    return row;
}

static uint32_t by_spf(const uint32_t counts[DMARC_BYS])
{
    return counts[DMARC_BY_SPF] + counts[DMARC_BY_BOTH];
}

static uint32_t by_dkim(const uint32_t counts[DMARC_BYS])
{
    return counts[DMARC_BY_DKIM] + counts[DMARC_BY_BOTH];
}

bool dmarc_sum_is_known(const struct dmarc_sum *sum)
{
    return sum->before[DMARC_BY_UNKNOWN] < sum->rows || sum->after[DMARC_BY_UNKNOWN] < sum->rows ||
           sum->finished[DMARC_BY_UNKNOWN] < sum->rows;
}

static const char *noun_of(const struct dmarc_sum *sum)
{
    return sum->addresses ? plural(sum->rows, "identity", "identities")
                          : plural(sum->rows, "domain", "domains");
}

/* ", 2950 by DKIM, 2400 by both, 38 by neither; of 12 it is not known" */
static void others_add(struct buf *out, const struct dmarc_sum *sum, const char *between)
{
    if (sum->dkim_known) {
        buf_add_fmt(out, "%s%u by DKIM, %u by both", between, by_dkim(sum->after),
                    sum->after[DMARC_BY_BOTH]);
        between = ", ";
    }
    if (sum->after[DMARC_BY_NONE]) {
        buf_add_fmt(out, "%s%u by neither", between, sum->after[DMARC_BY_NONE]);
        between = "; ";
    }
    if (sum->after[DMARC_BY_UNKNOWN])
        buf_add_fmt(out, "; of %u it is not known", sum->after[DMARC_BY_UNKNOWN]);
}

/* "2412 of 3000 domains pass DMARC by SPF" */
static void spf_add(struct buf *out, const struct dmarc_sum *sum, uint32_t count)
{
    buf_add_fmt(out, "%u of %u %s %s DMARC by SPF", count, sum->rows, noun_of(sum),
                sum->rows == 1 ? "passes" : plural(count, "passes", "pass"));
}

static void silent_add(struct buf *out, const struct dmarc_sum *sum)
{
    if (sum->silent)
        buf_add_fmt(out, ", without %u of which DNS gave no verdict", sum->silent);
}

static void unlooked_add(struct buf *out, const struct dmarc_sum *sum)
{
    if (sum->unlooked)
        buf_add_fmt(out, ", without %u whose earlier MAIL FROM was not looked at", sum->unlooked);
}

static void run_tell(struct buf *out, const struct dmarc_sum *sum, bool is_open)
{
    uint32_t before = by_spf(sum->before), after = by_spf(sum->after);
    const char *when = is_open ? "so far" : "after this run";
    spf_add(out, sum, after);
    if (before == after && !sum->unlooked)
        buf_add_str(out, ", as before this run");
    else
        buf_add_fmt(out, " %s", when);
    silent_add(out, sum);
    if (before != after || sum->unlooked)
        buf_add_fmt(out, " (before: %u", before);
    unlooked_add(out, sum);
    buf_add_str(out, before == after && !sum->unlooked ? "" : ")");
    others_add(out, sum, ", ");
    buf_add_char(out, '.');
    if (is_open && by_spf(sum->finished) != after)
        buf_add_fmt(out, " Once every open one is done, %u %s by SPF.", by_spf(sum->finished),
                    plural(by_spf(sum->finished), "passes", "pass"));
}

static void plan_tell(struct buf *out, const struct dmarc_sum *sum, enum tense tense)
{
    uint32_t now = by_spf(sum->before), then = by_spf(sum->after), last = by_spf(sum->finished);
    const char *what = tense == TENSE_ROLLBACK ? "this rollback" : "this plan";
    spf_add(out, sum, now);
    buf_add_str(out, " now");
    bool is_same = then == now && last == now && !sum->unlooked;
    if (is_same)
        buf_add_fmt(out, " and after %s", what);
    silent_add(out, sum);
    unlooked_add(out, sum);
    if (!is_same)
        buf_add_fmt(out, "; %u will after %s", then, what);
    if (last != then)
        buf_add_fmt(out, ", and %u once DNS and SES are ready with what is waited for", last);
    buf_add_char(out, '.');
    if (sum->dkim_known || sum->after[DMARC_BY_NONE]) {
        buf_add_str(out, " After it: ");
        others_add(out, sum, "");
        buf_add_char(out, '.');
    }
}

void dmarc_sum_tell(struct buf *out, const struct dmarc_sum *sum, enum tense tense, bool is_open)
{
    if (!dmarc_sum_is_known(sum))
        return;
    if (tense == TENSE_RUN)
        run_tell(out, sum, is_open);
    else
        plan_tell(out, sum, tense);
}

void dmarc_seen_tell(struct buf *out, const struct dmarc_sum *sum)
{
    if (!dmarc_sum_is_known(sum))
        return;
    spf_add(out, sum, by_spf(sum->after));
    silent_add(out, sum);
    unlooked_add(out, sum);
    others_add(out, sum, ", ");
    buf_add_char(out, '.');
}

static void lacks_json(struct json_out *j, const char *key, const struct dmarc_sum *sum,
                       unsigned bits)
{
    json_add_object(j, key);
    for (unsigned i = 0; i < COUNT(sum->lacks); i++)
        if (bits & 1u << i)
            json_add_u64(j, dmarc_lack_name((enum dmarc_lack)(1u << i)), sum->lacks[i]);
    json_end(j);
}

/* What a look has, and a run too. */
static void present_json(struct json_out *j, const struct dmarc_sum *sum)
{
    json_add_u64(j, "by_dkim", by_dkim(sum->after));
    json_add_u64(j, "by_both", sum->after[DMARC_BY_BOTH]);
    json_add_u64(j, "none", sum->after[DMARC_BY_NONE]);
    json_add_u64(j, "unknown", sum->after[DMARC_BY_UNKNOWN]);
    lacks_json(j, "missing", sum, DMARC_MISSING_ANY);
    lacks_json(j, "not_known", sum, DMARC_UNKNOWN_ANY);
}

void dmarc_sum_json(struct json_out *j, const struct dmarc_sum *sum, enum tense tense, bool is_open)
{
    struct buf told;
    buf_init(&told, LINE_LEN_MAX);
    dmarc_sum_tell(&told, sum, tense, is_open);
    json_add_object(j, "dmarc");
    json_add_text(j, "text", buf_text(&told));
    buf_spend(&told, j->buf);
    json_add_u64(j, "identities", sum->rows);
    json_add_u64(j, "by_spf_before", by_spf(sum->before));
    json_add_u64(j, "by_spf_after", by_spf(sum->after));
    json_add_u64(j, "by_spf_finished", by_spf(sum->finished));
    json_add_u64(j, "before_not_looked_at", sum->unlooked);
    present_json(j, sum);
    json_end(j);
}

void dmarc_seen_json(struct json_out *j, const struct dmarc_sum *sum)
{
    struct buf told;
    buf_init(&told, LINE_LEN_MAX);
    dmarc_seen_tell(&told, sum);
    json_add_object(j, "dmarc");
    json_add_text(j, "text", buf_text(&told));
    buf_spend(&told, j->buf);
    json_add_u64(j, "identities", sum->rows);
    json_add_u64(j, "by_spf", by_spf(sum->after));
    json_add_u64(j, "not_looked_at", sum->unlooked);
    present_json(j, sum);
    json_end(j);
}
