/*
 * Shared by the pieces of ses-sim: the model and its lock, the keys, clocks and faults, and the
 * functions a request passes through. For the family of this room.
 */
#ifndef MF_SIM_H
#define MF_SIM_H

#include "exchange.h"
#include "world/ses_past.h"
#include "zones.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

struct json_out;

/* Clocks: `real` is UTC, shifted by the fault "skew", and is what signatures, dates and buckets go
 * by; `scaled` is the time that the model lives in. */
struct sim_clock {
    instant_us start_real, start_monotonic;
    span_us skew;
    double scale;
};

void clock_start(struct sim_clock *c, double scale, span_us skew);
instant_us clock_real(const struct sim_clock *c);
instant_us clock_scaled(const struct sim_clock *c);
instant_us clock_begin(const struct sim_clock *c); /* scaled time when it was started */
/* For pthread_cond_timedwait() by CLOCK_MONOTONIC: when it is `due` in scaled time, but at most
 * max_ms and at least a millisecond from now. */
struct timespec clock_wait(const struct sim_clock *c, instant_us due, long max_ms);

/* Keys: from --credentials, and those that AssumeRole gave out. */
struct sim_key {
    struct text account, id, secret, token, arn; /* token: empty when it needs none */
    instant_us expires;                          /* WHEN_NEVER for those of the file */
    struct text deny;  /* what its policy does not allow: "v1:* ses:Put*" (iam.c) */
    struct text only;  /* what it allows of zones: "zones=Z1|Z2 actions=CREATE types=MX|TXT" */
    struct text state; /* of its account: "", "sandbox" or "disabled" */
};

struct keyring {
    struct arena arena;
    struct sim_key *keys; /* SIM_KEYS_MAX */
    uint32_t len;
};

void keyring_init(struct keyring *k);
void keyring_clear(struct keyring *k);
/* file NULL: the one pair of AWS's documentation, for account 111122223333. */
enum err keyring_load(struct keyring *k, const char *file, struct why *why);
const struct sim_key *keyring_find(const struct keyring *k, struct text id);
/* By the secret alone, which is how a bearer of a token is known. */
const struct sim_key *keyring_bearer(const struct keyring *k, struct text token);
/* A temporary key; role: whose policy it has, or NULL. NULL when the ring is full. */
const struct sim_key *keyring_issue(struct keyring *k, struct text account, struct text arn,
                                    const struct sim_key *role, instant_us expires);

/* Faults: each share is drawn for each request from (seed, request number, fault). */
struct sim_faults {
    uint64_t seed;
    double throttle, http500, reset_before, reset_after, cut, expired, stale;
    double busy, silent, partial, writer; /* of changes of zones */
    double outage;                        /* share of the time */
    span_us outage_lasts, lag, skew;
    unsigned delay_ms;
};

/* "throttle=0.01,http500=0.01,..,delay=MS,skew=S". */
enum err sim_faults_parse(struct sim_faults *f, const char *spec, struct why *why);

/* In an outage of SES every request meets the same: an error page, or a connection that is reset.
 */
enum outage { OUTAGE_NONE, OUTAGE_ERRORS, OUTAGE_SILENCE };

/* The faults that befall one request. */
struct misfortune {
    bool throttle, http500, reset_before, reset_after, cut, expired, stale;
    bool busy, silent, partial, writer;
    enum outage outage;
};

struct misfortune sim_faults_draw(const struct sim_faults *f, uint64_t number, instant_us now);

/* meter.c: how often an account of Route 53 or AWS Organizations, or a token of Cloudflare, may
 * call. */
struct meter {
    struct text who; /* in the arena */
    double tokens;   /* Route 53, AWS Organizations */
    instant_us at;
    instant_us window, blocked; /* Cloudflare, scaled: when its five minutes began, blocked until */
    uint32_t calls;             /* in the window */
};

struct meters {
    struct arena arena;
    struct meter *all; /* SIM_METERS_MAX */
    uint32_t len;
    double rate;              /* calls per second of an account at Route 53 */
    double organization_rate; /* of an account and action at AWS Organizations */
};

void meters_clear(struct meters *m);
/* False, with the error in x. */
bool meter_admit(struct meters *m, struct exchange *x);

/* table.c: CSV (RFC 4180) with a header line. */
struct table {
    char *bytes; /* owned, NUL-terminated; cells are cut within */
    size_t len;
    struct text *cells; /* rows of as many cells as there are wanted columns */
    uint32_t rows, columns;
};

/* A change that Route 53 has given an id. */
struct sim_change {
    uint64_t id;         /* 0: the slot is free */
    struct text account; /* of its zone */
    uint64_t ticket;
    instant_us submitted;
};

struct sim {
    pthread_mutex_t lock; /* guards model, past, keys, calls, zones, meters, changes */
    struct ses_model model;
    struct ses_past past; /* what a copy that lags behind still shows */
    struct text *tags;    /* of each identity, as the table has them; in tags_arena */
    struct arena tags_arena;
    struct table endpoints, recommendations; /* json_advice.c */
    struct table organization;               /* organization.c */
    struct keyring keys;
    uint64_t calls;
    struct zones zones;
    struct zone_publisher *publisher;
    struct meters meters;
    struct sim_change *changes; /* the newest SIM_CHANGES_MAX, by id */
    uint64_t changes_made;

    struct sim_clock clock;   /* read-only once it serves */
    struct sim_faults faults; /* likewise */
    FILE *log;                /* NULL: none; stdio locks each line */
    int wake_fd;              /* eventfd: a setting has changed, or it is time to stop */
};

/* One action of one protocol. It runs with the sim's lock held. */
struct route {
    const char *action;
    void (*handle)(struct sim *s, struct exchange *x);
    enum ses_action bucket; /* SES_ACTIONS: not metered */
};

/* serve.c: everything between a request and its answer. Any thread. */
void sim_serve(struct sim *s, struct exchange *x);

/* What x asks for, or NULL with the error in x. */
const struct route *v1_route(struct exchange *x);
const struct route *v2_route(struct exchange *x);
const struct route *sts_route(struct exchange *x);
const struct route *route53_route(struct exchange *x);
const struct route *cloudflare_route(struct exchange *x);
const struct route *organization_route(struct exchange *x);

/* route53_batch.c: ChangeResourceRecordSets, but for the answer. The change, or NULL with the error
 * in x. */
const struct sim_change *route53_change(struct sim *s, struct exchange *x, struct sim_zone *z,
                                        struct text *comment);

/* cloudflare_write.c: changes of records. z: the zone of the path, which the token may change. Adds
 * the member "result" to an answer; the ticket is publisher_wait()'s. Or the error is in x, and the
 * zone as it was. */
uint64_t cloudflare_write(struct sim *s, struct exchange *x, struct sim_zone *z,
                          struct json_out *out);
/* cloudflare.c */
#define CLOUDFLARE_VERIFY "VerifyToken" /* the action that a disabled token may still ask for */

void cloudflare_record_write(struct json_out *out, const char *key, const struct sim_zone *z,
                             const struct zone_record *r);
char *cloudflare_id(const struct zone_record *r, char out[33]); /* returns out */

/* The action that a form names among routes; for v1_route and sts_route. */
const struct route *query_route(struct exchange *x, const struct route *routes, size_t len,
                                const char *version);

/* Who asks? Sets account, region, caller_arn and lane; false with the error in x. */
bool auth_check(struct sim *s, struct exchange *x);

/* Who bears the token? Sets account and key; false with the error in x. */
bool bearer_check(struct sim *s, struct exchange *x);

/* Does the policy of whoever asks allow it? False with the error in x. */
bool iam_check(struct exchange *x);
/* Does it allow value where x asks for it? what: "zones", "actions", "types", "names". */
bool iam_allows(const struct exchange *x, const char *what, struct text value);
void iam_refuse(struct exchange *x);

/* A setting has changed, so a look-up may be due earlier. */
void sim_wake(struct sim *s);

/* setting.c: what identities are set to. The sim's lock is held. */

/* Sets x->mail_from and the behaviour. *why: SES's sentence when it is refused. */
enum ses_refusal setting_write(struct sim *s, struct exchange *x, struct text identity,
                               enum behavior behavior, struct why *why);
/* As x is shown it: by an old copy, perhaps. */
struct ses_facts setting_read(struct sim *s, struct exchange *x, uint32_t id);

/* Of Easy DKIM: what SES shows of the keys of a domain. */
#define DKIM_TOKENS 3
extern const char *const dkim_tokens[DKIM_TOKENS];

void log_write(FILE *log, const struct exchange *x);

/* identities.c: file NULL: none; otherwise the table
 * account,region,identity,type,verified,mail_from,behavior,status, forwarding and perhaps tags
 * ("team=shop;stage=prod") and dkim, with a header line, columns in any order. Inits and fills the
 * model. */
enum err identities_load(struct sim *s, const char *file, const struct ses_rules *rules,
                         struct why *why);
void identities_clear(struct sim *s);

/* table.c */
/* Columns that are not wanted are passed over; one of the first `required` that is missing is
 * ERR_INPUT, the rest are then empty. */
enum err table_read(struct table *t, const char *file, const char *const *columns, uint32_t len,
                    uint32_t required, struct why *why);
void table_clear(struct table *t);
struct text table_cell(const struct table *t, uint32_t row, uint32_t column);

/* json_advice.c: file NULL: none of them. Global endpoints: account,name,primary,secondary and
 * perhaps status. Recommendations: account,region,identity,type and perhaps
 * impact,status,description; accounts and Regions that it names have the advisor. */
enum err advice_load(struct sim *s, const char *endpoints, const char *recommendations,
                     struct why *why);
void advice_clear(struct sim *s);
bool advice_has_advisor(const struct sim *s, const struct exchange *x);
void list_endpoints(struct sim *s, struct exchange *x);
/* A request for recommendations. */
struct advice_wish {
    const char *type, *impact, *status, *resource; /* filters; NULL: any */
    uint64_t from, max;
};
void advice_write(struct sim *s, struct exchange *x, const struct advice_wish *w);
/* False with the error in x. */
bool advice_token(struct exchange *x, struct text token, uint64_t *from);

/* organization.c: file NULL: there is no organization. id,parent,name and perhaps state,tags,role,
 * external_id,regions: roots, units and accounts. */
enum err organization_load(struct sim *s, const char *file, struct why *why);
bool organization_has_account(const struct sim *s, struct text account);
/* Does the role lead into the account? role: with its path. */
bool organization_lets_in(const struct sim *s, struct text account, struct text role,
                          struct text external_id);
/* False: the account has not enabled the Region, where its keys are unknown then. */
bool organization_has_region(const struct sim *s, struct text account, struct text region);

/* mx_lookup.c: looks up what the model is due to look at, on a thread of its own. */
struct mx_lookup;
enum err mx_lookup_start(struct mx_lookup **out, struct sim *s, const char *resolver,
                         struct why *why);
void mx_lookup_stop(struct mx_lookup *l);

/* script.c: plays the table second,account,region,identity,what,value on a thread of its own; file
 * NULL: there is none, and *out stays. */
struct script;
enum err script_start(struct script **out, struct sim *s, const char *file, struct why *why);
void script_stop(struct script *p);

/* certificates.c: those of the front door. */
/* A certificate authority that is forgotten at once, and a server certificate by it. Writes
 * ca.pem, server.pem and server-key.pem into dir; certificate and key also as PEM. */
enum err certificates_make(const char *dir, struct buf *certificate, struct buf *key,
                           struct why *why);

/* address.c */
#define ADDRESS_HOST_LEN 48

/* "127.0.0.1:0", "[::1]:8443", "localhost:0"; host: without port and brackets. */
bool address_parse(const char *written, struct sockaddr_storage *address,
                   char host[ADDRESS_HOST_LEN]);
bool address_is_loopback(const struct sockaddr_storage *address);

/* http.c: the front door. */
struct front_options {
    const char *listen;      /* "127.0.0.1:0"; loopback only */
    const char *certificate; /* PEM; NULL: plain HTTP */
    const char *key;
};

struct front;
enum err front_open(struct front **out, struct sim *s, const struct front_options *options,
                    struct why *why);
void front_close(struct front *f);
const char *front_url(const struct front *f);

#endif
