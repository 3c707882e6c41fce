/* records: the DNS records of a fleet or of a run, in the format that is wished for. */
#include "handoff/gather.h"
#include "outputs.h"
#include "session.h"
#include "ui/messages.h"
#include "ui/run_lost.h"
#include "verbs.h"
#include "wire/servers.h"

#include <stdio.h>
#include <string.h>

/* One argument of digits is a run; a manifest of that name is "./7". */
static bool names_run(const struct options *o)
{
    uint64_t id;
    return o->arguments_len == 1 && text_to_u64(text_of(o->arguments[0]), &id);
}

static enum err fleet_load(struct session *s, struct why *why)
{
    uint64_t id;
    const struct options *o = &s->options;
    if (!names_run(o))
        return o->arguments_len
                   ? session_load(s, why)
                   : why_set(why, ERR_INPUT,
                             "no manifest or run given: name YAML files, or the number of a run");
    enum err err = session_number(o, &id, why);
    if (err == OK)
        err = run_journal(&s->run, JOURNAL_READ, why);
    if (err == OK)
        err = run_recall(&s->run, id, why);
    if (err == OK)
        err = access_read(&s->options.access, s->run.head.options, &s->run.arena, why);
    if (err == OK)
        err = run_lost_note(o, &s->run, why);
    return err;
}

static enum err format_vet(const struct options *o, struct why *why)
{
    char known[128] = "";
    size_t used = 0;
    if (records_format_known(text_of(o->format)))
        return OK;
    for (size_t i = 0; records_format_name(i) && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 records_format_name(i));
    return why_set(why, ERR_INPUT, "--format: unknown format \"%s\", expected one of %s", o->format,
                   known);
}

static enum err style_read(const struct options *o, struct records_style *style, struct why *why)
{
    const char *escaped = o->octodns_escaped_semicolons;
    char known[128] = "";
    size_t used = 0;
    bool is_known = !o->provider;
    for (size_t i = 0; records_provider_name(i) && used < sizeof known; i++) {
        is_known |= text_eq(text_of(o->provider), text_of(records_provider_name(i)));
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 records_provider_name(i));
    }
    if (!is_known)
        return why_set(why, ERR_INPUT, "--provider: unknown provider \"%s\", expected one of %s",
                       o->provider, known);
    if (o->provider && strcmp(o->format, "terraform") != 0)
        return why_set(why, ERR_INPUT, "--provider is for --format terraform, not for %s",
                       o->format);
    bool is_plain = escaped && (strcmp(escaped, "no") == 0 || strcmp(escaped, "false") == 0);
    if (escaped && !is_plain && strcmp(escaped, "yes") != 0 && strcmp(escaped, "true") != 0)
        return why_set(why, ERR_INPUT,
                       "--octodns-escaped-semicolons: found \"%s\", expected yes or no", escaped);
    if (escaped && strcmp(o->format, "octodns") != 0)
        return why_set(why, ERR_INPUT,
                       "--octodns-escaped-semicolons is for --format octodns, not for %s",
                       o->format);
    style->provider = text_of(o->provider);
    style->plain_semicolons = is_plain;
    return OK;
}

/* "192.0.2.1:5353" and "[2001:db8::1]:53" into nsupdate's "192.0.2.1 5353". */
static enum err server_read(const struct options *o, char out[SERVER_LEN], struct text *server,
                            struct why *why)
{
    struct servers servers;
    char written[SERVER_LEN];
    if (!o->server)
        return OK;
    if (servers_parse(&servers, text_of(o->server), why) != OK)
        return why_wrap(why, ERR_INPUT, "--server");
    struct text address = text_of(server_format(&servers.at[0], written));
    struct text port = text_from(address, text_rfind(address, ':') + 1);
    address = text_slice(address, 0, address.len - port.len - 1);
    if (address.at[0] == '[')
        address = text_slice(address, 1, address.len - 1);
    snprintf(out, SERVER_LEN, TEXT_FMT " " TEXT_FMT, TEXT_ARG(address), TEXT_ARG(port));
    *server = text_of(out);
    return OK;
}

static enum err sets_write(const struct options *o, struct records_gather *g,
                           const struct records_style *style, struct records_sum *sum,
                           struct why *why)
{
    struct records_list list;
    enum err err = records_gather_fleet(g, why);
    if (err == OK && (o->missing || o->live))
        err = records_gather_live(g, why);
    if (err == OK)
        err = records_gather_arrange(g, why);
    if (err != OK)
        return err;
    records_gather_list(g, &list);
    return records_write(text_of(o->format), o->out ? o->out : "-", &list, style, sum, why);
}

static enum err file_vet(void *ctx, const char *path, struct why *why)
{
    const struct session *s = ctx;
    const struct options *o = &s->options;
    return outputs_spare_file(o, names_run(o) ? NULL : &s->run.fleet, path, why);
}

static enum err records_carry_out(struct session *s, bool *whole, struct why *why)
{
    const struct options *o = &s->options;
    struct run *r = &s->run;
    struct notices silent = {0};
    const struct handoff_config config = {.access = &o->access,
                                          .zones = o->zones,
                                          .zones_len = o->zones_len,
                                          .missing = o->missing,
                                          .verbose = o->access.verbose,
                                          .notices = o->quiet ? silent : message_notices()};
    struct records_style style = {.ttl_s = o->ttl_s, .vet = file_vet, .vet_ctx = s};
    struct records_sum sum;
    struct records_gather g;
    char server[SERVER_LEN];
    enum err err = server_read(o, server, &style.server, why);
    if (err == OK)
        err = style_read(o, &style, why);
    if (err == OK)
        err = fleet_load(s, why);
    if (err == OK)
        err = suffix_list_open(&r->suffixes, o->access.psl_file, why);
    if (err != OK)
        return err;
    records_gather_init(&g, &config, &r->fleet, r->suffixes);
    err = sets_write(o, &g, &style, &sum, why);
    *whole = err == OK && !g.refused && !g.blocked && !sum.left_out;
    if (err == OK && !o->quiet) {
        if (g.notes > RECORDS_NOTES_MAX && !o->access.verbose)
            message_note("... and %u more; --verbose says all", g.notes - RECORDS_NOTES_MAX);
        if (sum.left_out)
            message_note("left out, because %s cannot express the records that DNS has beside "
                         "them: %llu record sets, first at " TEXT_FMT,
                         o->format, (unsigned long long)sum.left_out, TEXT_ARG(sum.left_out_name));
        if (o->missing && sum.sets == 0 && !g.blocked)
            message_note("DNS has all of the records");
        else
            message_note("%llu record sets in %llu zones%s", (unsigned long long)sum.sets,
                         (unsigned long long)sum.zones, o->missing ? ", missing in DNS" : "");
        if (g.refused || g.blocked)
            message_note("%u identities and %u record sets need a person first", g.refused,
                         g.blocked);
    }
    records_gather_clear(&g);
    return err;
}

int verb_records(const struct options *given)
{
    struct session s;
    struct why why = {""};
    bool whole = false;
    session_init(&s, given);
    if (!s.options.format)
        s.options.format = records_format_name(0);
    enum err err = format_vet(&s.options, &why);
    if (err == OK)
        err = records_carry_out(&s, &whole, &why);
    if (err != OK)
        message_error("%s", why.text);
    session_clear(&s);
    if (err != OK)
        return EXIT_CANNOT_RUN;
    return whole ? EXIT_OK : EXIT_TROUBLE;
}
