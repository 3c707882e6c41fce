/*
 * How each lane of a fleet is reached: endpoints and credentials, one credential source per
 * account; and after them the lanes of the providers of DNS. Each lane is a failure domain: an
 * unreachable lane keeps its reason, and the others go on.
 */
#ifndef MF_LANES_H
#define MF_LANES_H

#include "access.h"
#include "base/notices.h"
#include "model/fleet.h"
#include "wire/wire.h"

struct lanes {
    struct wire_lane *list; /* as fleet.lanes, then as fleet.providers */
    uint32_t len;
    uint32_t first;                     /* of those that were to be opened */
    struct credential_source **sources; /* as fleet.accounts; NULL: no lane uses the account */
    uint32_t sources_len;
    struct secrets *secrets; /* secrets of the sources; NULL before lanes_open */
    const char **trouble;    /* as list: why nothing can be asked of the lane, or NULL */
    struct arena arena;      /* texts of the above */
};

enum lanes_of { LANES_OF_SES, LANES_OF_DNS, LANES_OF_BOTH };

/* Reads files and environment; nothing goes over the network. A lane without a working set-up has
 * `trouble`, a sentence, and so has each lane that is not of those to be opened. An error only when
 * every lane has trouble: that of the first one to be opened. */
enum err lanes_open(struct lanes *l, const struct fleet *f, const struct access *a,
                    enum lanes_of of, const struct notices *n, struct why *why);
/* Likewise, and of the lanes of SES only those wanted: as fleet.lanes; NULL: all. Where lanes are
 * wanted their trouble is no error, also when all have some. */
enum err lanes_open_some(struct lanes *l, const struct fleet *f, const struct access *a,
                         enum lanes_of of, const bool *wanted, const struct notices *n,
                         struct why *why);
/* Warns of an endpoint of plain http that is not loopback's. */
void lanes_plain_http_tell(const struct endpoint *open, const struct notices *n);
void lanes_close(struct lanes *l);
/* Nothing is to be asked of the lane from now on. Keeps a copy of the sentence. */
void lanes_give_up(struct lanes *l, uint32_t lane, const char *sentence);
/* Fails with the trouble of the first lane and the name of its account. */
enum err lanes_lost(const struct lanes *l, const struct fleet *f, enum err err, struct why *why);
/* May STS be asked for the caller of the lane, of SES or of Route 53? With the service elsewhere
 * and STS at AWS, the keys are not for AWS: STS is asked only where the manifest has an account_id
 * to compare. */
bool lanes_may_ask_caller(const struct lanes *l, uint32_t lane);
/* The number of lanes without trouble, those of providers among them. */
uint32_t lanes_usable(const struct lanes *l);

/* A Region that an account has not enabled: keys that work elsewhere are refused there. */
struct region_off {
    struct text region, account; /* account: its number, or its name */
    const char *code;            /* of the refusal */
    struct text taken;           /* the Region that takes the keys */
};
/* The sentence about it. service: "STS", "SES". */
void lanes_region_off(const struct region_off *off, const char *service, struct why *why);
/* Behind a refusal, where no other Region was asked. */
#define REGION_OFF_DOUBT                                                                           \
    "; the Region is one that an account must enable: where \"aws sts get-caller-identity "        \
    "--region us-east-1\" takes the keys, that is missing"

/* The default Region: --region, AWS_REGION, AWS_DEFAULT_REGION, the Region of the profile (empty:
 * --profile, AWS_PROFILE or the default profile); or "". In *arena. Errors as of
 * aws_settings_region(): what is set is no Region (and stands in *region), or the reason for none
 * is known. */
enum err lanes_usual_region(const struct access *a, struct text profile, struct arena *arena,
                            struct text *region, struct why *why);

#endif
