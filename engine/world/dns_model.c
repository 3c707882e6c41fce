/* Draws the history of a name's records from the seed, and answers questions about it. */
#include "dns_model.h"

#include "base/count.h"
#include "base/dname.h"
#include "base/hash.h"
#include "rules/spf_merge.h"

#include <stdlib.h>
#include <string.h>

#define SILENT_BYTES_MAX (64u << 20)
#define TTL_S            300
#define RECORDS_FIRST    4 /* room for records of an answer; then twice that */

/* Draws of a name's story, apart from each other. */
enum draw {
    DRAW_PUBLISHED,
    DRAW_DELAY,
    DRAW_WRONG,
    DRAW_WRONG_KIND,
    DRAW_BREAKS,
    DRAW_WHEN,
    DRAW_LAG,
    DRAW_POLICY
};

bool dns_model_init(struct dns_model *m, const struct dns_model_options *options)
{
    *m = (struct dns_model){.options = *options};
    return names_init(&m->silent, SILENT_BYTES_MAX);
}

void dns_model_clear(struct dns_model *m)
{
    names_clear(&m->silent);
    free(m->silent_until);
    *m = (struct dns_model){0};
}

static double draw(const struct dns_model *m, struct text name, enum draw what)
{
    return hash_unit(m->options.seed, hash_bytes(name.at, name.len), (uint64_t)what);
}

static instant_us published_at(const struct dns_model *m, struct text name)
{
    const struct dns_model_options *o = &m->options;
    if (o->published > 0 && draw(m, name, DRAW_PUBLISHED) < o->published)
        return o->start;
    span_us width = o->delay_max - o->delay_min;
    return o->start + o->delay_min + (span_us)((double)width * draw(m, name, DRAW_DELAY));
}

static span_us wrong_for(const struct dns_model *m, struct text name)
{
    if (m->options.wrong_first <= 0)
        return 0;
    bool late = draw(m, name, DRAW_PUBLISHED) >= m->options.published;
    return late && draw(m, name, DRAW_WRONG) < m->options.wrong_first ? m->options.outage : 0;
}

/* The one outage of a name that breaks again; WHEN_NEVER for the others. */
static instant_us breaks_at(const struct dns_model *m, struct text name)
{
    if (m->options.breaks <= 0 || draw(m, name, DRAW_BREAKS) >= m->options.breaks)
        return WHEN_NEVER;
    span_us after =
        m->options.outage + (span_us)(4 * (double)m->options.outage * draw(m, name, DRAW_WHEN));
    return published_at(m, name) + wrong_for(m, name) + after;
}

enum dns_view dns_model_view(const struct dns_model *m, struct text name, instant_us at)
{
    instant_us from = published_at(m, name), broken = breaks_at(m, name);
    if (at < from)
        return VIEW_MISSING;
    if (at < from + wrong_for(m, name)) {
        /* Refused records would end the job at once; the job waits for curable faults. */
        double kind = draw(m, name, DRAW_WRONG_KIND);
        return kind < 0.4 ? VIEW_NO_SPF : kind < 0.7 ? VIEW_MISSING : VIEW_DOUBLED;
    }
    if (broken != WHEN_NEVER && at >= broken && at < broken + m->options.outage)
        return VIEW_MISSING;
    return VIEW_RIGHT;
}

instant_us dns_model_right_from(const struct dns_model *m, struct text name)
{
    instant_us broken = breaks_at(m, name);
    if (broken != WHEN_NEVER)
        return broken + m->options.outage;
    return published_at(m, name) + wrong_for(m, name);
}

struct dns_record *dns_model_record(struct dns_message *message, struct arena *arena,
                                    struct text owner, uint16_t type)
{
    uint32_t len = message->records_len;
    bool is_full = len >= RECORDS_FIRST && (len & (len - 1)) == 0; /* a power of two */
    if (len == 0 || is_full) {
        struct dns_record *old = message->records;
        message->records = ARENA_ARRAY(arena, struct dns_record, len ? 2 * len : RECORDS_FIRST);
        if (len)
            memcpy(message->records, old, len * sizeof *old);
    }
    struct dns_record *r = &message->records[message->records_len++];
    r->owner = owner;
    r->type = type;
    r->section = DNS_ANSWER;
    r->ttl_s = TTL_S;
    return r;
}

static void answer_view(const struct dns_model *m, enum dns_view view, uint16_t type,
                        struct text name, struct dns_message *message, struct arena *arena)
{
    bool has_mx = view == VIEW_RIGHT || view == VIEW_NO_SPF;
    bool has_txt = view == VIEW_RIGHT;
    message->rcode = has_mx ? DNS_RCODE_NOERROR : DNS_RCODE_NXDOMAIN;
    if (type == DNS_TYPE_MX && has_mx) {
        struct dns_record *r = dns_model_record(message, arena, name, DNS_TYPE_MX);
        r->preference = 10;
        r->name = m->options.right_host;
    }
    if (type == DNS_TYPE_TXT && has_txt)
        dns_model_record(message, arena, name, DNS_TYPE_TXT)->txt = TEXT(SPF_SES_RECORD);
}

/* "bounce.a.example" of "bounce.a.example.a.example": the name that a panel has doubled; or
 * empty. */
static struct text doubled_of(struct text name)
{
    struct text zone = dname_tail(name, 2);
    struct text base = text_slice(name, 0, name.len - zone.len);
    base.len -= base.len > 0;
    return base.len && dname_below(base, zone) ? base : TEXT_NONE;
}

/* The domain itself, where no name has a story. */
static void answer_apex(const struct dns_model *m, uint16_t type, struct text name,
                        struct dns_message *message, struct arena *arena)
{
    bool has_spf = draw(m, name, DRAW_POLICY) < 0.5 * m->options.wrong_first;
    if (type == DNS_TYPE_TXT && has_spf)
        dns_model_record(message, arena, name, DNS_TYPE_TXT)->txt = TEXT(SPF_SES_RECORD);
}

/* Answers for the surveys of SPF and DMARC: SES's own record, and a policy for every other zone,
 * some policies strict. */
static void answer_policy(const struct dns_model *m, struct text name, struct dns_message *message,
                          struct arena *arena)
{
    bool dmarc = text_starts(name, TEXT("_dmarc."));
    double drawn = draw(m, name, DRAW_POLICY);
    if (dmarc && (dname_labels(name) != 3 || drawn < 0.5)) {
        message->rcode = DNS_RCODE_NXDOMAIN;
        return;
    }
    dns_model_record(message, arena, name, DNS_TYPE_TXT)->txt =
        !dmarc        ? TEXT("v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 -all")
        : drawn < 0.6 ? TEXT("v=DMARC1; p=reject; aspf=s")
                      : TEXT("v=DMARC1; p=none");
}

static bool is_policy(struct text name)
{
    return text_starts(name, TEXT("_dmarc.")) || dname_eq(name, TEXT("amazonses.com"));
}

static void answer_ns(const struct dns_model *m, struct text name, struct dns_message *message,
                      struct arena *arena)
{
    uint32_t pairs = m->options.server_pairs;
    if (dname_labels(name) != 2)
        return; /* no zone cut here: an empty answer */
    for (int i = 1; i <= 2; i++)
        dns_model_record(message, arena, name, DNS_TYPE_NS)->name =
            pairs ? arena_fmt(arena, "ns%d.%u.host.test", i,
                              (unsigned)(hash_bytes(name.at, name.len) % pairs))
                  : arena_fmt(arena, "ns%d." TEXT_FMT, i, TEXT_ARG(name));
}

/* "ns2.example.com" is 192.0.2.2, like every other second server (RFC 5737). Of many pairs the
 * servers of pair 258 are 10.1.2.1 and 10.1.2.2. */
static void answer_address(const struct dns_model *m, struct text name, struct dns_message *message,
                           struct arena *arena)
{
    struct dns_record *r = dns_model_record(message, arena, name, DNS_TYPE_A);
    uint8_t address[4] = {192, 0, 2, text_starts(name, TEXT("ns2.")) ? 2 : 1};
    if (m->options.server_pairs) {
        uint32_t pair = (uint32_t)strtoul(dname_parent(name).at, NULL, 10);
        address[0] = 10;
        address[1] = (uint8_t)(pair >> 8);
        address[2] = (uint8_t)pair;
    }
    memcpy(r->address, address, sizeof address);
}

/* The end of the resolver's negative cache entry for the name; 0: none. A name may be known without
 * an instant, when memory was out. */
static instant_us silent_until(const struct dns_model *m, struct text name)
{
    name_id id = names_find(&m->silent, name);
    return id != NAME_NONE && id < m->silent_cap ? m->silent_until[id] : 0;
}

static void silence_remember(struct dns_model *m, struct text name, instant_us now)
{
    name_id id;
    if (m->options.negative_ttl == 0 || !names_add(&m->silent, name, &id))
        return;
    if (id >= m->silent_cap) {
        uint32_t cap = id * 2 + 64;
        instant_us *grown = realloc(m->silent_until, sizeof *grown * cap);
        if (!grown)
            return;
        memset(grown + m->silent_cap, 0, sizeof *grown * (cap - m->silent_cap));
        m->silent_until = grown;
        m->silent_cap = cap;
    }
    m->silent_until[id] = now + m->options.negative_ttl;
}

static enum dns_view resolver_view(struct dns_model *m, struct text name, instant_us now)
{
    if (silent_until(m, name) > now)
        return VIEW_MISSING;
    enum dns_view view = dns_model_view(m, name, now);
    if (view == VIEW_MISSING || view == VIEW_DOUBLED)
        silence_remember(m, name, now);
    return view;
}

static span_us lag_of(const struct dns_model *m, const struct dns_server *server, struct text name)
{
    bool second = server->address[3] == 2;
    return second ? (span_us)((double)m->options.lag_max * draw(m, name, DRAW_LAG)) : 0;
}

/* A view in which the doubled name has what the right one should have. */
static enum dns_view doubled_view(const struct dns_model *m, const struct dns_server *server,
                                  struct text name, instant_us now)
{
    enum dns_view view = dns_model_view(m, name, now - lag_of(m, server, name));
    return view == VIEW_DOUBLED ? VIEW_RIGHT : VIEW_MISSING;
}

static enum dns_view server_view(const struct dns_model *m, const struct dns_server *server,
                                 struct text name, instant_us now)
{
    return dns_model_view(m, name, now - lag_of(m, server, name));
}

/* When the view of a server with this lag changes next. */
static instant_us view_until(const struct dns_model *m, struct text name, instant_us now,
                             span_us lag)
{
    instant_us from = published_at(m, name), broken = breaks_at(m, name);
    instant_us changes[] = {from, from + wrong_for(m, name), broken,
                            broken == WHEN_NEVER ? WHEN_NEVER : broken + m->options.outage};
    for (size_t i = 0; i < COUNT(changes); i++)
        if (changes[i] != WHEN_NEVER && changes[i] + lag > now)
            return changes[i] + lag;
    return WHEN_NEVER;
}

/* When the answer changes next. */
static instant_us answer_until(const struct dns_model *m, const struct dns_question *question,
                               instant_us now)
{
    struct text doubled = doubled_of(question->name);
    if (question->type == DNS_TYPE_NS || question->type == DNS_TYPE_A ||
        question->type == DNS_TYPE_DS || is_policy(question->name) ||
        dname_labels(question->name) == 2)
        return WHEN_NEVER;
    if (doubled.len)
        return view_until(m, doubled, now, lag_of(m, &question->server, doubled));
    if (question->server.family != 0)
        return view_until(m, question->name, now, lag_of(m, &question->server, question->name));
    instant_us silent = silent_until(m, question->name);
    return silent > now ? silent : view_until(m, question->name, now, 0);
}

static instant_us same_until(const struct dns_model *m, const struct dns_question *question,
                             instant_us now)
{
    instant_us known = m->options.foretold_until ? m->options.foretold_until : WHEN_NEVER;
    if (!m->options.foretells || now >= known)
        return 0;
    return when_earlier(answer_until(m, question, now), known);
}

void dns_model_answer(struct dns_model *m, const struct dns_question *question, instant_us now,
                      struct arena *arena, struct dns_reply *reply)
{
    struct dns_message *message = &reply->message;
    struct text name = arena_text(arena, question->name), doubled = doubled_of(name);
    *reply = (struct dns_reply){.outcome = DNS_ANSWERED};
    message->is_response = true;
    message->authoritative = question->server.family != 0;
    message->recursion_available = question->server.family == 0;
    message->question = name;
    message->question_type = question->type;
    if (question->type == DNS_TYPE_NS)
        answer_ns(m, name, message, arena);
    else if (question->type == DNS_TYPE_A)
        answer_address(m, name, message, arena);
    else if (question->type == DNS_TYPE_TXT && is_policy(name))
        answer_policy(m, name, message, arena);
    else if (question->type != DNS_TYPE_MX && question->type != DNS_TYPE_TXT)
        ; /* no other records: an empty answer */
    else if (dname_labels(name) == 2)
        answer_apex(m, question->type, name, message, arena);
    else if (doubled.len)
        answer_view(m, doubled_view(m, &question->server, doubled, now), question->type, name,
                    message, arena);
    else
        answer_view(m,
                    question->server.family == 0 ? resolver_view(m, name, now)
                                                 : server_view(m, &question->server, name, now),
                    question->type, name, message, arena);
    reply->same_until = same_until(m, question, now);
}

bool dns_model_mx(const struct dns_model *m, struct text name, instant_us now, struct mx_fact *mx)
{
    *mx = (struct mx_fact){10, m->options.right_host};
    enum dns_view view = dns_model_view(m, name, now);
    return view == VIEW_RIGHT || view == VIEW_NO_SPF;
}
