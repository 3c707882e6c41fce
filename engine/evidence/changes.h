/*
 * What a run has changed, by the domain of the From header: which identities serve a domain, since
 * when they were written, and since when SES has shown Success. Made from the rows of a run before
 * the first report is read; read-only from then on. Pure.
 */
#ifndef MF_CHANGES_H
#define MF_CHANGES_H

#include "base/names.h"
#include "base/when.h"

struct changes {
    struct names names;    /* of domain identities, and, behind an '@', domains of addresses */
    struct names regions;  /* "REGION DOMAIN": the run has a row there */
    struct names defaults; /* likewise, and the run has sent it back to SES's own MAIL FROM */
    struct names mail_froms;
    struct change *list; /* by id of names, from 1; owned */
    uint32_t cap;
};

/* Of one From domain, over all identities of the run that serve it. */
struct change {
    uint32_t identities;    /* 0: the run has none */
    uint32_t written;       /* of these, the run wrote */
    uint32_t open;          /* of the written ones, SES has not shown Success */
    uint32_t defaults;      /* of the written ones, wanted with SES's own MAIL FROM */
    instant_us first_write; /* the earliest; WHEN_NEVER: nothing was written */
    instant_us success;     /* the latest of those that are there; 0: none is yet */
    instant_us next_write;  /* the earliest of a later run; WHEN_NEVER: none has written since */
};

struct changed_identity {
    struct text identity, region;
    instant_us first_write; /* WHEN_NEVER: none that SES has taken */
    instant_us success;     /* 0: not yet, or not any more */
    instant_us next_write;  /* of a later run; WHEN_NEVER: none */
    bool wants_default;     /* SES's own MAIL FROM */
};

/* False: out of memory; changes_clear() is due in any case, here and below. */
bool changes_init(struct changes *c);
void changes_clear(struct changes *c);
bool changes_add(struct changes *c, const struct changed_identity *i);
/* A custom MAIL FROM that SES has, had or will have, by the run or its journal. */
bool changes_add_mail_from(struct changes *c, struct text name);

/* domain: lower case, no final dot. The nearest domain identity counts, with its subdomains, and
 * beside it the addresses at just this domain, since a report does not tell them apart. */
struct change changes_of(const struct changes *c, struct text domain);
/* Has the run an identity that serves the domain in that Region? */
bool changes_have_region(const struct changes *c, struct text domain, struct text region);
/* Has the run sent it back to SES's own MAIL FROM there? */
bool changes_want_default(const struct changes *c, struct text domain, struct text region);
bool changes_have_mail_from(const struct changes *c, struct text name);

#endif
