/*
 * Asks live DNS about the gathered names, like `inspect`.
 */
#include "access/dns_wire.h"
#include "decide.h"
#include "inspect/inspect_ask.h"
#include "wire/wire.h"

#include <assert.h>
#include <stdlib.h>

#define TOLD_EVERY                                                                                 \
    SPAN_S(5) /* a large fleet takes minutes, because authorities are asked slowly                 \
               */

struct gather_asking {
    struct records_gather *g;
    uint32_t done;
    instant_us told; /* the last report of progress */
};

/* A hostile zone can name servers without end. */
static struct text hosts_said(struct text hosts)
{
    if (hosts.len <= NAME_LEN_MAX)
        return hosts;
    hosts = text_slice(hosts, 0, NAME_LEN_MAX);
    return text_slice(hosts, 0, text_rfind(hosts, ','));
}

static void survey_take(void *context, struct buf *out, const struct survey *s)
{
    struct records_gather *g = ((struct gather_asking *)context)->g;
    name_id id = names_find(&g->fleet->names, s->name);
    assert(g->of_name[id] > 0); /* every asked name has an entry */
    struct records_entry *e = &g->entries[g->of_name[id] - 1];
    struct records_found *found = ARENA_NEW(&g->arena, struct records_found);
    if (!found ||
        !records_judge(found, &g->arena, s, records_entry_region(g, e),
                       text_of(g->config->access->feedback_host)) ||
        !names_add(&g->words, survey_facts(s)->contact, &found->contact) ||
        !names_add(&g->words, hosts_said(survey_facts(s)->zone_hosts), &found->hosts))
        return; /* nothing written: memory is out */
    e->found = found;
    const struct dns_facts *facts = survey_facts(s);
    struct text zone = facts->zone;
    bool has_answer = facts->mx_state != DNS_TROUBLE_STATE || facts->txt_state != DNS_TROUBLE_STATE;
    /* The last zone that answered may be the parent of one in trouble, even a top-level domain. */
    bool holds = has_answer && zone.len && (dname_eq(s->name, zone) || dname_below(s->name, zone));
    if (holds && !e->zone_is_given) {
        e->zone_len = (uint8_t)zone.len;
        e->zone_is_seen = true;
    }
    buf_add_char(out, '\n');
}

static void survey_leave(void *context, struct text written, instant_us now)
{
    struct gather_asking *a = context;
    (void)written;
    a->done++;
    if (now - a->told < TOLD_EVERY)
        return;
    a->told = now;
    notice_note(&a->g->config->notices, "DNS was asked of %u of %u names", a->done,
                a->g->entries_len);
}

enum err records_gather_live(struct records_gather *g, struct why *why)
{
    struct wire *wire = NULL;
    struct text *names = calloc(g->entries_len + 1u, sizeof *names);
    if (!names)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < g->entries_len; i++)
        names[i] = names_text(&g->fleet->names, g->entries[i].name);
    enum err err = dns_wire_open(&wire, g->config->access, why);
    if (err == OK) {
        const struct survey_options options = {.mode = access_dns_mode(g->config->access),
                                               .authority_port = g->config->access->authority_port,
                                               .suffixes = g->suffixes};
        const struct io io = wire_io(wire);
        struct gather_asking asking = {.g = g, .told = wire_now(wire)};
        const struct inspect_out out = {&asking, survey_take, survey_leave};
        size_t troubled;
        err = inspect_ask(&io, &options, TEXT_NONE, names, g->entries_len, &out, &troubled, why);
    }
    wire_close(wire);
    free(names);
    for (uint32_t i = 0; err == OK && i < g->entries_len; i++) {
        struct text before = TEXT_NONE;
        for (int type = 0; type < RECORDS_TYPES; type++) {
            const struct records_verdict *v = &g->entries[i].found->of[type];
            if (v->action != RECORDS_BLOCKED)
                continue;
            g->blocked++;
            if (!text_eq(before, v->reason))
                records_note(g, TEXT_FMT ": " TEXT_FMT,
                             TEXT_ARG(names_text(&g->fleet->names, g->entries[i].name)),
                             TEXT_ARG(v->reason));
            before = v->reason;
        }
    }
    return err;
}
