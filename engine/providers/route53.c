/*
 * Calls to Route 53's paths and XML, its XML to zones and record sets.
 *
 * Invariant: a set that an answer shows has exactly the values of the provider; anything in a set
 * that this file does not know makes the set special. An unreadable answer leaves no zone and no
 * set behind, so it never counts as "nothing is there".
 *
 * Source: Route 53 API Reference, 2013-04-01; Developer Guide, "DNS domain name format", "Supported
 * DNS record types", "Quotas on records".
 */
#include "providers_internal.h"

#include "aws/reply.h"
#include "aws/xml.h"
#include "base/bounds.h"
#include "base/count.h"
#include "base/escape.h"
#include "dns/message.h"

#include <assert.h>

#define ROOT      "/2013-04-01"
#define NAMESPACE "https://route53.amazonaws.com/doc/2013-04-01/"
#define COMMENT   "Custom MAIL FROM domains of Amazon SES, by mailfrom"

/* Encoding */

static void query_put(struct buf *query, const char *name, struct text value)
{
    if (value.len == 0)
        return;
    buf_add_fmt(query, query->len ? "&%s=" : "%s=", name);
    escape_percent(query, value);
}

/* The parts of a page's token stand on lines of their own. */
static enum err zones_encode(const struct call *c, struct aws_parts *p)
{
    struct text id = c->token, name = text_cut(&id, '\n');
    buf_add_str(&p->path, ROOT "/hostedzonesbyname");
    query_put(&p->query, "dnsname", c->token.len ? name : c->zone);
    query_put(&p->query, "hostedzoneid", id);
    buf_add_fmt(&p->query, p->query.len ? "&maxitems=%d" : "maxitems=%d", ROUTE53_PAGE_ZONES);
    return OK;
}

static enum err zone_path(const struct call *c, struct aws_parts *p, const char *rest,
                          struct why *why)
{
    buf_add_str(&p->path, ROOT "/hostedzone");
    enum err err = id_add(&p->path, c->zone_id, why);
    buf_add_str(&p->path, rest);
    return err;
}

static enum err records_encode(const struct call *c, struct aws_parts *p, struct why *why)
{
    struct text identifier = c->token, name = text_cut(&identifier, '\n'),
                type = text_cut(&identifier, '\n');
    if (c->name.len == 0)
        return why_set(why, ERR_INPUT, "no name is given");
    query_put(&p->query, "name", c->token.len ? name : c->name);
    query_put(&p->query, "type", type);
    query_put(&p->query, "identifier", identifier);
    buf_add_fmt(&p->query, "&maxitems=%d", ROUTE53_PAGE_SETS);
    return zone_path(c, p, "/rrset", why);
}

static void element(struct buf *out, const char *name, struct text content)
{
    buf_add_fmt(out, "<%s>", name);
    escape_xml(out, content);
    buf_add_fmt(out, "</%s>", name);
}

/* The value as Route 53 writes it: what was read goes back as it was, string by string. */
static void value_add(struct buf *out, const struct record_set *set, const struct record_value *v)
{
    if (v->verbatim.len)
        buf_add_text(out, v->verbatim);
    else if (set->type == DNS_TYPE_MX)
        buf_add_fmt(out, "%u " TEXT_FMT ".", v->preference, TEXT_ARG(v->data));
    else if (set->type == DNS_TYPE_TXT)
        quoted_add(out, v->data, QUOTED_OCTAL, " ");
    else
        buf_add_text(out, v->data);
}

/* What counts against the limits of a batch. */
struct batch_load {
    size_t elements, characters;
};

static enum err set_encode(struct buf *out, const char *action, const struct record_set *set,
                           struct batch_load *load, struct why *why)
{
    struct buf value;
    enum err err = OK;
    buf_init(&value, HTTP_BODY_MAX);
    buf_add_fmt(out, "<Change><Action>%s</Action><ResourceRecordSet>", action);
    element(out, "Name", set->name);
    buf_add_fmt(out, "<Type>%s</Type><TTL>%u</TTL><ResourceRecords>", record_type_name(set->type),
                set->ttl_s);
    for (uint32_t i = 0; i < set->len && err == OK; i++) {
        buf_reset(&value);
        value_add(&value, set, &set->values[i]);
        load->elements++;
        load->characters += value.len;
        if (value.failed || value.len > ROUTE53_VALUE_MAX)
            err = why_set(why, ERR_LIMIT,
                          "a value of " TEXT_FMT " %s is longer than the %d characters that Route "
                          "53 takes",
                          TEXT_ARG(set->name), record_type_name(set->type), ROUTE53_VALUE_MAX);
        buf_add_str(out, "<ResourceRecord>");
        element(out, "Value", buf_text(&value));
        buf_add_str(out, "</ResourceRecord>");
    }
    buf_add_str(out, "</ResourceRecords></ResourceRecordSet></Change>");
    buf_clear(&value);
    return err;
}

static enum err change_encode(struct buf *out, const struct record_change *change,
                              struct batch_load *load, struct why *why)
{
    enum err err = change_vet(change, why);
    if (err)
        return err;
    switch (change->kind) {
    case CHANGE_CREATE: return set_encode(out, "CREATE", &change->set, load, why);
    case CHANGE_DELETE: return set_encode(out, "DELETE", &change->set, load, why);
    case CHANGE_SWAP: break;
    }
    err = set_encode(out, "DELETE", &change->old, load, why);
    return err ? err : set_encode(out, "CREATE", &change->set, load, why);
}

static enum err changes_encode(const struct call *c, struct aws_parts *p, struct buf *body,
                               struct why *why)
{
    struct batch_load load = {0, 0};
    enum err err = zone_path(c, p, "/rrset/", why);
    if (!err && c->changes_len == 0)
        err = why_set(why, ERR_INPUT, "a batch has no change");
    buf_add_str(body, "<ChangeResourceRecordSetsRequest xmlns=\"" NAMESPACE "\"><ChangeBatch>");
    element(body, "Comment", TEXT(COMMENT));
    buf_add_str(body, "<Changes>");
    for (uint32_t i = 0; i < c->changes_len && !err; i++)
        err = change_encode(body, &c->changes[i], &load, why);
    buf_add_str(body, "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>");
    if (!err &&
        (load.elements > ROUTE53_BATCH_RECORDS || load.characters > ROUTE53_BATCH_CHARACTERS))
        err = why_set(why, ERR_LIMIT,
                      "a batch of %zu values with %zu characters is larger than the %d values with "
                      "%d characters that Route 53 takes",
                      load.elements, load.characters, ROUTE53_BATCH_RECORDS,
                      ROUTE53_BATCH_CHARACTERS);
    return err;
}

static enum err parts_encode(const struct call *c, struct aws_parts *p, struct aws_request *r,
                             struct why *why)
{
    r->method = c->kind == CALL_CHANGE ? "POST" : "GET";
    p->content_type = c->kind == CALL_CHANGE ? "application/xml" : NULL;
    switch (c->kind) {
    case CALL_ZONES: return zones_encode(c, p);
    case CALL_ZONE: return zone_path(c, p, "", why);
    case CALL_RECORDS: return records_encode(c, p, why);
    default: return changes_encode(c, p, &r->body, why);
    }
}

enum err route53_request_make(struct aws_request *r, const struct call *c,
                              const struct provider_at *at, const struct credentials *cred,
                              instant_us now, struct why *why)
{
    struct aws_parts parts = {.target = TEXT_NONE};
    assert(cred);
    buf_init(&parts.path, REQUEST_BODY_MAX);
    buf_init(&parts.query, REQUEST_BODY_MAX);
    enum err err = parts_encode(c, &parts, r, why);
    if (err)
        aws_request_clear(r);
    else
        err = aws_request_put(r, &parts, &at->endpoint, cred, now, why);
    buf_clear(&parts.path);
    buf_clear(&parts.query);
    return err;
}

/* Decoding. One reader for all answers; the members of the open zone or set are gathered and
 * evaluated at its end. */

struct reader {
    struct call *c;
    bool root_seen, is_broken, no_memory, is_truncated, is_changed;
    struct text next_name, next_id, next_type, next_identifier;
    uint32_t zones_cap, hosts_cap, sets_cap, values_cap;
    struct hosted_zone zone; /* open */
    struct text *hosts;
    uint32_t hosts_len;
    struct record_set set; /* open */
    struct text type;
    struct record_value *values;
};

static struct text keep(struct reader *r, struct text t)
{
    struct text copy = arena_text(&r->c->arena, t.len ? t : TEXT(""));
    r->no_memory |= !copy.at;
    return copy;
}

static struct text keep_name(struct reader *r, struct text t)
{
    struct text copy = record_name_read(&r->c->arena, t);
    r->no_memory |= !copy.at;
    return copy;
}

/* A member that may stand once in what is open. */
static bool once(struct reader *r, const struct text *member)
{
    r->is_broken |= member->at != NULL;
    return member->at == NULL;
}

/* Emulators written in Python say "False". */
static bool truth(struct reader *r, struct text t)
{
    bool is_true = text_eq_nocase(t, TEXT("true"));
    r->is_broken |= !is_true && !text_eq_nocase(t, TEXT("false"));
    return is_true;
}

static void on_host(struct reader *r, struct text content)
{
    struct text *hosts =
        list_room(&r->c->arena, r->hosts, sizeof *hosts, r->hosts_len, &r->hosts_cap);
    r->no_memory |= !hosts;
    if (!hosts)
        return;
    r->hosts = hosts;
    hosts[r->hosts_len++] = keep_name(r, content);
}

static void zone_end(struct reader *r)
{
    struct call *c = r->c;
    struct hosted_zone zone = r->zone;
    r->zone = (struct hosted_zone){.bar = ZONE_OPEN};
    if (!zone.id.len || !zone.name.len) {
        r->is_broken = true;
        return;
    }
    if (c->kind == CALL_ZONES && c->zone.len && !dname_eq(zone.name, c->zone))
        return;
    struct hosted_zone *zones =
        list_room(&c->arena, c->zones, sizeof *zones, c->zones_len, &r->zones_cap);
    r->no_memory |= !zones;
    if (!zones)
        return;
    c->zones = zones;
    zones[c->zones_len++] = zone;
}

/* The reason that holds longest wins: what is private stays so. */
static void zone_bar(struct reader *r, enum zone_bar bar, struct text words)
{
    if (r->zone.bar != ZONE_OPEN && r->zone.bar < bar)
        return;
    r->zone.bar = bar;
    r->zone.bar_words = keep(r, words);
}

/* rest: below <HostedZone>. */
static void on_zone(struct reader *r, struct text rest, struct text content)
{
    struct hosted_zone *zone = &r->zone;
    if (rest.at == NULL)
        zone_end(r);
    else if (text_eq(rest, TEXT("Id")) && once(r, &zone->id))
        zone->id = keep(r, text_from(content, text_rfind(content, '/') < content.len
                                                  ? text_rfind(content, '/') + 1
                                                  : 0));
    else if (text_eq(rest, TEXT("Name")) && once(r, &zone->name))
        zone->name = keep_name(r, content);
    else if (text_eq(rest, TEXT("Config/PrivateZone"))) {
        if (truth(r, content))
            zone_bar(r, ZONE_PRIVATE, TEXT("private"));
    } else if (text_eq(rest, TEXT("LinkedService/ServicePrincipal")))
        zone_bar(r, ZONE_SERVICE, content);
    else if (text_eq(rest, TEXT("Features/AcceleratedRecoveryStatus")) &&
             text_ends(content, TEXT("_HOSTED_ZONE_LOCKED")))
        zone_bar(r, ZONE_LOCKED, content);
}

static void on_value(struct reader *r, struct text content)
{
    struct record_value *values =
        list_room(&r->c->arena, r->values, sizeof *values, r->set.len, &r->values_cap);
    r->no_memory |= !values;
    if (!values)
        return;
    r->values = values;
    values[r->set.len++] = (struct record_value){.verbatim = keep(r, content)};
}

static void set_end(struct reader *r)
{
    struct call *c = r->c;
    struct record_set set = r->set;
    set.type = record_type_of(r->type);
    r->set = (struct record_set){.name = TEXT_NONE};
    bool is_whole = set.name.len && r->type.len && (set.len || set.is_special);
    r->type = TEXT_NONE;
    r->is_broken |= !is_whole;
    if (!is_whole || !dname_eq(set.name, c->name))
        return;
    struct record_set *sets =
        list_room(&c->arena, c->sets, sizeof *sets, c->sets_len, &r->sets_cap);
    r->no_memory |= !sets;
    if (!sets)
        return;
    for (uint32_t i = 0; i < set.len; i++) {
        struct record_value *v = &r->values[i];
        bool is_read = true;
        if (set.type == DNS_TYPE_MX)
            is_read = record_mx_read(&c->arena, v->verbatim, v);
        else if (set.type == DNS_TYPE_TXT)
            is_read = record_txt_read(&c->arena, v->verbatim, QUOTED_OCTAL, v);
        else
            v->data = v->verbatim;
        set.is_special |= !is_read;
        r->no_memory |= !v->data.at;
    }
    set.values = r->values;
    r->values = NULL;
    r->values_cap = 0;
    c->sets = sets;
    sets[c->sets_len++] = set;
}

/* rest: below <ResourceRecordSet>. */
static void on_set(struct reader *r, struct text rest, struct text content)
{
    uint64_t ttl;
    if (rest.at == NULL)
        set_end(r);
    else if (text_eq(rest, TEXT("Name"))) {
        if (once(r, &r->set.name))
            r->set.name = keep_name(r, content);
    } else if (text_eq(rest, TEXT("Type"))) {
        if (once(r, &r->type))
            r->type = keep(r, content);
    } else if (text_eq(rest, TEXT("TTL"))) {
        r->is_broken |= !text_to_u64(content, &ttl) || ttl > INT32_MAX;
        if (!r->is_broken)
            r->set.ttl_s = (uint32_t)ttl;
    } else if (text_eq(rest, TEXT("ResourceRecords/ResourceRecord/Value")))
        on_value(r, content);
    else if (!text_eq(rest, TEXT("ResourceRecords")) &&
             !text_eq(rest, TEXT("ResourceRecords/ResourceRecord")))
        r->set.is_special = true;
}

/* Takes "name" off the front of a path, and the slash behind it. */
static bool below(struct text *path, const char *name)
{
    struct text rest = *path, head = text_cut(&rest, '/');
    if (!text_eq(head, text_of(name)))
        return false;
    *path = rest;
    return true;
}

/* path: below the root of the answer. */
static void on_member(struct reader *r, struct text path, struct text content)
{
    struct text *next = text_eq(path, TEXT("NextDNSName"))            ? &r->next_name
                        : text_eq(path, TEXT("NextRecordName"))       ? &r->next_name
                        : text_eq(path, TEXT("NextHostedZoneId"))     ? &r->next_id
                        : text_eq(path, TEXT("NextRecordType"))       ? &r->next_type
                        : text_eq(path, TEXT("NextRecordIdentifier")) ? &r->next_identifier
                                                                      : NULL;
    if (next)
        *next = keep(r, content);
    else if (text_eq(path, TEXT("IsTruncated")))
        r->is_truncated = truth(r, content);
    else if (text_eq(path, TEXT("ChangeInfo/Id")))
        r->is_changed = content.len > 0;
    else if (text_eq(path, TEXT("DelegationSet/NameServers/NameServer")))
        on_host(r, content);
    else if (r->c->kind == CALL_RECORDS) {
        if (below(&path, "ResourceRecordSets") && below(&path, "ResourceRecordSet"))
            on_set(r, path, content);
    } else if ((r->c->kind == CALL_ZONE || below(&path, "HostedZones")) &&
               below(&path, "HostedZone"))
        on_zone(r, path, content);
}

static void on_element(void *user, struct text path, struct text content)
{
    static const char *const roots[] = {
        [CALL_ZONES] = "ListHostedZonesByNameResponse",
        [CALL_ZONE] = "GetHostedZoneResponse",
        [CALL_RECORDS] = "ListResourceRecordSetsResponse",
        [CALL_CHANGE] = "ChangeResourceRecordSetsResponse",
    };
    struct reader *r = user;
    if (!below(&path, roots[r->c->kind]))
        return;
    if (path.at)
        on_member(r, path, content);
    else
        r->root_seen = true;
}

/* The next page is asked for only while it can show the name that was asked about. The parts of the
 * token stand on lines of their own. */
static void next_page(struct reader *r)
{
    struct call *c = r->c;
    struct text wanted = c->kind == CALL_ZONES ? c->zone : c->name;
    if (!r->is_truncated)
        return;
    if (r->next_name.len == 0) {
        r->is_broken = true;
        return;
    }
    struct text name = keep_name(r, r->next_name);
    if (wanted.len && !dname_eq(name, wanted))
        return;
    if (text_find(r->next_name, '\n') < r->next_name.len ||
        text_find(r->next_type, '\n') < r->next_type.len) {
        r->is_broken = true;
        return;
    }
    c->next_token =
        c->kind == CALL_ZONES
            ? arena_fmt(&c->arena, TEXT_FMT "\n" TEXT_FMT, TEXT_ARG(r->next_name),
                        TEXT_ARG(r->next_id))
            : arena_fmt(&c->arena, TEXT_FMT "\n" TEXT_FMT "\n" TEXT_FMT, TEXT_ARG(r->next_name),
                        TEXT_ARG(r->next_type), TEXT_ARG(r->next_identifier));
    r->no_memory |= !c->next_token.at;
}

static void answer_read(struct call *c, struct text body)
{
    struct reader r = {.c = c};
    struct xml_sink sink = {&r, on_element};
    struct why why = {""};
    enum err err = xml_read(body, &sink, &why);
    if (!err && r.root_seen && (c->kind == CALL_ZONES || c->kind == CALL_RECORDS))
        next_page(&r);
    if (c->kind == CALL_ZONE && c->zones_len == 1) {
        c->zones[0].hosts = r.hosts;
        c->zones[0].hosts_len = r.hosts_len;
    }
    bool is_whole = r.root_seen && !r.is_broken && (c->kind != CALL_ZONE || c->zones_len == 1) &&
                    (c->kind != CALL_CHANGE || r.is_changed);
    if (err)
        reply_garble(&c->reply, "the answer is not the XML that was promised: %.200s", why.text);
    else if (r.no_memory)
        reply_garble(&c->reply, "the answer is larger than this program can hold");
    else if (!is_whole)
        reply_garble(&c->reply, "the answer is not one of %s", call_action(c->kind, API_ROUTE53));
    if (c->reply.how != REPLY_HTTP)
        provider_answer_drop(c);
}

/* Errors: <ErrorResponse><Error><Code>, or <InvalidChangeBatch><Messages><Message>. Messages of a
 * batch come one by one, or in one text: "[Tried to ... exists, RRSet ... permitted]". */

struct refusal {
    struct call *c;
    struct text code, message; /* in the call's arena */
    uint32_t messages;
};

/* The words that begin a message of Route 53 about one change; also within a list of messages. */
static bool begins_message(struct text t)
{
    static const char *const begins[] = {"Tried to ", "RRSet ",     "Invalid ",
                                         "The ",      "Duplicate ", "Cannot "};
    for (size_t i = 0; i < COUNT(begins); i++)
        if (text_starts(t, text_of(begins[i])))
            return true;
    return false;
}

static size_t message_end(struct text t)
{
    for (size_t i = 0; i + 2 < t.len; i++)
        if (t.at[i] == ',' && t.at[i + 1] == ' ' && begins_message(text_from(t, i + 2)))
            return i;
    return t.len;
}

static void messages_take(struct call *c, struct text t)
{
    t = text_trim(t);
    if (t.len > 1 && t.at[0] == '[' && t.at[t.len - 1] == ']')
        t = text_slice(t, 1, t.len - 1);
    while (t.len) {
        size_t end = message_end(t);
        if (!faults_add(c, UINT32_MAX, text_slice(t, 0, end)))
            return;
        t = text_from(t, end + 2);
    }
}

static void on_refusal(void *user, struct text path, struct text content)
{
    struct refusal *f = user;
    struct call *c = f->c;
    if (text_ends(path, TEXT("/RequestId")))
        REPLY_PUT(c->reply.request_id, content);
    else if (text_ends(path, TEXT("/Error/Code")))
        f->code = arena_text(&c->arena, content);
    else if (text_ends(path, TEXT("/Error/Message")))
        f->message = arena_text(&c->arena, content);
    else if (text_ends(path, TEXT("/Messages/Message"))) {
        if (f->messages++ == 0)
            f->message = arena_text(&c->arena, content);
        if (c->kind == CALL_CHANGE)
            faults_add(c, UINT32_MAX, content);
    } else if (text_eq(path, TEXT("InvalidChangeBatch")))
        f->code = TEXT("InvalidChangeBatch");
}

static void refusal_read(struct call *c, struct text body)
{
    struct refusal f = {.c = c};
    struct xml_sink sink = {&f, on_refusal};
    struct why why;
    enum err err = xml_read(body, &sink, &why); /* a page of a proxy has none of the elements */
    reply_fail(&c->reply, f.code, f.message);
    bool is_batch = !err && text_eq(f.code, TEXT("InvalidChangeBatch"));
    if (c->kind == CALL_CHANGE && is_batch && f.messages == 0)
        messages_take(c, f.message);
    if (!is_batch)
        c->faults_len = 0;
}

void route53_reply_decode(struct call *c, const struct aws_reply *r)
{
    reply_begin(&c->reply, r->http_status);
    if (c->reply.how != REPLY_HTTP)
        return;
    if (HTTP_IS_OK(r->http_status))
        answer_read(c, r->body);
    else
        refusal_read(c, r->body);
}
