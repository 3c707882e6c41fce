/* check: reads, vets and judges manifests by every rule that needs no network. */
#include "session.h"
#include "ui/check_written.h"
#include "ui/messages.h"
#include "verbs.h"

#include "base/bounds.h"
#include "base/plural.h"

static void result_print(const struct fleet *f, const struct fleet_verdict *verdict)
{
    printf("%u %s in %u %s, %u %s of account and Region: ", f->choices_len,
           plural(f->choices_len, "identity", "identities"), f->accounts_len,
           plural(f->accounts_len, "account", "accounts"), f->lanes_len,
           plural(f->lanes_len, "pair", "pairs"));
    if (verdict->refused || verdict->warnings)
        printf("%u would be refused, %u %s\n", verdict->refused, verdict->warnings,
               plural(verdict->warnings, "warning", "warnings"));
    else
        printf("no complaints\n");
}

#define ZONES_SHOWN 8

/* Who can write which zones: the first that fits counts. */
static void provider_print(const struct fleet *f, const struct provider *p)
{
    struct buf line;
    buf_init(&line, LINE_LEN_MAX);
    buf_add_str(&line, provider_kind_name(p->kind));
    if (p->kind == PROVIDER_ROUTE53)
        buf_add_fmt(&line, " (" TEXT_FMT ")",
                    TEXT_ARG(names_text(&f->names, f->accounts[p->account].name)));
    if (p->kind == PROVIDER_RFC2136)
        buf_add_fmt(&line, " (" TEXT_FMT ")", TEXT_ARG(p->server));
    for (uint32_t i = 0; i < p->zones_len && i < ZONES_SHOWN; i++)
        buf_add_fmt(&line, "%s" TEXT_FMT, i ? ", " : " writes ", TEXT_ARG(p->zones[i]));
    if (p->zones_len > ZONES_SHOWN)
        buf_add_fmt(&line, " and %u more", p->zones_len - ZONES_SHOWN);
    printf(TEXT_FMT ":%u: " TEXT_FMT "\n", TEXT_ARG(f->files[p->file]), p->line,
           TEXT_ARG(buf_text(&line)));
    buf_clear(&line);
}

static enum err check_text(struct session *s, struct fleet_verdict *verdict, struct why *why)
{
    enum err err = session_load(s, why);
    if (err == OK)
        err = session_judge(s, verdict, why);
    for (uint32_t i = 0; err == OK && !s->options.quiet && i < s->run.fleet.providers_len; i++)
        provider_print(&s->run.fleet, &s->run.fleet.providers[i]);
    if (err == OK && !s->options.quiet)
        result_print(&s->run.fleet, verdict);
    return err;
}

/* A manifest with complaints is written about too; one that is not even looked at is not. */
static enum err check_write(struct session *s, struct fleet_verdict *verdict, struct why *why)
{
    const struct options *o = &s->options;
    struct complaints complaints;
    struct why fault = {""};
    complaints_init(&complaints);
    s->complaints = &complaints;
    enum err err = session_load(s, why), written = OK;
    struct check_found found = {.version = s->run.config.version,
                                .complaints = &complaints,
                                .fleet = err == OK ? &s->run.fleet : NULL,
                                .judge.feedback_host = text_of(o->access.feedback_host)};
    if (err == OK)
        err = suffix_list_open(&s->run.suffixes, o->access.psl_file, why);
    found.judge.suffixes = s->run.suffixes;
    found.judge.managed = s->managed;
    if (err == OK || complaints.len)
        written = deliver("-", o->json ? check_json : check_sarif, &found, &fault);
    complaints_clear(&complaints);
    *verdict = found.verdict;
    if (written == OK)
        return err;
    *why = fault;
    return written;
}

int verb_check(const struct options *o)
{
    struct session *s = session_new(o);
    struct why why = {""};
    struct fleet_verdict verdict = {0};
    if (!s)
        return session_refused();
    s->asks_nobody = true;
    enum err err =
        o->json || o->sarif ? check_write(s, &verdict, &why) : check_text(s, &verdict, &why);
    if (err != OK)
        message_error("%s", why.text);
    session_free(s);
    if (err != OK)
        return EXIT_CANNOT_RUN;
    return verdict.refused ? EXIT_TROUBLE : EXIT_OK;
}
