/*
 * The authority mode: find the zone, find its servers, ask every one of them.
 *
 *   CUT ----> HOSTS ----> VALUES ----> AROUND ----> end
 *    ^ |        ^          |
 *    +-+        +----------+
 *  one label    a referral to a deeper zone,
 *     up        or nobody spoke over IPv4
 *
 * Where a denial is looked for, one question comes before; its answer is the end, or CUT begins.
 *
 * AROUND asks for other names: for a wildcard where there are records, and for the places where a
 * missing record may stand; where there are none, for wildcards whose records one would hide.
 *
 * The resolver is asked for NS sets from the parent of the name upwards, and for addresses. Only
 * authorities are asked for the name itself. A step begins when all questions of the step before
 * are answered, so no question is out when the inquiry is done. Each referral is strictly deeper
 * than the zone before, and no server is asked twice, so the walk ends.
 */
#include "authority.h"

#include "answer.h"
#include "base/bounds.h"
#include "base/dname.h"
#include "base/hash.h"
#include "zone.h"

#include <assert.h>
#include <string.h>

#define TROUBLES_SAID_MAX 4 /* servers named in one sentence */

enum step { STEP_DENIAL, STEP_CUT, STEP_HOSTS, STEP_VALUES, STEP_AROUND };

/* The subjects of STEP_AROUND. */
enum around { AROUND_WILDCARD, AROUND_DOUBLED, AROUND_APEX, AROUND_ABOVE, AROUND_HIGHER };

struct server {
    struct text label; /* "ns1.example.com (192.0.2.1)" */
    struct dns_server at;
    struct answer mx, txt;
};

struct inquiry_walk {
    enum step step;
    bool overdrawn;                          /* wanted more questions than there may be */
    uint32_t subject[INQUIRY_QUESTIONS_MAX]; /* question -> index of host or server, or around */
    struct text candidate;                   /* STEP_CUT: the owner of the NS set in question */
    struct text trouble;                     /* the resolver's last one */
    struct text servfail_at;                 /* dns_facts.servfail_at */
    struct denial denial;                    /* STEP_DENIAL */
    uint32_t servers_ttl_s;                  /* the shortest of NS sets and addresses */
    struct zone zone, deeper;
    struct server servers[INQUIRY_SERVERS_MAX];
    uint32_t servers_len, servers_asked;
    uint32_t servers_first; /* of the zone; those before are of zones above */
    struct text own_zone;   /* the name's own zone, on servers of the zone above too */
    struct text contact;    /* by the SOA of a denial */
    struct answer wildcard; /* MX, or without MX the TXT, of "*." and the parent of the name */
    struct answer above[2]; /* MX of the same, and of "*." and the name above the parent */
};

static void plan(struct inquiry *q, struct dns_question question, uint32_t subject)
{
    uint32_t number = q->planned;
    if (inquiry_plan(q, question))
        q->walk->subject[number] = subject;
    else
        q->walk->overdrawn = true;
}

static void plan_to_resolver(struct inquiry *q, struct text name, uint16_t type, uint32_t subject)
{
    plan(q, (struct dns_question){.name = name, .type = type, .recurse = true}, subject);
}

static uint16_t authority_port(const struct inquiry *q)
{
    return q->authority_port ? q->authority_port : DNS_PORT;
}

/* ---- servers ---- */

static bool server_is_known(const struct inquiry_walk *w, const struct dns_server *at)
{
    for (uint32_t i = 0; i < w->servers_len; i++) {
        const struct dns_server *known = &w->servers[i].at;
        if (known->family == at->family && known->port == at->port &&
            memcmp(known->address, at->address, sizeof at->address) == 0)
            return true;
    }
    return false;
}

static bool server_fits(const struct inquiry *q)
{
    const struct inquiry_walk *w = q->walk;
    uint32_t waiting = w->servers_len - w->servers_asked;
    return w->servers_len < INQUIRY_SERVERS_MAX &&
           q->planned + 2 * (waiting + 1) <= INQUIRY_QUESTIONS_MAX;
}

/* ---- the end ---- */

static const struct answer *server_answer(const struct server *s, uint16_t type)
{
    return type == DNS_TYPE_MX ? &s->mx : &s->txt;
}

static struct text message_disagreement(struct inquiry *q, uint16_t type, const struct server *a,
                                        const struct server *b)
{
    struct text one = answer_say(server_answer(a, type), type, &q->arena);
    struct text other = answer_say(server_answer(b, type), type, &q->arena);
    return arena_fmt(&q->arena,
                     "servers disagree: " TEXT_FMT ": " TEXT_FMT "; " TEXT_FMT ": " TEXT_FMT,
                     TEXT_ARG(a->label), TEXT_ARG(one), TEXT_ARG(b->label), TEXT_ARG(other));
}

/* The failures of the servers. A followed referral is no trouble. */
static struct text message_silence(struct inquiry *q, uint16_t type)
{
    const struct inquiry_walk *w = q->walk;
    struct text all = TEXT_NONE;
    uint32_t said = 0, left = 0;
    for (uint32_t i = 0; i < w->servers_len; i++) {
        const struct server *s = &w->servers[i];
        const struct answer *a = server_answer(s, type);
        if (a->kind == ANSWER_REFERRED)
            continue;
        if (said == TROUBLES_SAID_MAX) {
            left++;
            continue;
        }
        all = arena_fmt(&q->arena, TEXT_FMT "%s" TEXT_FMT ": " TEXT_FMT, TEXT_ARG(all),
                        said++ ? "; " : "", TEXT_ARG(s->label), TEXT_ARG(a->trouble));
    }
    if (!said)
        return arena_fmt(&q->arena, "the servers of " TEXT_FMT " refer to each other",
                         TEXT_ARG(w->zone.cut));
    return left ? arena_fmt(&q->arena, TEXT_FMT "; and %u more", TEXT_ARG(all), left) : all;
}

/* As long as the resolver may remember what the way to the servers was. */
static void servers_ttl_read(struct inquiry_walk *w, const struct dns_message *m)
{
    for (uint32_t i = 0; i < m->records_len; i++) {
        const struct dns_record *r = &m->records[i];
        bool is_way = r->type == DNS_TYPE_NS || r->type == DNS_TYPE_A || r->type == DNS_TYPE_AAAA ||
                      r->type == DNS_TYPE_CNAME;
        if (is_way && r->ttl_s < w->servers_ttl_s)
            w->servers_ttl_s = r->ttl_s;
    }
}

/* Failed servers are noted but do not count, since a resolver would pass on to the next server too.
 * All SPOKE answers must agree. */
static struct answer merge(struct inquiry *q, uint16_t type)
{
    const struct inquiry_walk *w = q->walk;
    const struct server *first = NULL;
    struct answer merged = {.state = DNS_TROUBLE_STATE};
    for (uint32_t i = 0; i < w->servers_len; i++) {
        const struct answer *a = server_answer(&w->servers[i], type);
        if (a->kind != ANSWER_SPOKE)
            continue;
        if (!first) {
            first = &w->servers[i];
            merged = *a;
            continue;
        }
        if (!answer_same(server_answer(first, type), a))
            return (struct answer){.state = DNS_TROUBLE_STATE,
                                   .cname = merged.cname,
                                   .trouble = message_disagreement(q, type, first, &w->servers[i])};
        if (a->state == DNS_NODATA)
            merged.state = DNS_NODATA;
        if (a->ttl_s < merged.ttl_s)
            merged.ttl_s = a->ttl_s;
    }
    if (!first)
        merged.trouble = message_silence(q, type);
    return merged;
}

static void notes_write(struct inquiry *q)
{
    const struct inquiry_walk *w = q->walk;
    if (!q->terse)
        q->facts.servers = ARENA_ARRAY(&q->arena, struct server_note, w->servers_len + 1u);
    if (!q->facts.servers)
        return;
    for (uint32_t i = 0; i < w->servers_len; i++)
        q->facts.servers[q->facts.servers_len++] =
            answer_note(w->servers[i].label, &w->servers[i].mx, &w->servers[i].txt, &q->arena);
}

/* By name, since every answer may have another order. */
static struct text hosts_say(struct inquiry *q)
{
    const struct zone *z = &q->walk->zone;
    struct text all = TEXT_NONE;
    const struct text *before = NULL;
    for (uint32_t said = 0; said < z->hosts_len; said++) {
        const struct text *next = NULL;
        for (uint32_t i = 0; i < z->hosts_len; i++) {
            const struct text *name = &z->hosts[i].name; /* hosts are distinct by name */
            if ((!before || text_cmp(*name, *before) > 0) && (!next || text_cmp(*name, *next) < 0))
                next = name;
        }
        if (!next)
            break;
        all = arena_fmt(&q->arena, TEXT_FMT "%s" TEXT_FMT, TEXT_ARG(all), said ? ", " : "",
                        TEXT_ARG(*next));
        before = next;
    }
    return all;
}

static bool is_from_wildcard(const struct answer *wildcard, const struct answer *mx,
                             const struct answer *txt)
{
    const struct answer *found = answer_is_some(mx) ? mx : txt;
    return answer_is_some(found) && answer_same(found, wildcard);
}

static bool exists(const struct answer *a)
{
    return a->kind == ANSWER_SPOKE && a->state != DNS_NXDOMAIN;
}

/* Servers that refer to others have said what they can say; of a host without an address there is
 * nobody to ask. */
static uint32_t servers_unheard(const struct inquiry_walk *w)
{
    uint32_t unheard = 0;
    for (uint32_t i = w->servers_first; i < w->servers_len; i++) {
        const struct server *s = &w->servers[i];
        bool refers = s->mx.kind == ANSWER_REFERRED || s->txt.kind == ANSWER_REFERRED;
        unheard += !refers && (s->mx.kind != ANSWER_SPOKE || s->txt.kind != ANSWER_SPOKE);
    }
    for (uint32_t i = 0; i < w->zone.hosts_len; i++)
        unheard += w->zone.hosts[i].is_hidden && !w->zone.hosts[i].at_len;
    return unheard;
}

static void finish(struct inquiry *q)
{
    struct answer mx = merge(q, DNS_TYPE_MX), txt = merge(q, DNS_TYPE_TXT);
    bool mx_spoke = mx.kind == ANSWER_SPOKE, txt_spoke = txt.kind == ANSWER_SPOKE;
    q->facts =
        (struct dns_facts){.mx_state = mx.state,
                           .txt_state = txt.state,
                           .mx = mx.mx,
                           .mx_len = mx.mx_len,
                           .txt = txt.txt,
                           .txt_len = txt.txt_len,
                           .cuts = txt.cuts,
                           .cuts_len = txt.cuts_len,
                           .cname = mx.cname.len ? mx.cname : txt.cname,
                           .mx_ttl_s = mx.ttl_s,
                           .txt_ttl_s = txt.ttl_s,
                           .trouble = mx_spoke ? txt.trouble : mx.trouble,
                           .doubled = q->facts.doubled,
                           .apex = q->facts.apex,
                           .servfail_at = q->walk->servfail_at,
                           .wildcard = is_from_wildcard(&q->walk->wildcard, &mx, &txt),
                           .hides_above = exists(&q->walk->above[0]) && exists(&q->walk->above[1]),
                           .zone = q->walk->own_zone.len ? q->walk->own_zone : q->walk->zone.cut,
                           .contact = q->walk->contact,
                           .unheard = servers_unheard(q->walk),
                           .zone_hosts = hosts_say(q)};
    if (!(mx_spoke && txt_spoke) && !q->facts.trouble.len)
        q->facts.trouble = TEXT("out of memory");
    if (mx_spoke && (!txt_spoke || mx.ttl_s < txt.ttl_s))
        q->facts.ttl_s = mx.ttl_s;
    else if (txt_spoke)
        q->facts.ttl_s = txt.ttl_s;
    notes_write(q);
    q->done = true;
}

static void finish_in_trouble(struct inquiry *q, struct text trouble)
{
    notes_write(q);
    q->facts.zone = q->walk->zone.cut;
    q->facts.zone_hosts = hosts_say(q);
    inquiry_end_in_trouble(q, trouble);
}

static void finish_without_parents(struct inquiry *q)
{
    finish_in_trouble(q, TEXT("resolver: no name server for any parent of the name"));
    q->facts.no_parents = true;
}

/* ---- the steps ---- */

static void cut_ask(struct inquiry *q, struct text candidate)
{
    struct inquiry_walk *w = q->walk;
    w->candidate = arena_text(&q->arena, candidate);
    if (w->candidate.len)
        plan_to_resolver(q, w->candidate, DNS_TYPE_NS, 0);
    else if (w->trouble.len)
        finish_in_trouble(q, w->trouble);
    else
        finish_without_parents(q);
}

static void hosts_ask(struct inquiry *q)
{
    struct inquiry_walk *w = q->walk;
    w->step = STEP_HOSTS;
    for (uint32_t i = 0; i < w->zone.hosts_len; i++)
        if (!w->zone.hosts[i].at_len)
            plan_to_resolver(q, w->zone.hosts[i].name, DNS_TYPE_A, i);
}

static void values_ask(struct inquiry *q)
{
    struct inquiry_walk *w = q->walk;
    w->step = STEP_VALUES;
    /* The first address of every host, then the second of every host, as far as the budget goes:
     * each host is heard before any is heard twice. */
    for (uint32_t round = 0; round < HOST_ADDRESSES_MAX; round++) {
        for (uint32_t i = 0; i < w->zone.hosts_len; i++) {
            const struct host *h = &w->zone.hosts[i];
            if (round >= h->at_len || server_is_known(w, &h->at[round]) || !server_fits(q))
                continue;
            w->servers[w->servers_len++] = (struct server){
                .label = host_label(h, &h->at[round], &q->arena), .at = h->at[round]};
        }
    }
    for (; w->servers_asked < w->servers_len; w->servers_asked++) {
        struct dns_question question = {.name = q->name, .server = w->servers[w->servers_asked].at};
        question.type = DNS_TYPE_MX;
        plan(q, question, w->servers_asked);
        question.type = DNS_TYPE_TXT;
        plan(q, question, w->servers_asked);
    }
}

static bool somebody_spoke(const struct inquiry_walk *w)
{
    for (uint32_t i = 0; i < w->servers_len; i++)
        if (w->servers[i].mx.kind == ANSWER_SPOKE || w->servers[i].txt.kind == ANSWER_SPOKE)
            return true;
    return false;
}

/* The first server with the type or an alias; NULL: none. */
static const struct server *server_with(const struct inquiry_walk *w, uint16_t type)
{
    for (uint32_t i = 0; i < w->servers_len; i++)
        if (answer_is_some(server_answer(&w->servers[i], type)))
            return &w->servers[i];
    return NULL;
}

/* A wildcard is asked for by name (RFC 4592, section 2.3). A wildcard higher up answers for this
 * name too. The MX decides for the TXT as well, since a name has all records from a wildcard or
 * none. */
static void wildcard_ask(struct inquiry *q)
{
    struct inquiry_walk *w = q->walk;
    struct text name = arena_fmt(&q->arena, "*." TEXT_FMT, TEXT_ARG(dname_parent(q->name)));
    uint16_t type = server_with(w, DNS_TYPE_MX) ? DNS_TYPE_MX : DNS_TYPE_TXT;
    const struct server *s = server_with(w, type);
    if (!s || !name.at || name.len > DNAME_LEN_MAX || q->planned == INQUIRY_QUESTIONS_MAX)
        return;
    plan(q, (struct dns_question){.name = name, .type = type, .server = s->at}, AROUND_WILDCARD);
}

/* The first server with an answer to both questions; NULL: none. */
static const struct server *server_speaking(const struct inquiry_walk *w)
{
    for (uint32_t i = 0; i < w->servers_len; i++)
        if (w->servers[i].mx.kind == ANSWER_SPOKE && w->servers[i].txt.kind == ANSWER_SPOKE)
            return &w->servers[i];
    return NULL;
}

/* One server is asked, since a near miss is a hint and no verdict. */
static void elsewhere_ask(struct inquiry *q)
{
    struct inquiry_walk *w = q->walk;
    const struct server *s = server_speaking(w);
    bool lacks_mx = !server_with(w, DNS_TYPE_MX), lacks_txt = !server_with(w, DNS_TYPE_TXT);
    struct text zone = w->own_zone.len ? w->own_zone : w->zone.cut;
    struct text doubled = inquiry_doubled_name(q, zone);
    if (!s || !(lacks_mx || lacks_txt) || q->planned + 2 > INQUIRY_QUESTIONS_MAX)
        return;
    struct dns_question question = {.name = doubled, .type = DNS_TYPE_TXT, .server = s->at};
    if (doubled.len)
        plan(q, question, AROUND_DOUBLED);
    if (!lacks_txt || !inquiry_wants_apex(q))
        return;
    if (!dname_eq(q->apex, zone)) /* perhaps another zone than that of the server */
        plan_to_resolver(q, q->apex, DNS_TYPE_TXT, AROUND_APEX);
    else
        plan(q, (struct dns_question){.name = q->apex, .type = DNS_TYPE_TXT, .server = s->at},
             AROUND_APEX);
}

/* A name that is there without MX and TXT has other records, names below it, or a wildcard. If
 * "*." and the parent does not exist, it is no wildcard. If it does, the parent may be there by the
 * wildcard one label up, and would not be once a record stands below it. */
static void above_ask(struct inquiry *q)
{
    struct inquiry_walk *w = q->walk;
    const struct server *s = server_speaking(w);
    struct text zone = w->own_zone.len ? w->own_zone : w->zone.cut;
    struct text above = dname_parent(q->name), higher = dname_parent(above);
    if (!q->above || !s || s->mx.state != DNS_NODATA || s->txt.state != DNS_NODATA ||
        !dname_below(above, zone) || q->planned + 2 > INQUIRY_QUESTIONS_MAX)
        return;
    struct dns_question question = {.type = DNS_TYPE_MX, .server = s->at};
    question.name = arena_fmt(&q->arena, "*." TEXT_FMT, TEXT_ARG(above));
    if (question.name.at && question.name.len <= DNAME_LEN_MAX)
        plan(q, question, AROUND_ABOVE);
    question.name = arena_fmt(&q->arena, "*." TEXT_FMT, TEXT_ARG(higher));
    if (question.name.at && question.name.len <= DNAME_LEN_MAX)
        plan(q, question, AROUND_HIGHER);
}

static void around_ask(struct inquiry *q)
{
    q->walk->step = STEP_AROUND;
    wildcard_ask(q);
    above_ask(q);
    elsewhere_ask(q);
}

/* Looks for addresses of the second family after the first gave none. False: no host is left. */
static bool hosts_ask_ipv6(struct inquiry *q)
{
    struct inquiry_walk *w = q->walk;
    uint32_t planned = q->planned;
    w->step = STEP_HOSTS;
    for (uint32_t i = 0; i < w->zone.hosts_len; i++) {
        if (w->zone.hosts[i].asked_ipv6)
            continue;
        w->zone.hosts[i].asked_ipv6 = true;
        plan_to_resolver(q, w->zone.hosts[i].name, DNS_TYPE_AAAA, i);
    }
    return q->planned > planned;
}

static void zone_descend(struct inquiry *q)
{
    struct inquiry_walk *w = q->walk;
    w->zone = w->deeper;
    w->servers_first = w->servers_len;
    w->deeper.cut = TEXT_NONE;
    hosts_ask(q);
}

static void no_server(struct inquiry *q)
{
    const struct zone *z = &q->walk->zone;
    struct text host = z->hosts_len ? z->hosts[0].name : TEXT("none");
    finish_in_trouble(
        q, arena_fmt(&q->arena, "no name server of " TEXT_FMT " has an address (" TEXT_FMT "%s)",
                     TEXT_ARG(z->cut), TEXT_ARG(host), z->hosts_len > 1 ? ", ..." : ""));
}

static void values_decide(struct inquiry *q)
{
    struct inquiry_walk *w = q->walk;
    if (w->deeper.cut.len)
        zone_descend(q);
    else if (somebody_spoke(w))
        around_ask(q);
    else if (hosts_ask_ipv6(q))
        return;
    else if (w->servers_len)
        finish(q);
    else
        no_server(q);
}

/* ---- replies ---- */

/* The next candidate: labels between the candidate and the denying zone are skipped. */
static struct text one_up(const struct dns_message *m, struct text candidate)
{
    struct text zone = zone_of_denial(m, candidate);
    return zone.len && !dname_eq(zone, candidate) ? zone : dname_parent(candidate);
}

/* An rcode does not end the walk: a zone with broken signatures gives SERVFAIL, yet the parent's
 * servers refer to the zone. A silent resolver does. */
static void cut_read(struct inquiry *q, const struct dns_reply *reply)
{
    struct inquiry_walk *w = q->walk;
    const struct dns_message *m = &reply->message;
    if (reply->outcome != DNS_ANSWERED) {
        finish_in_trouble(q, arena_fmt(&q->arena, "resolver: %s",
                                       reply->trouble[0] ? reply->trouble : "does not answer"));
        return;
    }
    struct text referral = answer_referral(m, w->candidate, TEXT_NONE);
    servers_ttl_read(w, m);
    if (m->rcode == DNS_RCODE_NOERROR && zone_is_in(m, w->candidate, DNS_ANSWER)) {
        zone_read(&w->zone, m, w->candidate, authority_port(q), &q->arena);
        hosts_ask(q);
    } else if (referral.len) {
        zone_read(&w->zone, m, referral, authority_port(q), &q->arena);
        hosts_ask(q);
    } else {
        if (m->rcode != DNS_RCODE_NOERROR && m->rcode != DNS_RCODE_NXDOMAIN)
            w->trouble = arena_fmt(&q->arena, "resolver: %s", dns_rcode_name(m->rcode));
        if (m->rcode == DNS_RCODE_SERVFAIL && !w->servfail_at.len)
            w->servfail_at = w->candidate;
        cut_ask(q, one_up(m, w->candidate));
    }
}

static void address_read(struct inquiry *q, uint16_t type, uint32_t host,
                         const struct dns_reply *reply)
{
    struct host *h = &q->walk->zone.hosts[host];
    bool denies = reply->outcome == DNS_ANSWERED && (reply->message.rcode == DNS_RCODE_NOERROR ||
                                                     reply->message.rcode == DNS_RCODE_NXDOMAIN);
    h->is_hidden |= !denies;
    if (denies)
        servers_ttl_read(q->walk, &reply->message);
    if (denies && reply->message.rcode == DNS_RCODE_NOERROR)
        host_read(h, &reply->message, DNS_ANSWER, TEXT_NONE, type, authority_port(q));
    if (type == DNS_TYPE_A && h->at_len == 0) {
        h->asked_ipv6 = true;
        plan_to_resolver(q, h->name, DNS_TYPE_AAAA, host);
    }
}

static void contact_read(struct inquiry *q, const struct dns_message *m)
{
    if (!q->walk->contact.len)
        q->walk->contact = zone_contact(m, q->name, &q->arena);
}

static void value_read(struct inquiry *q, const struct dns_question *question, uint32_t server,
                       const struct dns_reply *reply)
{
    struct inquiry_walk *w = q->walk;
    struct server *s = &w->servers[server];
    struct answer *a = question->type == DNS_TYPE_MX ? &s->mx : &s->txt;
    /* Out of memory is told as trouble by the answer itself. */
    (void)answer_read(a, question, reply, &q->arena);
    struct text zone = zone_of_denial(&reply->message, q->name);
    if (a->kind == ANSWER_SPOKE && dname_below(zone, w->zone.cut))
        w->own_zone = arena_text(&q->arena, zone);
    if (a->kind == ANSWER_SPOKE)
        contact_read(q, &reply->message);
    if (a->kind != ANSWER_REFERRED)
        return;
    struct text cut = answer_referral(&reply->message, q->name, w->zone.cut);
    if (!cut.len) {
        a->kind = ANSWER_LAME;
        a->trouble = TEXT("not authoritative");
    } else if (!w->deeper.cut.len) {
        servers_ttl_read(w, &reply->message);
        zone_read(&w->deeper, &reply->message, cut, authority_port(q), &q->arena);
    }
}

static void doubled_read(struct inquiry *q, const struct dns_question *question,
                         const struct dns_reply *reply)
{
    struct dns_question next[DOUBLED_NEXT_MAX];
    uint32_t len = inquiry_read_doubled(q, question, reply, next);
    for (uint32_t i = 0; i < len && q->planned < INQUIRY_QUESTIONS_MAX; i++)
        plan(q, next[i], AROUND_DOUBLED);
}

static void around_read(struct inquiry *q, const struct dns_question *question, enum around subject,
                        const struct dns_reply *reply)
{
    switch (subject) {
    case AROUND_WILDCARD:
        /* Out of memory is told as trouble by the answer itself. */
        (void)answer_read(&q->walk->wildcard, question, reply, &q->arena);
        if (q->walk->wildcard.kind == ANSWER_SPOKE)
            contact_read(q, &reply->message);
        break;
    case AROUND_ABOVE:
    case AROUND_HIGHER:
        (void)answer_read(&q->walk->above[subject == AROUND_HIGHER], question, reply, &q->arena);
        break;
    case AROUND_DOUBLED: doubled_read(q, question, reply); break;
    case AROUND_APEX: (void)inquiry_read_elsewhere(q, question, reply, &q->facts.apex); break;
    }
}

/* Without an answer about the names above there is no verdict. */
static void around_end(struct inquiry *q)
{
    const struct answer *above = q->walk->above;
    bool is_free = (above[0].kind == ANSWER_SPOKE && !exists(&above[0])) ||
                   (above[1].kind == ANSWER_SPOKE && !exists(&above[1]));
    for (int i = 0; i < 2 && !is_free; i++)
        if (above[i].trouble.len) {
            finish_in_trouble(
                q, arena_fmt(&q->arena, "a wildcard above: " TEXT_FMT, TEXT_ARG(above[i].trouble)));
            return;
        }
    finish(q);
}

void authority_start(struct inquiry *q)
{
    q->walk = ARENA_NEW(&q->arena, struct inquiry_walk);
    if (!q->walk) {
        inquiry_end_in_trouble(q, TEXT("out of memory"));
        return;
    }
    q->walk->step = STEP_CUT;
    q->walk->servers_ttl_s = UINT32_MAX;
    cut_ask(q, dname_parent(q->name));
}

/* ---- denials ---- */

void authority_look_for_denial(struct inquiry *q, const struct denial *denial)
{
    assert(q->asked == 0 && q->planned == 1); /* the parent's NS set waits for the answer */
    q->planned = 0;
    q->walk->step = STEP_DENIAL;
    q->walk->denial = *denial;
    plan(q, (struct dns_question){.name = q->name, .type = denial->type, .server = denial->by}, 0);
}

static bool is_denial(const struct answer *a)
{
    return a->kind == ANSWER_SPOKE && a->state != DNS_FOUND && !a->cname.len;
}

static void denial_read(struct inquiry *q, const struct dns_question *question,
                        const struct dns_reply *reply)
{
    struct inquiry_walk *w = q->walk;
    struct answer a;
    if (answer_read(&a, question, reply, &q->arena) == OK && is_denial(&a) &&
        a.state == w->denial.state) {
        q->unchanged = true;
        inquiry_end_in_trouble(q, TEXT("nothing else was asked"));
        return;
    }
    w->step = STEP_CUT;
    cut_ask(q, dname_parent(q->name));
}

bool authority_denial(const struct inquiry *q, uint16_t type, struct denial *out, uint32_t *ttl_s)
{
    const struct inquiry_walk *w = q->walk;
    uint32_t len = w->servers_len - w->servers_first;
    uint64_t first = hash_bytes(q->name.at, q->name.len);
    for (uint32_t i = 0; i < len; i++) {
        const struct server *s = &w->servers[w->servers_first + (first + i) % len];
        const struct answer *a = server_answer(s, type);
        if (!is_denial(a))
            continue;
        *out = (struct denial){.by = s->at, .type = type, .state = a->state};
        *ttl_s = w->servers_ttl_s;
        return true;
    }
    return false;
}

void authority_reply(struct inquiry *q, uint32_t number, const struct dns_reply *reply)
{
    const struct dns_question *question = &q->questions[number];
    uint32_t subject = q->walk->subject[number];
    switch (q->walk->step) {
    case STEP_DENIAL: denial_read(q, question, reply); break;
    case STEP_CUT: cut_read(q, reply); break;
    case STEP_HOSTS: address_read(q, question->type, subject, reply); break;
    case STEP_VALUES: value_read(q, question, subject, reply); break;
    case STEP_AROUND: around_read(q, question, (enum around)subject, reply); break;
    }
    /* All questions are answered: goes on until there are new ones, or to the end. */
    struct inquiry_walk *w = q->walk;
    while (!q->done && q->answered == q->planned) {
        if (w->overdrawn)
            finish_in_trouble(q, TEXT("the name servers cannot be asked within 64 questions"));
        else if (w->step == STEP_HOSTS)
            values_ask(q);
        else if (w->step == STEP_VALUES)
            values_decide(q);
        else
            around_end(q);
    }
}
