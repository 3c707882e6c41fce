/*
 * Duty: Route 53 of 2013-04-01, REST and XML: what is read of zones, records and changes. Writing
 * is in route53_batch.c. Sources: Route 53 API Reference; the service model of 2013-04-01.
 * Invariant: a list that is cut names its next element, and begins with it when it is asked to.
 */
#include "base/bounds.h"
#include "sim.h"

#define ZONES_PAGE   100
#define RECORDS_PAGE 300

/* Parts of answers */

static void xml_name(struct buf *out, const char *element, struct text name)
{
    buf_add_fmt(out, "<%s>", element);
    record_name_write(out, name);
    buf_add_fmt(out, "</%s>", element);
}

static void xml_u64(struct buf *out, const char *element, uint64_t number)
{
    buf_add_fmt(out, "<%s>%llu</%s>", element, (unsigned long long)number, element);
}

static void xml_bool(struct buf *out, const char *element, bool is)
{
    xml_element(out, element, is ? TEXT("true") : TEXT("false"));
}

static uint64_t sets_count(const struct sim_zone *z, instant_us at)
{
    const struct zone_record *before = NULL;
    uint64_t sets = 0;
    for (uint32_t i = 0; i < z->len; i++) {
        const struct zone_record *r = z->records[i];
        if (!record_seen(r, at))
            continue;
        sets += !before || zone_record_cmp(before, r) != 0;
        before = r;
    }
    return sets;
}

static void zone_write(struct exchange *x, const struct sim_zone *z)
{
    struct buf *out = &x->out;
    struct text linked = zone_state(z, "linked");
    buf_add_fmt(out, "<HostedZone><Id>/hostedzone/" TEXT_FMT "</Id>", TEXT_ARG(z->id));
    xml_name(out, "Name", z->name);
    buf_add_fmt(out, "<CallerReference>ses-sim-" TEXT_FMT "</CallerReference><Config>",
                TEXT_ARG(z->id));
    xml_bool(out, "PrivateZone", zone_state(z, "private").at != NULL);
    buf_add_str(out, "</Config>");
    xml_u64(out, "ResourceRecordSetCount", sets_count(z, x->real));
    if (linked.at) {
        buf_add_str(out, "<LinkedService>");
        xml_element(out, "ServicePrincipal", linked);
        xml_element(out, "Description", TEXT("Created by an AWS service"));
        buf_add_str(out, "</LinkedService>");
    }
    if (zone_state(z, "locked").at)
        buf_add_str(out, "<Features><AcceleratedRecoveryStatus>ENABLING_HOSTED_ZONE_LOCKED"
                         "</AcceleratedRecoveryStatus></Features>");
    buf_add_str(out, "</HostedZone>");
}

static uint32_t page_size(struct exchange *x, uint32_t most)
{
    struct text word = query_get(x, "maxitems");
    uint64_t size = most;
    if (word.at && (!text_to_u64(word, &size) || size == 0))
        exchange_fail(x, 400, "InvalidInput", "The value of maxitems, " TEXT_FMT ", is not valid.",
                      TEXT_ARG(word));
    return size < most ? (uint32_t)size : most;
}

/* Zones */

/* The zone of the path, if it is one of the account's; NULL with the error in x. */
static struct sim_zone *zone_asked(struct sim *s, struct exchange *x)
{
    struct sim_zone *z = zones_find(&s->zones, ZONE_ROUTE53, x->zone_id);
    if (!z)
        exchange_fail(x, 404, "NoSuchHostedZone", "No hosted zone found with ID: " TEXT_FMT,
                      TEXT_ARG(x->zone_id));
    else if (!text_eq(z->account, x->account))
        exchange_fail(x, 403, "AccessDenied",
                      "User: " TEXT_FMT " is not authorized to access this resource",
                      TEXT_ARG(x->caller_arn));
    return x->is_error ? NULL : z;
}

static void get_zone(struct sim *s, struct exchange *x)
{
    const struct sim_zone *z = zone_asked(s, x);
    struct buf *out = &x->out;
    if (!z)
        return;
    xml_rest_begin(x);
    zone_write(x, z);
    if (zone_state(z, "private").at) {
        buf_add_str(out, "<VPCs><VPC><VPCRegion>us-east-1</VPCRegion>"
                         "<VPCId>vpc-0123456789abcdef0</VPCId></VPC></VPCs>");
    } else {
        struct text hosts = z->name_servers;
        buf_add_str(out, "<DelegationSet><NameServers>");
        while (hosts.len)
            xml_element(out, "NameServer", text_cut(&hosts, ' '));
        buf_add_str(out, "</NameServers></DelegationSet>");
    }
    xml_rest_end(x);
}

/* In the order in which they were made; marker: the id that begins the page. */
static void list_zones(struct sim *s, struct exchange *x)
{
    struct text marker = query_get(x, "marker");
    uint32_t left = page_size(x, ZONES_PAGE), size = left;
    const struct sim_zone *next = NULL;
    bool begun = marker.len == 0;
    if (x->is_error)
        return;
    xml_rest_begin(x);
    buf_add_str(&x->out, "<HostedZones>");
    for (uint32_t i = 0; i < s->zones.len && !next; i++) {
        const struct sim_zone *z = &s->zones.zones[i];
        if (z->provider != ZONE_ROUTE53 || !text_eq(z->account, x->account))
            continue;
        begun = begun || text_eq(z->id, marker);
        if (begun && left == 0)
            next = z;
        else if (begun && left--)
            zone_write(x, z);
    }
    buf_add_str(&x->out, "</HostedZones>");
    if (marker.len)
        xml_element(&x->out, "Marker", marker);
    xml_bool(&x->out, "IsTruncated", next != NULL);
    if (next)
        xml_element(&x->out, "NextMarker", next->id);
    xml_u64(&x->out, "MaxItems", size);
    xml_rest_end(x);
    if (!begun)
        exchange_fail(x, 404, "NoSuchHostedZone", "No hosted zone found with ID: " TEXT_FMT,
                      TEXT_ARG(marker));
}

/* "Z1", and "/hostedzone/Z1" as clients have it from a list. */
static struct text bare_id(struct text id)
{
    return text_from(id, text_starts(id, TEXT("/hostedzone/")) ? sizeof "/hostedzone/" - 1 : 0);
}

/* Names by their reversed labels, zones of one name by id. */
static void list_by_name(struct sim *s, struct exchange *x)
{
    struct text from = query_get(x, "dnsname"), id = bare_id(query_get(x, "hostedzoneid"));
    struct text name = TEXT_NONE, key = TEXT_NONE;
    uint32_t left = page_size(x, ZONES_PAGE), size = left;
    const struct sim_zone *next = NULL;
    const char *fault = from.len ? record_name_read(from, &x->arena, &name) : NULL;
    if (fault)
        exchange_fail(x, 400, "InvalidDomainName", "%s", fault);
    else if (id.len && !from.len)
        exchange_fail(x, 400, "InvalidInput", "hostedzoneid needs dnsname.");
    if (x->is_error)
        return;
    if (from.len)
        key = record_key(name, &x->arena);
    xml_rest_begin(x);
    buf_add_str(&x->out, "<HostedZones>");
    for (uint32_t i = 0; i < s->zones.len && !next; i++) {
        const struct sim_zone *z = &s->zones.zones[s->zones.by_name[i]];
        int order = text_cmp(z->key, key);
        if (z->provider != ZONE_ROUTE53 || !text_eq(z->account, x->account) || order < 0 ||
            (order == 0 && text_cmp(z->id, id) < 0))
            continue;
        if (left == 0)
            next = z;
        else if (left--)
            zone_write(x, z);
    }
    buf_add_str(&x->out, "</HostedZones>");
    if (from.len)
        xml_element(&x->out, "DNSName", from);
    if (id.len)
        xml_element(&x->out, "HostedZoneId", id);
    xml_bool(&x->out, "IsTruncated", next != NULL);
    if (next) {
        xml_name(&x->out, "NextDNSName", next->name);
        xml_element(&x->out, "NextHostedZoneId", next->id);
    }
    xml_u64(&x->out, "MaxItems", size);
    xml_rest_end(x);
}

/* Records */

static void optional(struct buf *out, const char *element, struct text content)
{
    if (content.len)
        xml_element(out, element, content);
}

/* The set that begins at record i, as it was at that instant; returns the place behind it. */
static uint32_t set_write(struct buf *out, const struct sim_zone *z, uint32_t i, instant_us at)
{
    const struct zone_record *first = z->records[i];
    bool is_alias = first->alias_name.len > 0;
    buf_add_str(out, "<ResourceRecordSet>");
    xml_name(out, "Name", first->name);
    xml_element(out, "Type", first->type);
    optional(out, "SetIdentifier", first->set_id);
    optional(out, "Weight", first->weight);
    if (is_alias) {
        buf_add_str(out, "<AliasTarget>");
        xml_element(out, "HostedZoneId", first->alias_zone);
        xml_element(out, "DNSName", first->alias_name);
        xml_element(out, "EvaluateTargetHealth", first->alias_health);
        buf_add_str(out, "</AliasTarget>");
    } else {
        xml_u64(out, "TTL", first->ttl_s);
        buf_add_str(out, "<ResourceRecords>");
    }
    for (; i < z->len && zone_record_cmp(z->records[i], first) == 0; i++)
        if (!is_alias && record_seen(z->records[i], at)) {
            buf_add_str(out, "<ResourceRecord>");
            xml_element(out, "Value", z->records[i]->value);
            buf_add_str(out, "</ResourceRecord>");
        }
    buf_add_str(out, is_alias ? "</ResourceRecordSet>" : "</ResourceRecords></ResourceRecordSet>");
    return i;
}

/* Where a list begins: at name, type and identifier, or the next set behind it. */
static bool start_read(struct exchange *x, struct zone_record *start)
{
    struct text from = query_get(x, "name"), name = TEXT_NONE;
    const char *fault = from.len ? record_name_read(from, &x->arena, &name) : NULL;
    *start =
        (struct zone_record){.type = query_get(x, "type"), .set_id = query_get(x, "identifier")};
    if (fault)
        exchange_fail(x, 400, "InvalidInput",
                      "Invalid Resource Record: 'FATAL problem: %s "
                      "encountered with '" TEXT_FMT "''",
                      fault, TEXT_ARG(from));
    else if (start->type.len && !from.len)
        exchange_fail(x, 400, "InvalidInput", "The type needs a name to start from.");
    else if (start->set_id.len && !start->type.len)
        exchange_fail(x, 400, "InvalidInput",
                      "The identifier needs a name and type to start from.");
    if (from.len)
        start->key = record_key(name, &x->arena);
    return !x->is_error;
}

static void list_sets(struct sim *s, struct exchange *x)
{
    struct zone_record start;
    const struct sim_zone *z = zone_asked(s, x);
    uint32_t left = page_size(x, RECORDS_PAGE), size = left;
    instant_us at = x->is_stale ? x->real - s->faults.lag : x->real;
    const struct zone_record *next = NULL;
    if (!z || x->is_error || !start_read(x, &start))
        return;
    if (x->is_stale)
        x->fault = "stale";
    xml_rest_begin(x);
    buf_add_str(&x->out, "<ResourceRecordSets>");
    for (uint32_t i = zone_first(z, start.key); i < z->len && !next;) {
        const struct zone_record *r = z->records[i];
        if (!record_seen(r, at) || zone_record_cmp(r, &start) < 0)
            i++;
        else if (left == 0)
            next = r;
        else if (left--)
            i = set_write(&x->out, z, i, at);
    }
    buf_add_str(&x->out, "</ResourceRecordSets>");
    xml_bool(&x->out, "IsTruncated", next != NULL);
    if (next) {
        xml_name(&x->out, "NextRecordName", next->name);
        xml_element(&x->out, "NextRecordType", next->type);
        optional(&x->out, "NextRecordIdentifier", next->set_id);
    }
    xml_u64(&x->out, "MaxItems", size);
    xml_rest_end(x);
}

/* Changes */

static void change_write(struct exchange *x, const struct sim_change *change, bool is_done,
                         struct text comment)
{
    char when[WHEN_LEN];
    xml_rest_begin(x);
    buf_add_fmt(&x->out, "<ChangeInfo><Id>/change/C%013llX</Id>", (unsigned long long)change->id);
    xml_element(&x->out, "Status", is_done ? TEXT("INSYNC") : TEXT("PENDING"));
    xml_element(&x->out, "SubmittedAt", text_of(when_format_ms(change->submitted, when)));
    optional(&x->out, "Comment", comment);
    buf_add_str(&x->out, "</ChangeInfo>");
    xml_rest_end(x);
}

/* A change is PENDING when it is answered, however fast it was. */
static void change_sets(struct sim *s, struct exchange *x)
{
    struct text comment = TEXT_NONE;
    struct sim_zone *z = zone_asked(s, x);
    const struct sim_change *change = z ? route53_change(s, x, z, &comment) : NULL;
    if (!change)
        return;
    uint64_t ticket = change->ticket;
    change_write(x, change, false, comment);
    z->busy = true;
    publisher_wait(s->publisher, ticket);
    z->busy = false;
}

static void get_change(struct sim *s, struct exchange *x)
{
    for (uint32_t i = 0; i < SIM_CHANGES_MAX; i++) {
        char id[24];
        const struct sim_change *c = &s->changes[i];
        snprintf(id, sizeof id, "C%013llX", (unsigned long long)c->id);
        if (c->id && text_eq(x->item_id, text_of(id)) && text_eq(c->account, x->account)) {
            change_write(x, c, publisher_done(s->publisher, c->ticket), TEXT_NONE);
            return;
        }
    }
    exchange_fail(x, 404, "NoSuchChange", "Could not find resource with ID: " TEXT_FMT,
                  TEXT_ARG(x->item_id));
}

/* Routes */

static const struct route list_route = {"ListHostedZones", list_zones, SES_ACTIONS};
static const struct route by_name_route = {"ListHostedZonesByName", list_by_name, SES_ACTIONS};
static const struct route zone_route = {"GetHostedZone", get_zone, SES_ACTIONS};
static const struct route sets_route = {"ListResourceRecordSets", list_sets, SES_ACTIONS};
static const struct route batch_route = {"ChangeResourceRecordSets", change_sets, SES_ACTIONS};
static const struct route change_route = {"GetChange", get_change, SES_ACTIONS};

static const struct route *route_find(struct exchange *x)
{
    struct text rest = text_from(x->path, sizeof "/2013-04-01/" - 1);
    struct text noun = text_cut(&rest, '/'), id = text_cut(&rest, '/');
    bool get = text_eq(x->method, TEXT("GET")), post = text_eq(x->method, TEXT("POST"));
    id = percent_decode(id, false, &x->arena);
    if (get && text_eq(noun, TEXT("hostedzonesbyname")) && id.len == 0)
        return &by_name_route;
    if (get && text_eq(noun, TEXT("change")) && id.len) {
        x->item_id = id;
        return &change_route;
    }
    if (!text_eq(noun, TEXT("hostedzone")))
        return NULL;
    if (id.len == 0)
        return get ? &list_route : NULL;
    x->zone_id = id;
    if (rest.len == 0)
        return get ? &zone_route : NULL;
    /* Clients write it with and without a slash at the end. */
    if (!text_eq(rest, TEXT("rrset")) && !text_eq(rest, TEXT("rrset/")))
        return NULL;
    return get ? &sets_route : post ? &batch_route : NULL;
}

const struct route *route53_route(struct exchange *x)
{
    const struct route *route = route_find(x);
    if (route)
        x->action = route->action;
    else
        exchange_fail(x, 404, "UnknownOperationException", "There is nothing here.");
    return route;
}
