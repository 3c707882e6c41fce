/* A publishing from its targets to its exit code. */
#include "publishing_session.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/escape.h"
#include "base/plural.h"
#include "handoff/gather.h"
#include "options/advice.h"
#include "run/published_rows.h"
#include "run/withdrawing.h"
#include "submitting.h"
#include "ui/exit_codes.h"
#include "ui/messages.h"
#include "ui/order_text.h"
#include "wire/os_clock.h"

#include <stdio.h>
#include <unistd.h>

#define TOLD_EVERY SPAN_S(5)

struct publishing_telling {
    const struct publishing *p;
    instant_us told;
    uint32_t orders_told;
};

static void turn_tell(void *ctx, const struct publisher *publisher, instant_us now)
{
    struct publishing_telling *t = ctx;
    struct publisher_totals totals;
    uint32_t ended = 0, bad = 0;
    const struct steering *steering = publisher_steering(publisher);
    if (steering->taken != t->orders_told)
        order_tell(&steering->last, t->p->run->head.id);
    t->orders_told = steering->taken;
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

/* The very bytes, with --verbose. A set that is there may hold anything. */
static void change_print(void *ctx, const struct call *call, struct text body)
{
    struct buf line;
    (void)ctx;
    buf_init(&line, PUBLISH_BODY_SHOWN_MAX);
    buf_add_fmt(&line, "%s of zone ", call_action(call->kind, call->api));
    escape_terminal(&line, call->zone);
    buf_add_str(&line, " would send:\n");
    escape_terminal(&line, body);
    printf(TEXT_FMT "\n\n", TEXT_ARG(buf_text(&line)));
    buf_clear(&line);
}

static instant_us turn_wake(void *ctx, instant_us now)
{
    const struct publishing_telling *t = ctx;
    (void)now;
    return t->told + TOLD_EVERY;
}

void publishing_begin(struct publishing *p, struct session *s)
{
    *p = (struct publishing){.run = &s->run};
}

static enum err list_write(struct session *s, struct publishing *p, bool is_told,
                           struct published_list *list, struct why *why)
{
    const struct options *o = &s->options;
    enum err err = published_rows(p, list, why);
    list->csv = o->csv;
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
    static const char *const head[] = {
        "IAM refuses a change at Route 53. This policy allows what publish needs, and no more;",
        "name your zones in place of hostedzone/*, and the first labels of your own names:",
        "{ \"Version\": \"2012-10-17\", \"Statement\": [",
        "  { \"Effect\": \"Allow\", \"Action\": \"route53:ListHostedZonesByName\",",
        "    \"Resource\": \"*\" },",
        "  { \"Effect\": \"Allow\",",
        "    \"Action\": [\"route53:GetHostedZone\", \"route53:ListResourceRecordSets\"],",
        "    \"Resource\": \"arn:aws:route53:::hostedzone/*\" },",
        "  { \"Effect\": \"Allow\", \"Action\": \"route53:ChangeResourceRecordSets\",",
        "    \"Resource\": \"arn:aws:route53:::hostedzone/*\",",
        "    \"Condition\": {",
        "      \"ForAllValues:StringEquals\": {",
    };
    static const char *const tail[] = {
        "        \"route53:ChangeResourceRecordSetsRecordTypes\": [\"MX\", \"TXT\"] },",
        "      \"ForAllValues:StringLike\": {",
        "        \"route53:ChangeResourceRecordSetsNormalizedRecordNames\": [\"bounce.*\"]",
        "      } } } ] }",
    };
    bool removes = p->run->head.verb == RUN_WITHDRAW || p->run->config.access->merges_spf;
    if (!p->totals.iam_denies)
        return;
    for (size_t i = 0; i < COUNT(head); i++)
        message_note("%s", head[i]);
    message_note("        \"route53:ChangeResourceRecordSetsActions\": [\"CREATE\"%s],",
                 removes ? ", \"DELETE\"" : "");
    for (size_t i = 0; i < COUNT(tail); i++)
        message_note("%s", tail[i]);
}

static void withdraw_tell(const struct publishing *p, const struct session *s,
                          const struct published_list *list)
{
    struct advice a;
    uint64_t id = p->run->head.id;
    if (list->counts[PUBLISHED_CREATED] && !s->options.quiet)
        message_note_then(
            advice_run(&a, &s->options, "withdraw", id, ""),
            "To take back the record sets that run %llu has created:", (unsigned long long)id);
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
    withdraw_tell(p, s, list);
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

/* In a shared journal: what was shown is all that the run has, whoever carries it. */
static int publishing_shared(struct publishing *p, struct session *s, struct why *why)
{
    bool merges;
    enum submitting_end end;
    struct run *r = &s->run;
    publishing_narrow(p, &merges);
    s->options.access.merges_spf &= merges;
    r->config.force = s->options.now; /* a withdrawal does not wait */
    r->publishing = p;
    enum err err = submitting_carry(s, &end, why);
    r->publishing = NULL;
    return end == SUBMITTING_CARRIED ? publishing_conclude(p, s, err, why)
                                     : submitting_concluded(s, end, why);
}

int publishing_session(struct publishing *p, struct session *s, struct why *why)
{
    struct publishing_telling telling = {.p = p};
    s->notifying.publishing = p;
    s->run.config.probes_lanes = false; /* those of SES, of a plan before */
    if (!s->options.quiet && !p->is_dry)
        p->observer = (struct publishing_observer){&telling, turn_tell, turn_wake};
    if (s->options.dry_run && s->options.access.verbose && p->is_dry &&
        !session_takes_stdout(&s->options))
        p->observer.change = change_print;
    signals_block(&s->signals);
    if (!p->is_dry && options_journal_is_shared(&s->options))
        return publishing_shared(p, s, why);
    if (!p->is_dry)
        live_page_follow(s->page, &s->run.config.companions, p);
    return publishing_conclude(p, s, publishing_carry_out(p, why), why);
}

static enum err providers_vet(const struct fleet *f, struct why *why)
{
    if (f->providers_len)
        return OK;
    return why_set(why, ERR_INPUT,
                   "no provider of DNS is given: name under dns.publish who can write which zones. "
                   "Without one, mailfrom records writes the record sets for their owners");
}

enum err publishing_targets(struct session *s, struct publishing *p, const bool *keep,
                            uint32_t *refused, struct why *why)
{
    struct run *r = &s->run;
    const struct options *o = &s->options;
    struct notices silent = {0};
    struct records_gather g;
    const struct handoff_config config = {.access = &o->access,
                                          .keep = keep,
                                          .zones = o->zones,
                                          .zones_len = o->zones_len,
                                          .verbose = o->access.verbose,
                                          .notices = o->quiet ? silent : message_notices()};
    enum err err = providers_vet(&r->fleet, why);
    if (err == OK && !r->suffixes)
        err = suffix_list_open(&r->suffixes, o->access.psl_file, why);
    if (err != OK)
        return err;
    records_gather_init(&g, &config, &r->fleet, r->suffixes);
    err = records_gather_fleet(&g, why);
    if (err == OK)
        err = records_gather_arrange(&g, why);
    if (err == OK)
        err = publishing_gather(p, &g, o->ttl_s, why);
    *refused = g.refused;
    if (err == OK)
        session_records_notes(o, &g);
    records_gather_clear(&g);
    return err;
}

int publishing_show(struct session *s, struct publishing *p, uint32_t *changes, struct why *why)
{
    struct publishing dry = *p;
    struct run *r = &s->run;
    struct journal *mine = r->journal;
    const enum engine_end end = r->end;
    const struct run_head head = r->head;
    r->journal = NULL;
    r->head.verb = head.verb == RUN_WITHDRAW ? RUN_WITHDRAW : RUN_PUBLISH;
    dry.is_dry = true;
    enum err err = run_journal_in_memory(r, why);
    int code = EXIT_CANNOT_RUN;
    if (err == OK)
        code = publishing_session(&dry, s, why);
    else
        message_error("%s", why->text);
    *changes = dry.totals.by_state[PUBLISH_READY];
    if (code != EXIT_CANNOT_RUN && !p->reviewed && publishing_as_shown(p, why) != OK) {
        message_error("%s", why->text);
        code = EXIT_CANNOT_RUN;
    }
    journal_close(r->journal);
    r->journal = mine;
    r->head = head;
    r->end = end;
    return code;
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
    signals_block(&s->signals); /* SES may be read */
    if (err == OK && s->run.head.verb == RUN_WITHDRAW)
        err = withdrawing_bar(&p, s->run.head.parent, s->options.now, os_clock_now(&clock), why);
    if (err == OK)
        return publishing_session(&p, s, why);
    message_error("%s", why->text);
    return EXIT_CANNOT_RUN;
}

/* ---- beside a run of identities ---- */

enum err publishing_attach(struct session *s, struct why *why)
{
    struct run *r = &s->run;
    struct publishing *p = ARENA_NEW(&r->arena, struct publishing);
    if (!p)
        return why_set(why, ERR_NOMEM, "out of memory");
    publishing_begin(p, s);
    enum err err = r->head.verb == RUN_APPLY ? publishing_recall(p, why) : OK;
    if (err == OK && p->targets_len)
        r->publishing = p;
    return err;
}

int publishing_told(struct session *s, int code, struct why *why)
{
    struct run *r = &s->run;
    struct publishing *p = r->publishing;
    struct published_list list = {.len = 0};
    const struct options *o = &s->options;
    if (!p || !r->journal || r->head.id == 0)
        return code;
    enum err err = published_rows(p, &list, why);
    if (err == OK && !o->quiet && !session_takes_stdout(o)) {
        fflush(stdout);
        err = published_write(TEXT("text"), "-", &list, o->access.verbose || o->all, why);
    }
    if (err != OK) {
        message_error("%s", why->text);
        return EXIT_CANNOT_RUN;
    }
    policy_tell(p);
    if (p->totals.is_stopped)
        message_error("more failures than max_failures allows: nothing more was sent");
    withdraw_tell(p, s, &list);
    return exit_worse(code, exit_code_of(p, &list));
}
