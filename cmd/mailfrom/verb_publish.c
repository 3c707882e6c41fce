/*
 * publish creates the record sets of a fleet that are missing; withdraw takes back those of a run.
 * Both look first, show what they would do, and ask.
 */
#include "access/trust.h"
#include "base/bounds.h"
#include "base/plural.h"
#include "outputs.h"
#include "publishing_session.h"
#include "run/withdrawing.h"
#include "ui/confirm.h"
#include "ui/messages.h"
#include "ui/run_beside.h"
#include "ui/run_lost.h"
#include "verbs.h"
#include "wire/os_clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err file_read(const char *path, struct buf *out, struct why *why)
{
    char bytes[4096];
    size_t len;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return why_set(why, ERR_INPUT, "plan %s: %s", path, strerror(errno));
    while ((len = fread(bytes, 1, sizeof bytes, file)) > 0)
        buf_add(out, bytes, len);
    bool failed = ferror(file) || out->failed;
    fclose(file);
    return failed ? why_set(why, ERR_INPUT, "plan %s: cannot be read whole", path) : OK;
}

/* Exactly what was reviewed. */
static enum err plan_take(struct session *s, struct publishing *p, struct reviewed *plan,
                          struct why *why)
{
    struct buf json;
    uint32_t left = 0;
    const struct options *o = &s->options;
    if (!o->plan)
        return OK;
    if (o->out)
        return why_set(why, ERR_INPUT, "--out writes a plan and --plan carries one out: give one");
    buf_init(&json, PUBLISH_PLAN_BYTES_MAX);
    enum err err = file_read(o->plan, &json, why);
    if (err == OK && reviewed_read(plan, buf_text(&json), &s->run.arena, why) != OK)
        err = why_wrap(why, ERR_INPUT, "plan %s", o->plan);
    buf_clear(&json);
    if (err == OK)
        err = publishing_review(p, plan, &left, why);
    if (err == OK && left && !o->quiet)
        message_note("%u %s of the manifest %s no change in the plan, and %s left", left,
                     plural(left, "name", "names"), plural(left, "has", "have"),
                     plural(left, "is", "are"));
    return err;
}

static enum err changes_confirm(const struct session *s, uint32_t changes, struct why *why)
{
    char question[120];
    bool withdraws = s->run.head.verb == RUN_WITHDRAW;
    if (changes == 0)
        return why_set(why, ERR_GONE,
                       "no changes: nothing is to be %s, or a person is needed first",
                       withdraws ? "taken back" : "created");
    snprintf(question, sizeof question, "%s the record sets of %u %s as shown?",
             withdraws ? "Take back" : "Create", changes, plural(changes, "name", "names"));
    return confirm_ask(question, why);
}

/* Shows and asks where that is wished for, then does it. */
static int publishing_offer(struct session *s, struct publishing *p, struct why *why)
{
    const struct options *o = &s->options;
    uint32_t changes = 0;
    bool shows = o->dry_run || o->out;
    if (shows || !o->yes) {
        int code = publishing_show(s, p, &changes, why);
        if (shows || code == EXIT_CANNOT_RUN || code == EXIT_STOPPED)
            return code;
        enum err err = changes_confirm(s, changes, why);
        if (err == ERR_GONE)
            message_note("%s", why->text);
        else if (err != OK)
            message_error("%s", why->text);
        if (err == OK && s->run.head.verb == RUN_WITHDRAW) { /* the answer may have taken an hour */
            struct os_clock clock;
            os_clock_open(&clock, s->run.head.last);
            err = withdrawing_bar(p, s->run.head.parent, o->now, os_clock_now(&clock), why);
            if (err != OK)
                message_error("%s", why->text);
        }
        if (err != OK)
            return err == ERR_GONE ? code : EXIT_CANNOT_RUN;
    }
    return publishing_session(p, s, why);
}

static enum err publish_load(struct session *s, struct publishing *p, struct reviewed *plan,
                             uint32_t *refused, struct why *why)
{
    struct run *r = &s->run;
    const struct options *o = &s->options;
    bool *keep = NULL;
    s->keeps_whole = true;
    if (o->access.dns && strcmp(o->access.dns, "recursive") == 0)
        return why_set(
            why, ERR_INPUT,
            "--dns recursive: what is published is decided by the authoritative servers, "
            "which a resolver may lag behind; leave the option out");
    enum err err = session_load(s, why);
    if (err == OK)
        err = session_keep(s, &keep, why);
    if (err == OK)
        err = publishing_targets(s, p, keep, refused, why);
    free(keep);
    if (err == OK)
        err = plan_take(s, p, plan, why);
    if (err == OK && o->out)
        err = outputs_fresh(o, why);
    if (o->dry_run || o->out)
        return err;
    if (err == OK && !o->yes)
        err = confirm_possible(why);
    if (err == OK)
        err = run_beside_open(o, r, JOURNAL_WRITE, why);
    return err == OK ? run_lost_note(o, r, why) : err;
}

int verb_publish(const struct options *given)
{
    struct session *s = session_new(given);
    struct why why = {""};
    struct publishing p;
    struct reviewed plan = {.len = 0};
    uint32_t refused = 0;
    int code = EXIT_CANNOT_RUN;
    if (!s)
        return session_refused();
    publishing_begin(&p, s);
    s->run.head.verb = RUN_PUBLISH;
    enum err err = publish_load(s, &p, &plan, &refused, &why);
    if (err == OK)
        err = session_listen(s, &why);
    if (err == OK)
        code = publishing_offer(s, &p, &why);
    else
        message_error("%s", why.text);
    reviewed_clear(&plan);
    session_free(s);
    return code == EXIT_OK && refused ? EXIT_TROUBLE : code;
}

/* ---- withdraw ---- */

static enum err withdraw_load(struct session *s, struct publishing *p, struct why *why)
{
    struct run *r = &s->run;
    struct options *o = &s->options;
    const struct access given = o->access;
    struct run_head old;
    struct os_clock clock;
    uint64_t id;
    if (o->arguments_len != 1)
        return why_set(why, ERR_INPUT, "no run given: name the run whose record sets are to go");
    enum err err = session_number(o, &id, why);
    if (err == OK)
        err = session_report_vet(o, why);
    if (err == OK && !o->dry_run && !o->yes)
        err = confirm_possible(why);
    if (err == OK)
        err = o->dry_run ? run_journal(r, JOURNAL_READ, why)
                         : run_beside_open(o, r, JOURNAL_UPDATE, why);
    if (err == OK)
        err = run_recall(r, id, why);
    if (err == OK && r->head.verb != RUN_PUBLISH && r->head.verb != RUN_APPLY)
        err = why_set(why, ERR_INPUT, "run %llu is no run that publishes: it is one of %s",
                      (unsigned long long)id, journal_verb_name(r->head.verb));
    if (err == OK)
        err = access_read(&o->access, r->head.options, &r->arena, why);
    if (err == OK)
        err = access_trust_vet(&given, &o->access, "the journal of that run", why);
    if (err == OK)
        err = run_lost_note(o, r, why);
    if (err == OK)
        err = publishing_created(p, id, why);
    old = r->head;
    r->head = (struct run_head){.verb = RUN_WITHDRAW, .parent = old.id, .last = old.last};
    os_clock_open(&clock, old.last);
    signals_block(&s->signals); /* SES is read */
    if (err == OK && p->targets_len)
        err = withdrawing_bar(p, id, o->now, os_clock_now(&clock), why);
    return err;
}

int verb_withdraw(const struct options *given)
{
    struct session *s = session_new(given);
    struct why why = {""};
    struct publishing p;
    int code = EXIT_CANNOT_RUN;
    if (!s)
        return session_refused();
    publishing_begin(&p, s);
    enum err err = withdraw_load(s, &p, &why);
    if (err == OK && p.targets_len == 0) {
        printf("Run %llu created no record sets: there is nothing to take back\n",
               (unsigned long long)s->run.head.parent);
        code = EXIT_OK;
    } else if (err == OK && session_listen(s, &why) == OK) {
        code = publishing_offer(s, &p, &why);
    } else {
        message_error("%s", why.text);
    }
    session_free(s);
    return code;
}
