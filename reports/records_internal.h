/*
 * For the writers of records_*.c: the table of writers, and shared functions.
 */
#ifndef MF_RECORDS_INTERNAL_H
#define MF_RECORDS_INTERNAL_H

#include "base/json_out.h"
#include "records.h"
#include "sink.h"

struct records_out {
    struct sink *sink;
    const struct records_list *list;
    const struct records_style *style;
    struct records_sum *sum;
    uint64_t in_file;     /* sets of this file so far, blocked sets too */
    struct json_out json; /* json, route53: of this file */
    struct csv_line line; /* csv: of this file */
    struct text key;      /* octodns: the name of the last written key */
};

struct records_format {
    const char *name;
    const char *extension; /* of a zone's own file */
    bool changes;          /* the format describes changes, not a state: no change, no file */
    void (*begin)(struct records_out *o); /* of a file; may be NULL */
    /* Writes sets [from, to), all of one zone, or as many as fit into one file; returns the index
     * after the last set written. */
    size_t (*zone)(struct records_out *o, size_t from, size_t to);
    void (*end)(struct records_out *o); /* may be NULL */
};

extern const struct records_format records_bind, records_nsupdate, records_route53,
    records_terraform, records_octodns, records_dnscontrol, records_csv, records_json;

/* False, with notes at most written: the format has no words for the set. */
typedef bool records_set_add(struct records_out *o, const struct records_set *set);
/* Calls set_add for each of [from, to) and counts; ends early when writing is in vain. Returns to.
 */
size_t records_each(struct records_out *o, size_t from, size_t to, records_set_add *set_add);
/* The two counts, for formats with a loop of their own. */
void records_count(struct records_out *o, const struct records_set *set);
void records_leave_out(struct records_out *o, const struct records_set *set);

const char *records_type_name(enum records_type type);       /* "MX" */
const char *records_action_name(enum records_action action); /* "add" */
struct text records_host(const struct records_set *set); /* relative to the zone; "@" is the zone */
/* The set after the change: value i of records_after_len(). A blocked set has none. */
uint32_t records_after_len(const struct records_set *set);
const struct records_value *records_after_at(const struct records_set *set, uint32_t i);

/* RFC 1035, section 5.1: the value in zone-file form, in strings of at most 255 octets. Everything
 * but printable ASCII is \DDD. */
void records_add_rdata(struct buf *out, enum records_type type, const struct records_value *value);
/* The value in Route 53's form, with octal \DDD; `between` separates the strings of a TXT. */
void records_add_route53(struct buf *out, enum records_type type, const struct records_value *value,
                         const char *between);
/* The length in Route 53's form; at most ROUTE53_VALUE_MAX is allowed. */
size_t records_route53_len(enum records_type type, const struct records_value *value);
/* Notes for a person, as comment lines: the U-labels, the replaced value, the reason for
 * blocking. */
void records_add_notes(struct buf *out, const char *lead, const struct records_set *set);

#endif
