/* evidence: the aggregate reports of receivers, before and after a run. */
#include "base/bounds.h"
#include "evidence_spare.h"
#include "reports/evidence.h"
#include "run/changes_read.h"
#include "session.h"
#include "ui/messages.h"
#include "ui/run_lost.h"
#include "verbs.h"
#include "wire/os_clock.h"

#include <stdlib.h>

/* What the command line asks for. */
struct evidence_wish {
    const char **paths; /* owned */
    uint32_t paths_len;
    uint64_t run; /* 0: none */
    int32_t since, until;
    instant_us now;
};

struct reading {
    const struct options *options;
    struct evidence_targets targets;
    struct tally tally;
    uint64_t complaints, more, notes, more_notes;
    enum err err; /* of a file that is not to be read */
    struct why why;
};

static bool file_open(void *ctx, int fd, struct text name)
{
    struct reading *r = ctx;
    r->err = evidence_spare_file(&r->targets, fd, name, &r->why);
    return r->err == OK;
}

static bool row_take(void *ctx, const struct aggregate_row *row)
{
    struct reading *r = ctx;
    return tally_row(&r->tally, row);
}

static void complaint_take(void *ctx, const char *sentence)
{
    struct reading *r = ctx;
    if (r->complaints++ < EVIDENCE_COMPLAINTS_SHOWN || r->options->all)
        message_error("%s", sentence);
    else
        r->more++;
}

static void note_take(void *ctx, const char *sentence)
{
    struct reading *r = ctx;
    if (r->options->quiet)
        return;
    if (r->notes++ < EVIDENCE_COMPLAINTS_SHOWN || r->options->all)
        message_note("%s", sentence);
    else
        r->more_notes++;
}

/* Digits are a run; a folder of such a name is "./7". */
static enum err arguments_read(const struct options *o, struct evidence_wish *w, struct why *why)
{
    uint64_t run;
    w->paths = calloc(o->dmarc_reports_len + o->arguments_len + 1, sizeof *w->paths);
    if (!w->paths)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < o->dmarc_reports_len; i++)
        w->paths[w->paths_len++] = o->dmarc_reports[i];
    for (size_t i = 0; i < o->arguments_len; i++) {
        bool is_run = text_to_u64(text_of(o->arguments[i]), &run) && run;
        if (is_run && w->run)
            return why_set(why, ERR_INPUT,
                           "found runs %llu and %llu, expected one at a time; a file of such a "
                           "name is ./%s",
                           (unsigned long long)w->run, (unsigned long long)run, o->arguments[i]);
        if (is_run)
            w->run = run;
        else
            w->paths[w->paths_len++] = o->arguments[i];
    }
    return w->paths_len ? OK
                        : why_set(why, ERR_INPUT,
                                  "no reports given: --dmarc-reports takes files and folders of "
                                  "DMARC aggregate reports");
}

static enum err days_read(const struct options *o, struct evidence_wish *w, struct why *why)
{
    struct os_clock clock;
    os_clock_open(&clock, 0);
    w->now = os_clock_utc(&clock);
    w->since = DAY_MIN;
    w->until = o->until_at ? day_of(o->until_at) : DAY_MAX;
    if (o->since_at)
        w->since = day_of(o->since_at);
    else if (o->since_before)
        w->since = day_of(w->now - o->since_before);
    if (w->since > w->until)
        return why_set(why, ERR_INPUT, "--since lies behind --until: no day is left");
    return OK;
}

static enum err format_known(struct text format, const char *option, struct why *why)
{
    char known[64] = "";
    size_t used = 0;
    if (evidence_format_known(format))
        return OK;
    for (size_t i = 0; evidence_format_name(i) && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 evidence_format_name(i));
    return why_set(why, ERR_INPUT, "--%s: unknown format \"" TEXT_FMT "\", expected one of %s",
                   option, TEXT_ARG(format), known);
}

static enum err formats_vet(const struct options *o, struct why *why)
{
    enum err err = o->format ? format_known(text_of(o->format), "format", why) : OK;
    for (size_t i = 0; err == OK && i < o->reports_len; i++)
        err = format_known(o->reports[i].format, "report", why);
    if (err == OK && o->format && session_takes_stdout(o))
        err = why_set(why, ERR_INPUT,
                      "--format and --report both write to standard output: give --report a file");
    return err;
}

/* What the run has changed, from its journal. */
static enum err run_take(struct session *s, uint64_t id, struct changes *c, struct why *why)
{
    if (!changes_init(c))
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = run_journal(&s->run, JOURNAL_READ, why);
    if (err == OK)
        err = run_recall(&s->run, id, why);
    if (err == OK)
        err = run_lost_tell(&s->options, &s->run, why);
    return err == OK ? changes_read(&s->run, c, why) : err;
}

static enum err reports_read(const struct evidence_wish *w, struct reading *r,
                             struct aggregate_counts *counts, struct why *why)
{
    const struct aggregate_reader reader = {.ctx = r,
                                            .now = w->now,
                                            .open = file_open,
                                            .row = row_take,
                                            .complain = complaint_take,
                                            .note = note_take};
    enum err err = evidence_spare_folders(r->options, w->paths, w->paths_len, &r->targets, why);
    if (err == OK)
        err = aggregate_read(w->paths, w->paths_len, &reader, counts, why);
    if (err == OK && r->err != OK)
        err = why_set(why, r->err, "%s", r->why.text);
    if (r->more)
        message_note("... and %llu more; --all shows them", (unsigned long long)r->more);
    if (r->more_notes)
        message_note("... and %llu more that give nothing; --all shows them",
                     (unsigned long long)r->more_notes);
    if (err == OK && r->tally.out_of_memory)
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        tally_settle(&r->tally);
    return err;
}

/* Everything that is wished; tries all, and returns the first error. */
static enum err all_write(const struct options *o, const struct evidence *e, struct why *why)
{
    enum err first = OK;
    fflush(stdout);                                 /* reports to standard output go past stdio */
    bool is_summary = !o->format && o->reports_len; /* beside what was asked for */
    if (o->format || !(session_takes_stdout(o) || (is_summary && o->quiet)))
        first = evidence_write(o->format ? text_of(o->format) : TEXT("text"), "-", e, why);
    for (size_t i = 0; i < o->reports_len; i++) {
        struct why one = {""};
        enum err err = evidence_write(o->reports[i].format, o->reports[i].path, e, &one);
        if (err != OK)
            why_wrap(&one, err, "--report %s", o->reports[i].path);
        if (err != OK && first == OK)
            *why = one;
        else if (err != OK)
            message_error("%s", one.text);
        first = first == OK ? err : first;
    }
    return first;
}

static enum err evidence_show(struct session *s, const struct evidence_wish *w,
                              const struct changes *changes, bool *whole, struct why *why)
{
    struct reading r = {.options = &s->options};
    struct evidence e = {.run = w->run,
                         .version = TEXT(MAILFROM_VERSION),
                         .shows_all = s->options.access.verbose,
                         .csv = s->options.csv};
    if (w->run) {
        e.is_rollback = s->run.head.verb == RUN_ROLLBACK;
        e.verb = text_of(journal_verb_name(s->run.head.verb));
        e.started = s->run.head.started;
    }
    enum err err = tally_init(&r.tally, w->run ? changes : NULL, w->since, w->until)
                       ? reports_read(w, &r, &e.counts, why)
                       : why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK) {
        e.tally = &r.tally;
        e.gain = mail_gain(&r.tally);
        err = all_write(&s->options, &e, why);
    }
    *whole = !e.counts.bad_files && !e.counts.bad_reports;
    tally_clear(&r.tally);
    return err;
}

int verb_evidence(const struct options *given)
{
    struct session *s = session_new(given);
    struct why why = {""};
    struct evidence_wish wish = {0};
    struct changes changes = {0};
    bool whole = false;
    if (!s)
        return session_refused();
    enum err err = arguments_read(&s->options, &wish, &why);
    if (err == OK)
        err = formats_vet(&s->options, &why);
    if (err == OK)
        err = days_read(&s->options, &wish, &why);
    if (err == OK && wish.run)
        err = run_take(s, wish.run, &changes, &why);
    if (err == OK)
        err = evidence_show(s, &wish, &changes, &whole, &why);
    if (err != OK)
        message_error("%s", why.text);
    changes_clear(&changes);
    free(wish.paths);
    session_free(s);
    if (err != OK)
        return EXIT_CANNOT_RUN;
    return whole ? EXIT_OK : EXIT_TROUBLE;
}
