/*
 * What providers of DNS have: zones and their records, as Route 53 and Cloudflare show and change
 * them, and the way of a change to the name server that serves the zone. For the family of this
 * room. The sim's lock guards all of it, unless a function says otherwise.
 *
 * A change is an edit: records are added and removed, and then all of it becomes true at once, or
 * nothing does. Whoever reads an older instant sees what was there then, for as long as the fault
 * "stale" looks back.
 */
#ifndef MF_ZONES_H
#define MF_ZONES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/when.h"

#include <sys/socket.h>

struct sim;
struct exchange;

enum zone_provider { ZONE_ROUTE53, ZONE_CLOUDFLARE };

/* Where a zone is served: a server that takes dynamic updates (RFC 2136). */
struct zone_server {
    struct sockaddr_storage address; /* loopback; ss_family 0: the zone is served nowhere */
    struct text key_algorithm, key_name, key_secret; /* TSIG; the secret in base64; empty: none */
};

/* One record. At Route 53 those of one name, type and set_id are a record set. */
struct zone_record {
    struct text name;   /* lower case, no final dot; other octets as they are */
    struct text key;    /* its labels reversed, "com.example.www.": what lists are ordered by */
    struct text type;   /* "MX" */
    struct text value;  /* as it was sent; of an MX with its preference: "10 mail.example.net" */
    struct text set_id; /* Route 53: of a routing policy, or empty */
    struct text weight, alias_zone, alias_name,
        alias_health;    /* Route 53: empty, or as it was sent */
    struct text comment; /* Cloudflare */
    uint32_t ttl_s;
    uint64_t id;      /* of all records */
    instant_us from;  /* seen since; WHEN_NEVER: added by an edit that is not committed */
    instant_us until; /* seen until; WHEN_NEVER: it is there */
    bool leaving;     /* removed by an edit that is not committed */
};

struct sim_zone {
    enum zone_provider provider;
    struct text account, id;
    struct text name, key;    /* as of records */
    struct text state;        /* words: "private", "linked=PRINCIPAL", "locked"; "pending", ... */
    struct text name_servers; /* joined by blanks */
    struct zone_server server;
    struct zone_record **records; /* in order of key, type, set_id and time */
    uint32_t len, cap;
    bool busy; /* a change is on its way to the server */
};

struct zones {
    struct arena arena;     /* the texts of zones */
    struct sim_zone *zones; /* in the order of the file */
    uint32_t *by_name;      /* the same in order of key and id */
    uint32_t len;
    uint64_t records; /* ever made; the last id */
};

/* zones_load.c: the table provider,account,id,name,state,name_servers,server,key,file. */
enum err zones_load(struct sim *s, const char *file, struct why *why);
void zones_clear(struct zones *z);
struct sim_zone *zones_find(struct zones *z, enum zone_provider provider, struct text id);
bool zones_has_account(const struct zones *z, struct text account);
/* Of words with blanks between them, "private" or "linked=cloudmap.amazonaws.com": what stands
 * behind
 * "=", empty for a bare word; at == NULL: that word is not among them. */
struct text words_value(struct text words, const char *word);
struct text zone_state(const struct sim_zone *z, const char *word);

/* zone_edit.c */
uint32_t zone_first(const struct sim_zone *z,
                    struct text key); /* the first record not before key */
int zone_record_cmp(const struct zone_record *a, const struct zone_record *b); /* as sets */
/* Is it there, as the edit that is going on sees it? */
bool record_lives(const struct zone_record *r);
bool record_seen(const struct zone_record *r, instant_us at);

/* Adds a copy of r. NULL: out of memory. */
struct zone_record *zone_add(struct sim *s, struct sim_zone *z, const struct zone_record *r);
void zone_remove(struct zone_record *r);
void zone_drop(struct sim_zone *z); /* the edit never was */
/* The edit is true from now on, and goes to the server. The ticket is for publisher_wait(). */
uint64_t zone_commit(struct sim *s, struct exchange *x, struct sim_zone *z);
/* Another operator's hand: a record at that name and type, between what x has read and what x
 * writes. */
void zone_meddle(struct sim *s, struct exchange *x, struct sim_zone *z, struct text name,
                 struct text type);

/* record_name.c: names as Route 53 writes them, "\052.example.com." */
/* NULL, or Route 53's word for what is wrong: "DomainLabelEmpty (Domain label is empty)". */
const char *record_name_read(struct text written, struct arena *arena, struct text *name);
void record_name_write(struct buf *out, struct text name); /* with final dot */
/* The same without final dot, as IAM's conditions have it. */
struct text record_name_normal(struct text name, struct arena *arena);
struct text record_key(struct text name, struct arena *arena);
bool record_name_within(struct text name, struct text zone); /* the zone's own included */

/* update_ldns.c: everything that is wanted of ldns. */
/* Is value one of that type, in the form of zone files? */
bool record_value_fits(struct text type, struct text value);
/* Calls found for each record of a zone file; name as in struct zone_record. */
typedef enum err zone_file_found(void *user, struct text name, uint32_t ttl_s, struct text type,
                                 struct text value, struct why *why);
enum err zone_file_read(const char *file, struct text zone, zone_file_found *found, void *user,
                        struct why *why);

struct update;
struct update *update_new(struct text zone); /* NULL: out of memory */
void update_free(struct update *u);
/* The set of that name and type goes; what is added afterwards comes in its place. */
bool update_clear_set(struct update *u, struct text name, struct text type);
bool update_add(struct update *u, struct text name, uint32_t ttl_s, struct text type,
                struct text value);
/* Sends it in as few messages as will hold it; blocks. */
enum err update_send(const struct update *u, const struct zone_server *to, struct why *why);

/* publisher.c: a thread that carries changes to the name servers, in their order. */
struct zone_publisher;
enum err publisher_start(struct zone_publisher **out, struct sim *s, span_us delay,
                         struct why *why);
void publisher_stop(struct zone_publisher *p);
/* The sets with these records' names and types; takes what the provider has when it is sent. */
uint64_t publisher_take(struct zone_publisher *p, struct sim_zone *z,
                        const struct zone_record *const *touched, uint32_t len);
/* Waits until the ticket's change is served, unless changes are delayed. Gives the lock up. */
void publisher_wait(struct zone_publisher *p, uint64_t ticket);
bool publisher_done(const struct zone_publisher *p, uint64_t ticket);

#endif
