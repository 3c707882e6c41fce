/* A publishing from its targets to its exit code. */
#include "publishing_session.h"

#include "base/plural.h"
#include "options/advice.h"
#include "run/published_rows.h"
#include "run/withdrawing.h"
#include "ui/exit_codes.h"
#include "ui/messages.h"
#include "wire/os_clock.h"

#include <stdio.h>
#include <unistd.h>

#define TOLD_EVERY SPAN_S(5)

struct telling {
    const struct publishing *p;
    instant_us told;
};

static void turn_tell(void *ctx, const struct publisher *publisher, instant_us now)
{
    struct telling *t = ctx;
    struct publisher_totals totals;
    uint32_t ended = 0, bad = 0;
    if (now - t->told < TOLD_EVERY)
        return;
    t->told = now;
    publisher_totals(publisher, &totals);
    for (int i = 0; i < PUBLISH_STATES; i++) {
        ended += publish_state_is_final((enum publish_state)i) ? totals.by_state[i] : 0;
        bad += publish_state_is_bad((enum publish_state)i) ? totals.by_state[i] : 0;
    }
    message_note("%u of %u names done, %u need a person; %u accepted and not seen everywhere yet",
                 ended, t->p->targets_len, bad, totals.by_state[PUBLISH_VERIFYING]);
}

static instant_us turn_wake(void *ctx, instant_us now)
{
    const struct telling *t = ctx;
    (void)now;
    return t->told + TOLD_EVERY;
}

void publishing_begin(struct publishing *p, struct session *s)
{
    *p = (struct publishing){.run = &s->run, .merges_spf = s->options.merge_spf};
}

static enum err list_write(struct session *s, struct publishing *p, bool is_told,
                           struct published_list *list, struct why *why)
{
    const struct options *o = &s->options;
    enum err err = published_rows(p, list, why);
    fflush(stdout);
    for (size_t i = 0; err == OK && i < o->reports_len; i++)
        err = published_write(o->reports[i].format, o->reports[i].path, list, false, why);
    if (err == OK && p->is_dry && o->out)
        err = published_write(TEXT("json"), o->out, list, false, why);
    if (err == OK && is_told)
        err = published_write(TEXT("text"), "-", list, o->access.verbose || o->all, why);
    return err;
}

enum err publishing_report(struct session *s, bool is_told, struct why *why)
{
    struct publishing p;
    struct published_list list;
    publishing_begin(&p, s);
    enum err err = publishing_recall(&p, why);
    return err == OK ? list_write(s, &p, is_told, &list, why) : err;
}

/* The least policy that a refusal of IAM asks for. */
static void policy_tell(const struct publishing *p)
{
    const struct fleet *f = &p->run->fleet;
    bool is_route53 = false;
    for (uint32_t i = 0; i < f->providers_len; i++)
        is_route53 |= f->providers[i].kind == PROVIDER_ROUTE53;
    if (!p->totals.is_denied || !is_route53)
        return;
    message_note("Route 53 needs route53:ListHostedZonesByName, GetHostedZone, "
                 "ListResourceRecordSets and ChangeResourceRecordSets; docs/PERMISSIONS.md has the "
                 "least policy, which can create MX and TXT of chosen names and nothing else");
}

static void next_tell(const struct publishing *p, const struct session *s,
                      const struct published_list *list)
{
    struct advice a;
    const struct run *r = p->run;
    const struct options *o = &s->options;
    uint64_t id = r->head.id;
    uint32_t failed = list->counts[PUBLISHED_FAILED] + list->counts[PUBLISHED_REFUSED];
    if (p->is_dry || o->quiet)
        return;
    if (r->end != ENGINE_ENDED)
        message_note_then(advice_run(&a, o, "resume", id, ""),
                          "To go on with run %llu:", (unsigned long long)id);
    else if (failed)
        message_note_then(advice_run(&a, o, "resume", id, "--retry-failed"),
                          "To try again what failed:");
    if (list->counts[PUBLISHED_CREATED])
        message_note_then(advice_run(&a, o, "withdraw", id, ""),
                          "To take back what run %llu has created:", (unsigned long long)id);
}

static int exit_code_of(const struct publishing *p, const struct published_list *list)
{
    if (p->run->end != ENGINE_ENDED)
        return EXIT_STOPPED;
    for (int i = 0; i < PUBLISHED_OUTCOMES; i++)
        if (list->counts[i] && published_outcome_is_bad((enum published_outcome)i))
            return EXIT_TROUBLE;
    return EXIT_OK;
}

static int publishing_conclude(struct publishing *p, struct session *s, enum err err,
                               struct why *why)
{
    struct published_list list = {.len = 0};
    struct run *r = &s->run;
    if (err != OK)
        message_error("%s", why->text);
    if (r->stopped)
        return EXIT_STOPPED;
    if (!r->journal || r->head.id == 0)
        return EXIT_CANNOT_RUN;
    struct run_head head;
    struct why second = {""};
    enum err end = journal_run(r->journal, r->head.id, &head, &r->arena, &second);
    if (end == OK) {
        r->head = head;
        end = list_write(s, p, !s->options.quiet && !session_takes_stdout(&s->options), &list,
                         &second);
    }
    if (end != OK)
        message_error("%s", second.text);
    policy_tell(p);
    if (p->totals.is_stopped)
        message_error("more failures than max_failures allows: nothing more was sent");
    next_tell(p, s, &list);
    return err != OK || end != OK ? EXIT_CANNOT_RUN : exit_code_of(p, &list);
}

int publishing_session(struct publishing *p, struct session *s, struct why *why)
{
    struct telling telling = {.p = p};
    if (!s->options.quiet && !p->is_dry)
        p->observer = (struct publishing_observer){&telling, turn_tell, turn_wake};
    signals_block(&s->signals);
    return publishing_conclude(p, s, publishing_carry_out(p, why), why);
}

int publishing_ended(struct session *s, struct why *why)
{
    struct publishing p;
    publishing_begin(&p, s);
    enum err err = publishing_recall(&p, why);
    return publishing_conclude(&p, s, err, why);
}

int publishing_resume(struct session *s, struct why *why)
{
    struct os_clock clock;
    struct publishing p;
    publishing_begin(&p, s);
    os_clock_open(&clock, s->run.head.last);
    enum err err = publishing_recall(&p, why);
    if (err == OK && s->run.head.verb == RUN_WITHDRAW)
        err = withdrawing_bar(&p, s->run.head.parent, s->options.now, os_clock_now(&clock), why);
    if (err == OK)
        return publishing_session(&p, s, why);
    message_error("%s", why->text);
    return EXIT_CANNOT_RUN;
}
