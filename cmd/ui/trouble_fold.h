/*
 * Troubles of accounts and Regions, folded: what is said of one, and but for its number and its
 * Region's name of others too, is said once. Two hundred accounts without a role are one sentence.
 */
#ifndef MF_TROUBLE_FOLD_H
#define MF_TROUBLE_FOLD_H

#include "base/arena.h"
#include "base/buf.h"

/* Texts are borrowed by trouble_fold_add() until the fold is cleared. */
struct trouble {
    struct text account; /* as a person knows it */
    struct text number;  /* twelve digits; empty: not known */
    struct text region;
};

#define TROUBLE_KINDS_MAX                                                                          \
    64 /* more kinds than a person reads; further ones are told one by one                         \
        */

struct trouble_kind {
    struct text shape, sentence; /* of the first; shape: without what differs */
    struct trouble first;
    uint32_t pairs, accounts;
    struct buf others;    /* "222233334444, 333344445555": the first few */
    struct text last;     /* account counted last: pairs of one come in a row */
    struct buf regions;   /* of the first account */
    uint32_t regions_len; /* of the first account */
};

struct trouble_fold {
    struct arena arena;
    struct trouble_kind *kinds; /* TROUBLE_KINDS_MAX; NULL: out of memory, and none is taken */
    uint32_t len;
};

void trouble_fold_init(struct trouble_fold *f);
void trouble_fold_clear(struct trouble_fold *f);
/* False: there are too many kinds, and this one was not taken. */
bool trouble_fold_add(struct trouble_fold *f, const struct trouble *t, const char *sentence);
/* Would it be one of this kind? */
bool trouble_kind_has(const struct trouble_kind *k, const struct trouble *t, const char *sentence);
/* "account 111122223333, Regions us-east-1, eu-west-1 and 28 more", for the first of the kind. */
void trouble_kind_place(const struct trouble_kind *k, struct buf *out);
/* "likewise 195 other accounts (390 pairs of account and Region): 222233334444, ... and 192 more";
 * nothing where the first account is the only one. */
void trouble_kind_others(const struct trouble_kind *k, struct buf *out);

#endif
