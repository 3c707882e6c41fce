/* Counts and remedies of what watching found, and the line of Nagios. */
#include "watch_report.h"

#include "base/count.h"
#include "base/plural.h"
#include "exit_codes.h"
#include "messages.h"
#include "options/advice.h"

#include <stdlib.h>
#include <string.h>

struct watch_counts watch_count(const struct watching *w)
{
    struct watch_counts c = {.problems = w->problems_len, .next_failed = WHEN_NEVER};
    for (uint32_t i = 0; i < w->problems_len; i++) {
        const struct watching_problem *p = &w->problems[i];
        c.by_level[p->level]++;
        c.shown += p->well_since == 0;
        c.by_kind[p->kind] += p->level > WATCH_WELL;
        if (p->kind == WATCH_STATUS_TEMPORARY)
            c.next_failed = when_earlier(c.next_failed, p->deadline);
    }
    return c;
}

int watch_exit_code(const struct watch_report *r)
{
    const struct watching *w = r->watching;
    if (!w->has_looked)
        return EXIT_CANNOT_RUN;
    return watch_count(w).shown ? EXIT_TROUBLE : EXIT_OK;
}

/* ---- remedies ---- */

/* "records fleet.yaml --missing", made for pasting; too large for a small stack. */
struct remedy {
    struct advice command, word;
    char words[2 * PATH_MAX];
};

static void words_add(struct remedy *m, const char *word)
{
    size_t used = strlen(m->words);
    snprintf(m->words + used, sizeof m->words - used, "%s%s", used ? " " : "",
             advice_word(&m->word, word));
}

/* What the verb is about: the manifests or the run that are watched; of a run's manifests the
 * first, where a verb takes no run. */
static void subject_add(struct remedy *m, const struct watch_report *r, bool takes_run)
{
    const struct options *o = r->options;
    const struct run *run = r->watching->run;
    char file[PATH_MAX];
    bool is_run = run->head.id != 0;
    if (is_run && !takes_run && run->fleet.files_len) {
        snprintf(file, sizeof file, TEXT_FMT, TEXT_ARG(run->fleet.files[0]));
        words_add(m, file);
        return;
    }
    for (size_t i = 0; i < o->arguments_len; i++)
        words_add(m, o->arguments[i]);
}

enum remedy_kind { REMEDY_NONE, REMEDY_RECORDS, REMEDY_APPLY, REMEDY_INSPECT, REMEDY_STEP };

static const struct {
    enum remedy_kind kind;
    const char *step;
} remedies[WATCH_KINDS] = {
    [WATCH_REJECTING] = {REMEDY_RECORDS, NULL},
    [WATCH_STATUS_FAILED] = {REMEDY_APPLY, NULL},
    [WATCH_STATUS_TEMPORARY] = {REMEDY_RECORDS, NULL},
    [WATCH_STATUS_PENDING] = {REMEDY_INSPECT, NULL},
    [WATCH_IDENTITY_MISSING] = {REMEDY_STEP, "create and verify the identity in SES"},
    [WATCH_IDENTITY_UNVERIFIED] = {REMEDY_STEP, "publish the records that SES verifies it by"},
    [WATCH_ACCOUNT_CANNOT_SEND] = {REMEDY_STEP, "see the account dashboard of SES, or AWS Support"},
    [WATCH_DRIFT_NAME] = {REMEDY_APPLY, NULL},
    [WATCH_DRIFT_BEHAVIOR] = {REMEDY_APPLY, NULL},
    [WATCH_MX_GONE] = {REMEDY_RECORDS, NULL},
    [WATCH_MX_WRONG] = {REMEDY_RECORDS, NULL},
    [WATCH_SPF_GONE] = {REMEDY_RECORDS, NULL},
    [WATCH_SPF_WRONG] = {REMEDY_RECORDS, NULL},
    [WATCH_DMARC_NOT_ALIGNED] = {REMEDY_STEP, "mailfrom explain dmarc-not-aligned"},
    [WATCH_DNS_TROUBLE] = {REMEDY_INSPECT, NULL},
    [WATCH_UNSEEN] = {REMEDY_NONE, NULL},
    [WATCH_ENDPOINT_REGIONS] = {REMEDY_STEP, "mailfrom explain endpoint-regions-differ"},
    [WATCH_REFUSED] = {REMEDY_STEP, "choose a MAIL FROM in the manifest that SES takes"},
    [WATCH_ADVISOR_OPEN] = {REMEDY_STEP, "see the Virtual Deliverability Manager of SES"},
};

void watch_mend(struct buf *out, const struct watch_report *r, const struct watching_problem *p,
                bool of_one)
{
    const struct fleet *f = &r->watching->run->fleet;
    enum remedy_kind kind = p->needs_write ? REMEDY_APPLY : remedies[p->kind].kind;
    bool is_row = !(p->tag & WATCHING_LANE);
    struct remedy *m = calloc(1, sizeof *m);
    char name[NAME_LEN_MAX + 1];
    if (!m || kind == REMEDY_NONE || p->well_since) {
        free(m);
        return;
    }
    if (kind == REMEDY_STEP) {
        buf_add_str(out, remedies[p->kind].step);
    } else if (kind == REMEDY_INSPECT && is_row) {
        snprintf(name, sizeof name, TEXT_FMT, TEXT_ARG(fleet_mail_from(f, p->tag)));
        words_add(m, name);
        buf_add_str(out, advice_make(&m->command, r->options, "inspect", m->words));
    } else if (kind == REMEDY_RECORDS || kind == REMEDY_APPLY) {
        bool publishes = kind == REMEDY_RECORDS && f->providers_len > 0;
        const char *verb = kind == REMEDY_APPLY ? "apply" : publishes ? "publish" : "records";
        subject_add(m, r, kind == REMEDY_RECORDS && !publishes);
        if (kind == REMEDY_RECORDS && !publishes)
            words_add(m, "--missing");
        if (of_one && is_row) {
            snprintf(name, sizeof name, TEXT_FMT, TEXT_ARG(fleet_identity(f, p->tag)));
            words_add(m, "--only");
            words_add(m, name);
        }
        buf_add_str(out, advice_make(&m->command, r->options, verb, m->words));
    }
    free(m);
}

/* ---- Nagios ---- */

enum { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };

static void worst_add(struct buf *line, const struct watch_report *r)
{
    const struct watching *w = r->watching;
    const struct watching_problem *p = &w->problems[0];
    const struct watch_key key = watching_key(&w->run->fleet, p->tag);
    struct buf safe;
    buf_init(&safe, LINE_LEN_MAX);
    buf_add_fmt(line, ", first %s of %s", watch_kind_name(p->kind),
                message_safe(&safe, key.identity.len ? key.identity : key.lane.region));
    buf_clear(&safe);
}

int watch_nagios_print(const struct watch_report *r, const char *blind)
{
    static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    const struct watching *w = r->watching;
    const struct fleet *f = &w->run->fleet;
    struct watch_counts c = watch_count(w);
    uint32_t bad = c.problems - c.by_level[WATCH_WELL];
    struct buf line, safe;
    int code = c.by_level[WATCH_PAGE] || c.by_level[WATCH_CRITICAL] ? NAGIOS_CRITICAL
               : c.by_level[WATCH_WARNING]                          ? NAGIOS_WARNING
                                                                    : NAGIOS_OK;
    if (blind || (code == NAGIOS_OK && w->unseen))
        code = NAGIOS_UNKNOWN;
    buf_init(&line, 2 * LINE_LEN_MAX);
    buf_init(&safe, LINE_LEN_MAX);
    buf_add_fmt(&line, "MAILFROM %s - ", words[code]);
    if (blind)
        buf_add_str(&line, message_safe(&safe, text_of(blind)));
    else if (bad)
        buf_add_fmt(&line, "%u %s of %u %s", bad, plural(bad, "problem", "problems"),
                    f->choices_len, plural(f->choices_len, "identity", "identities"));
    else
        buf_add_fmt(&line, "%u %s as wanted", f->choices_len - w->unseen,
                    plural(f->choices_len - w->unseen, "identity is", "identities are"));
    if (!blind && bad)
        worst_add(&line, r);
    if (!blind && w->unseen)
        buf_add_fmt(&line, ", %u not seen", w->unseen);
    if (!blind && c.by_level[WATCH_WELL])
        buf_add_fmt(&line, ", %u seen and not lasting yet", c.by_level[WATCH_WELL]);
    /* A bar would end the text. */
    for (size_t i = 0; i < line.len; i++)
        line.at[i] = line.at[i] == '|' ? '/' : line.at[i];
    buf_add_fmt(&line,
                " | identities=%u;;;0 warning=%u;;;0 critical=%u;;;0 page=%u;;;0 unseen=%u;;;0 "
                "time=%llds;;;0",
                f->choices_len, c.by_level[WATCH_WARNING], c.by_level[WATCH_CRITICAL],
                c.by_level[WATCH_PAGE], w->unseen, (long long)((w->ended - w->began) / SPAN_S(1)));
    printf("%s\n", line.failed ? "MAILFROM UNKNOWN - out of memory" : line.at);
    buf_clear(&safe);
    buf_clear(&line);
    return code;
}
