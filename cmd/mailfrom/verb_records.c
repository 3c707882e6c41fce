/* records: the DNS records of a fleet or of a run, in the format that is wished for. */
#include "base/plural.h"
#include "handoff/gather.h"
#include "outputs.h"
#include "reports/records_index.h"
#include "session.h"
#include "ui/messages.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
    return outputs_spare_file(o, session_names_run(o) ? NULL : &s->run.fleet, path, why);
}

static instant_us clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return SPAN_S(now.tv_sec) + now.tv_nsec / 1000;
}

static enum err records_carry_out(struct session *s, bool *whole, struct why *why)
{
    const struct options *o = &s->options;
    struct run *r = &s->run;
    struct notices silent = {0};
    struct handoff_config config = {.access = &o->access,
                                    .zones = o->zones,
                                    .zones_len = o->zones_len,
                                    .missing = o->missing,
                                    .verbose = o->access.verbose,
                                    .notices = o->quiet ? silent : message_notices()};
    struct records_style style = {.ttl_s = o->ttl_s,
                                  .csv = o->csv,
                                  .now = clock_now(),
                                  .force = o->force,
                                  .vet = file_vet,
                                  .vet_ctx = s};
    struct records_sum sum;
    struct records_gather g;
    char server[SERVER_LEN];
    enum err err = session_server(o, server, &style.server, why);
    if (err == OK)
        err = style_read(o, &style, why);
    if (err == OK)
        err = session_fleet(s, why);
    if (err == OK)
        err = outputs_fresh(o, why);
    bool *keep = NULL;
    if (err == OK)
        err = session_keep(s, &keep, why);
    if (err == OK)
        err = suffix_list_open(&r->suffixes, o->access.psl_file, why);
    if (err != OK) {
        free(keep);
        return err;
    }
    config.keep = keep;
    style.is_part = keep || o->zones_len;
    records_gather_init(&g, &config, &r->fleet, r->suffixes);
    err = sets_write(o, &g, &style, &sum, why);
    *whole = err == OK && !g.refused && !g.blocked && !sum.left_out;
    if (err == OK)
        session_records_notes(o, &g);
    if (err == OK && !o->quiet) {
        if (sum.left_out)
            message_note("left out, because %s cannot express the records that DNS has beside "
                         "them: %llu %s, first at " TEXT_FMT,
                         o->format, (unsigned long long)sum.left_out,
                         plural(sum.left_out, "record set", "record sets"),
                         TEXT_ARG(sum.left_out_name));
        if (o->missing && sum.sets == 0 && !g.blocked)
            message_note("DNS has all of the records");
        else
            message_note("%llu %s in %llu %s%s", (unsigned long long)sum.sets,
                         plural(sum.sets, "record set", "record sets"),
                         (unsigned long long)sum.zones, plural(sum.zones, "zone", "zones"),
                         o->missing ? ", missing in DNS" : "");
        if (o->out && records_path_is_folder(o->out))
            message_note("since yesterday: %u zone files new, %u changed, %u done; %s lists them",
                         sum.fresh, sum.changed, sum.done, RECORDS_INDEX_FILE);
    }
    records_gather_clear(&g);
    free(keep);
    return err;
}

int verb_records(const struct options *given)
{
    struct session *s = session_new(given);
    struct why why = {""};
    bool whole = false;
    if (!s)
        return session_refused();
    s->keeps_whole = s->asks_nobody = true;
    if (!s->options.format)
        s->options.format = records_format_name(0);
    enum err err = format_vet(&s->options, &why);
    if (err == OK)
        err = records_carry_out(s, &whole, &why);
    if (err != OK)
        message_error("%s", why.text);
    session_free(s);
    if (err != OK)
        return EXIT_CANNOT_RUN;
    return whole ? EXIT_OK : EXIT_TROUBLE;
}
