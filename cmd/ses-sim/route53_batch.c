/*
 * Duty: ChangeResourceRecordSets: a batch is read, every change of it is judged and applied, and
 * then all of them are true or none is. Its complaints are in Route 53's words, as its users have
 * met them. Invariant: when a complaint was made, the zone is as it was.
 */
#include "base/bounds.h"
#include "base/hash.h"
#include "sim.h"

#include "aws/xml.h"

#include <stdarg.h>

#define COMPLAINTS_MAX                                                                             \
    (1u << 20)         /* of 1,000 changes with names of 253 characters, each escaped              \
                        */
#define STRING_MAX 255 /* octets of one string of a TXT record */

struct change {
    enum { CREATE, DELETE, UPSERT, UNKNOWN } action;
    struct zone_record set; /* without value; name as it was written, until it is judged */
    uint32_t values_from, values_len; /* in values of the batch */
    bool has_ttl;
};

struct zone_batch {
    struct exchange *x;
    struct sim_zone *zone;
    struct change *changes;
    struct text *values, comment;
    uint32_t len, cap, values_len, values_cap;
    struct change now; /* that is being read */
    bool failed;       /* no memory */
    struct buf complaints;
};

static const char *const actions[] = {"CREATE", "DELETE", "UPSERT"};

static void __attribute__((format(printf, 2, 3)))
complain(struct zone_batch *b, const char *fmt, ...)
{
    char sentence[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);
    buf_add_fmt(&b->complaints, "%s%s", b->complaints.len ? ", " : "[", sentence);
}

/* Reading */

static void value_push(struct zone_batch *b, struct text value)
{
    if (b->values_len == b->values_cap) {
        struct text *grown =
            arena_grow(&b->x->arena, b->values, sizeof *b->values, b->values_len, &b->values_cap);
        b->failed = b->failed || !grown;
        b->values = grown ? grown : b->values;
    }
    if (!b->failed)
        b->values[b->values_len++] = value;
}

static void change_push(struct zone_batch *b)
{
    if (b->len == b->cap) {
        struct change *grown =
            arena_grow(&b->x->arena, b->changes, sizeof *b->changes, b->len, &b->cap);
        b->failed = b->failed || !grown;
        b->changes = grown ? grown : b->changes;
    }
    b->now.values_len = b->values_len - b->now.values_from;
    if (!b->failed)
        b->changes[b->len++] = b->now;
    b->now = (struct change){.action = UNKNOWN, .values_from = b->values_len};
}

/* Weight stands for all routing policies: a set with an identifier is never a plain one. */
static struct text *member_of(struct zone_record *set, struct text path)
{
    static const char head[] = "ResourceRecordSet/";
    if (!text_starts(path, text_of(head)))
        return NULL;
    path = text_from(path, sizeof head - 1);
    return text_eq(path, TEXT("Name"))                               ? &set->name
           : text_eq(path, TEXT("Type"))                             ? &set->type
           : text_eq(path, TEXT("SetIdentifier"))                    ? &set->set_id
           : text_eq(path, TEXT("Weight"))                           ? &set->weight
           : text_eq(path, TEXT("AliasTarget/HostedZoneId"))         ? &set->alias_zone
           : text_eq(path, TEXT("AliasTarget/DNSName"))              ? &set->alias_name
           : text_eq(path, TEXT("AliasTarget/EvaluateTargetHealth")) ? &set->alias_health
                                                                     : NULL;
}

static void element_take(void *user, struct text path, struct text content)
{
    static const char head[] = "ChangeResourceRecordSetsRequest/ChangeBatch/Changes/Change";
    struct zone_batch *b = user;
    struct text kept = arena_text(&b->x->arena, content);
    uint64_t ttl;
    if (text_eq(path, TEXT("ChangeResourceRecordSetsRequest/ChangeBatch/Comment")))
        b->comment = kept;
    if (!text_starts(path, text_of(head)))
        return;
    path = text_from(path, sizeof head - 1);
    struct text *member = member_of(&b->now.set, text_from(path, 1));
    if (path.len == 0) {
        change_push(b);
    } else if (member) {
        *member = kept;
    } else if (text_eq(path, TEXT("/Action"))) {
        for (unsigned i = CREATE; i <= UPSERT; i++)
            if (text_eq(kept, text_of(actions[i])))
                b->now.action = i;
    } else if (text_eq(path, TEXT("/ResourceRecordSet/TTL"))) {
        b->now.has_ttl = text_to_u64(kept, &ttl) && ttl <= INT32_MAX;
        b->now.set.ttl_s = b->now.has_ttl ? (uint32_t)ttl : 0;
    } else if (text_eq(path, TEXT("/ResourceRecordSet/ResourceRecords/ResourceRecord/Value"))) {
        value_push(b, kept);
    }
}

static void batch_read(struct zone_batch *b)
{
    static const char namespace[] = "https://route53.amazonaws.com/doc/2013-04-01/";
    struct exchange *x = b->x;
    struct xml_sink sink = {b, element_take};
    struct why why;
    size_t root = text_find_text(x->body, TEXT("<ChangeResourceRecordSetsRequest"));
    size_t tag = root + text_find(text_from(x->body, root), '>');
    if (xml_read(x->body, &sink, &why) != OK)
        exchange_fail(x, 400, "MalformedInput", "The request is not valid XML: %s", why.text);
    else if (root == x->body.len ||
             text_find_text(text_slice(x->body, root, tag), text_of(namespace)) == tag - root)
        exchange_fail(x, 400, "MalformedInput",
                      "ChangeBatch is not valid, expected ChangeResourceRecordSetsRequest");
    else if (b->failed)
        exchange_trouble(x, TROUBLE_INTERNAL, NULL);
    else if (b->len == 0)
        exchange_fail(x, 400, "InvalidInput", "The batch has no changes.");
}

/* Judging what is written */

/* "[Action=CREATE, Name=a.example., Type=TXT, SetIdentifier=null]" has its TTL and values, or an
 * alias. */
static bool is_complete(struct zone_batch *b, const struct change *c)
{
    struct exchange *x = b->x;
    const struct zone_record *set = &c->set;
    bool is_plain = c->has_ttl && c->values_len, is_alias = set->alias_name.len > 0;
    if (c->action == UNKNOWN || set->name.len == 0 || set->type.len == 0)
        exchange_fail(x, 400, "InvalidInput", "A change needs Action, Name and Type.");
    else if (is_plain == is_alias)
        exchange_fail(x, 400, "InvalidInput",
                      "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and "
                      "ResourceRecords], or TrafficPolicyInstanceId], but found %s in Change with "
                      "[Action=%s, Name=" TEXT_FMT ", Type=" TEXT_FMT ", SetIdentifier=" TEXT_FMT
                      "]",
                      is_plain ? "more than one" : "none", actions[c->action], TEXT_ARG(set->name),
                      TEXT_ARG(set->type), TEXT_ARG(set->set_id.len ? set->set_id : TEXT("null")));
    else if (!set->weight.len != !set->set_id.len)
        exchange_fail(x, 400, "InvalidInput",
                      "Invalid request: Weight and SetIdentifier go together.");
    return !x->is_error;
}

/* NULL, or what is wrong with the strings of a TXT: "a" "b", each up to 255 octets. */
static const char *strings_fault(struct text value)
{
    while (value.len) {
        size_t i = 1, octets = 0;
        if (value.at[0] != '"')
            return "InvalidCharacterString (Value should be enclosed in quotation marks)";
        for (; i < value.len && value.at[i] != '"'; octets++) {
            bool is_escape = value.at[i] == '\\' && i + 1 < value.len;
            i += !is_escape ? 1 : char_is_digit(value.at[i + 1]) ? 4 : 2;
        }
        if (i >= value.len)
            return "InvalidCharacterString (Value should be enclosed in quotation marks)";
        if (octets > STRING_MAX)
            return "CharacterStringTooLong (Value is too long)";
        value = text_trim(text_from(value, i + 1));
    }
    return NULL;
}

static const char *value_fault(struct text type, struct text value)
{
    const char *fault = NULL;
    if (value.len > ROUTE53_VALUE_MAX)
        return "ValueTooLong (Value is too long)";
    if (text_eq(type, TEXT("TXT")) || text_eq(type, TEXT("SPF")))
        fault = strings_fault(value);
    else if (!record_value_fits(type, value))
        fault = "InvalidRRDATA (Value is not valid for its type)";
    return fault;
}

/* The name becomes what it is kept as; each fault is a complaint. */
static void change_judge(struct zone_batch *b, struct change *c)
{
    struct zone_record *set = &c->set;
    struct text written = set->name;
    const char *fault = record_name_read(written, &b->x->arena, &set->name);
    if (fault) {
        complain(b, "FATAL problem: %s encountered with '" TEXT_FMT "'", fault, TEXT_ARG(written));
        return;
    }
    set->key = record_key(set->name, &b->x->arena);
    if (!record_name_within(set->name, b->zone->name))
        complain(b, "RRSet with DNS name " TEXT_FMT ". is not permitted in zone " TEXT_FMT ".",
                 TEXT_ARG(record_name_normal(set->name, &b->x->arena)), TEXT_ARG(b->zone->name));
    for (uint32_t i = 0; i < c->values_len; i++) {
        struct text value = b->values[c->values_from + i];
        if ((fault = value_fault(set->type, value)))
            complain(b,
                     "Invalid Resource Record: 'FATAL problem: %s encountered with '" TEXT_FMT "''",
                     fault, TEXT_ARG(value));
    }
}

static void limits_check(struct zone_batch *b)
{
    uint64_t records = 0, characters = 0;
    for (uint32_t i = 0; i < b->len; i++) {
        const struct change *c = &b->changes[i];
        unsigned times = c->action == UPSERT ? 2 : 1;
        records += (uint64_t)times * c->values_len;
        for (uint32_t v = 0; v < c->values_len; v++)
            characters += times * b->values[c->values_from + v].len;
    }
    if (records > ROUTE53_BATCH_RECORDS)
        complain(b, "Number of records limit of %d exceeded.", ROUTE53_BATCH_RECORDS);
    if (characters > ROUTE53_BATCH_CHARACTERS)
        complain(b, "RDATA character limit of %d exceeded.", ROUTE53_BATCH_CHARACTERS);
}

/* One change to a set, or a DELETE and then a CREATE. */
static void pairs_check(struct zone_batch *b)
{
    for (uint32_t i = 1; i < b->len; i++) {
        const struct change *c = &b->changes[i];
        unsigned others = 0, deletes = 0;
        for (uint32_t k = 0; k < i; k++)
            if (zone_record_cmp(&b->changes[k].set, &c->set) == 0) {
                others++;
                deletes += b->changes[k].action == DELETE;
            }
        if (others && !(others == 1 && deletes == 1 && c->action == CREATE))
            complain(b,
                     "The request contains an invalid set of changes for a resource record set "
                     "'" TEXT_FMT " " TEXT_FMT ".'",
                     TEXT_ARG(c->set.type),
                     TEXT_ARG(record_name_normal(c->set.name, &b->x->arena)));
    }
}

/* The conditions of IAM: all actions, types and names of the batch, or it is refused. */
static bool policy_allows(const struct zone_batch *b)
{
    for (uint32_t i = 0; i < b->len; i++) {
        const struct change *c = &b->changes[i];
        if (!iam_allows(b->x, "actions", text_of(actions[c->action])) ||
            !iam_allows(b->x, "types", c->set.type) ||
            !iam_allows(b->x, "names", record_name_normal(c->set.name, &b->x->arena)))
            return false;
    }
    return true;
}

/* Applying */

static struct text set_name(const struct zone_batch *b, const struct zone_record *set)
{
    struct text name = record_name_normal(set->name, &b->x->arena);
    struct text shown = arena_fmt(&b->x->arena, "[name='" TEXT_FMT ".', type='" TEXT_FMT "'",
                                  TEXT_ARG(name), TEXT_ARG(set->type));
    if (set->set_id.len)
        shown = arena_fmt(&b->x->arena, TEXT_FMT ", set identifier='" TEXT_FMT "'", TEXT_ARG(shown),
                          TEXT_ARG(set->set_id));
    return arena_fmt(&b->x->arena, TEXT_FMT "]", TEXT_ARG(shown));
}

static bool is_of(const struct sim_zone *z, uint32_t i, const struct zone_record *set)
{
    return i < z->len && text_eq(z->records[i]->key, set->key);
}

static bool has_value(const struct zone_batch *b, const struct change *c, struct text value)
{
    for (uint32_t v = 0; v < c->values_len; v++)
        if (text_eq(b->values[c->values_from + v], value))
            return true;
    return false;
}

static bool record_equals(const struct zone_batch *b, const struct change *c,
                          const struct zone_record *r)
{
    const struct zone_record *set = &c->set;
    if (set->alias_name.len || r->alias_name.len)
        return text_eq(set->alias_name, r->alias_name) && text_eq(set->alias_zone, r->alias_zone) &&
               text_eq(set->weight, r->weight);
    return r->ttl_s == set->ttl_s && text_eq(r->weight, set->weight) && has_value(b, c, r->value);
}

struct zone_found {
    uint32_t len; /* living records of the set */
    bool differs; /* from what the change repeats */
};

static struct zone_found set_find(const struct zone_batch *b, const struct change *c, bool remove)
{
    struct sim_zone *z = b->zone;
    struct zone_found found = {0};
    for (uint32_t i = zone_first(z, c->set.key); is_of(z, i, &c->set); i++) {
        struct zone_record *r = z->records[i];
        if (!record_lives(r) || zone_record_cmp(r, &c->set) != 0)
            continue;
        found.len++;
        found.differs = found.differs || !record_equals(b, c, r);
        if (remove)
            zone_remove(r);
    }
    uint32_t wanted = c->set.alias_name.len ? 1 : c->values_len;
    found.differs = found.differs || found.len != wanted;
    return found;
}

static void set_add(struct sim *s, struct zone_batch *b, const struct change *c)
{
    struct zone_record r = c->set;
    uint32_t len = c->set.alias_name.len ? 1 : c->values_len;
    for (uint32_t v = 0; v < len && !b->failed; v++) {
        if (c->values_len)
            r.value = b->values[c->values_from + v];
        b->failed = !zone_add(s, b->zone, &r);
    }
}

static void change_apply(struct sim *s, struct zone_batch *b, const struct change *c)
{
    struct zone_found found = set_find(b, c, false);
    struct text set = set_name(b, &c->set);
    if (c->action == CREATE && found.len) {
        complain(b, "Tried to create resource record set " TEXT_FMT " but it already exists",
                 TEXT_ARG(set));
    } else if (c->action == DELETE && found.len == 0) {
        complain(b, "Tried to delete resource record set " TEXT_FMT " but it was not found",
                 TEXT_ARG(set));
    } else if (c->action == DELETE && found.differs) {
        complain(b,
                 "Tried to delete resource record set " TEXT_FMT
                 " but the values provided do not match the current values",
                 TEXT_ARG(set));
    } else {
        if (c->action != CREATE)
            set_find(b, c, true);
        if (c->action != DELETE)
            set_add(s, b, c);
    }
}

/* An alias (CNAME) stands alone at its name. */
static void conflicts_check(struct zone_batch *b, const struct change *c)
{
    struct sim_zone *z = b->zone;
    bool is_alias = text_eq(c->set.type, TEXT("CNAME"));
    struct text name = record_name_normal(c->set.name, &b->x->arena);
    for (uint32_t i = zone_first(z, c->set.key); c->action != DELETE && is_of(z, i, &c->set); i++) {
        const struct zone_record *r = z->records[i];
        if (!record_lives(r) || text_eq(r->type, c->set.type))
            continue;
        if (is_alias)
            complain(b,
                     "RRSet of type CNAME with DNS name " TEXT_FMT
                     ". is not permitted as it conflicts with other records with the same DNS "
                     "name in zone " TEXT_FMT ".",
                     TEXT_ARG(name), TEXT_ARG(z->name));
        else if (text_eq(r->type, TEXT("CNAME")))
            complain(b,
                     "RRSet of type " TEXT_FMT " with DNS name " TEXT_FMT
                     ". is not permitted because a conflicting RRSet of type CNAME with the same "
                     "DNS name already exists in zone " TEXT_FMT ".",
                     TEXT_ARG(c->set.type), TEXT_ARG(name), TEXT_ARG(z->name));
        if (is_alias || text_eq(r->type, TEXT("CNAME")))
            return;
    }
}

static const struct sim_change *change_keep(struct sim *s, const struct exchange *x,
                                            uint64_t ticket, const struct sim_zone *z)
{
    struct sim_change *kept = &s->changes[s->changes_made++ % SIM_CHANGES_MAX];
    *kept = (struct sim_change){.id = (hash_mix(x->number, s->changes_made) >> 12) | 1,
                                .account = z->account,
                                .ticket = ticket,
                                .submitted = x->real};
    return kept;
}

static const struct sim_change *batch_apply(struct sim *s, struct zone_batch *b)
{
    struct exchange *x = b->x;
    for (uint32_t i = 0; i < b->len; i++)
        change_apply(s, b, &b->changes[i]);
    for (uint32_t i = 0; i < b->len && !b->complaints.len; i++)
        conflicts_check(b, &b->changes[i]);
    if (b->complaints.len || b->failed || b->complaints.failed) {
        zone_drop(b->zone);
        if (b->failed || b->complaints.failed)
            exchange_trouble(x, TROUBLE_INTERNAL, NULL);
        return NULL;
    }
    return change_keep(s, x, zone_commit(s, x, b->zone), b->zone);
}

/* What is refused whatever the changes are. */
static bool zone_open(struct exchange *x, const struct sim_zone *z)
{
    struct text linked = zone_state(z, "linked");
    if (linked.at) {
        exchange_fail(x, 403, "AccessDenied",
                      "The resource hostedzone/" TEXT_FMT " can only be managed through " TEXT_FMT,
                      TEXT_ARG(z->id), TEXT_ARG(linked));
    } else if (zone_state(z, "locked").at) {
        exchange_fail(x, 400, "InvalidInput",
                      "The hosted zone is locked while accelerated recovery is being enabled.");
    } else if (z->busy || x->is_busy) {
        exchange_fail(x, 400, "PriorRequestNotComplete",
                      "The request was rejected because Route 53 was still processing a prior "
                      "request.");
        x->fault = x->is_busy ? "busy" : NULL;
    }
    return !x->is_error;
}

static void names_tell(struct zone_batch *b)
{
    struct text *names = ARENA_ARRAY(&b->x->arena, struct text, b->len);
    for (uint32_t i = 0; names && i < b->len; i++)
        names[i] = b->changes[i].set.name;
    exchange_names(b->x, names, names ? b->len : 0);
}

static bool batch_judge(struct zone_batch *b)
{
    for (uint32_t i = 0; i < b->len && is_complete(b, &b->changes[i]); i++)
        change_judge(b, &b->changes[i]);
    names_tell(b);
    if (b->x->is_error)
        return false;
    if (!policy_allows(b)) {
        iam_refuse(b->x);
        return false;
    }
    limits_check(b);
    pairs_check(b);
    return b->complaints.len == 0;
}

const struct sim_change *route53_change(struct sim *s, struct exchange *x, struct sim_zone *z,
                                        struct text *comment)
{
    const struct sim_change *made = NULL;
    struct zone_batch b = {.x = x, .zone = z, .now = {.action = UNKNOWN}};
    buf_init(&b.complaints, COMPLAINTS_MAX);
    batch_read(&b);
    if (!x->is_error && batch_judge(&b) && zone_open(x, z)) {
        const struct zone_record *theirs = &b.changes[x->number % b.len].set;
        if (x->is_meddled)
            zone_meddle(s, x, z, theirs->name, theirs->type);
        made = batch_apply(s, &b);
    }
    if (b.complaints.len && !x->is_error) {
        buf_add_char(&b.complaints, ']');
        exchange_fail_text(x, 400, "InvalidChangeBatch", buf_text(&b.complaints));
    }
    buf_clear(&b.complaints);
    *comment = b.comment;
    return made;
}
