/*
 * What watching remembers of an identity, and of each of its problems: rows of a journal that are
 * put again under the same number when they change, so the file has as many rows as there is to
 * remember. engine/watch decides what they say; journal/watch_rows.c keeps them.
 */
#ifndef MF_WATCH_RECORD_H
#define MF_WATCH_RECORD_H

#include "fleet.h"
#include "ses.h"
#include "watch.h"

/* Who has a problem: an identity in a lane, or the lane itself. Texts are borrowed. */
struct watch_key {
    struct lane_name lane; /* the account by the manifest and the Region make the key; the number
                              tells two accounts of one name apart, where both are known */
    struct text identity;  /* empty: the lane */
};

struct watch_identity_record {
    uint64_t number;       /* from 1 on; the watcher gives it */
    bool is_free;          /* nothing is remembered under this number any more */
    struct watch_key key;  /* borrowed for one call, or one callback */
    struct text mail_from; /* wanted by the manifest; empty: none */
    bool was_success;      /* a look has seen Success with this MAIL FROM */
    instant_us looked;     /* the last look, to within WATCH_LOOKED_STEP; 0: none */
    instant_us verified;   /* when SES was last asked for the verification; 0: never */
    enum dkim_status dkim; /* the last that SES told */
    instant_us dkim_asked; /* when SES was last asked for it; 0: never */
};

struct watch_problem_record {
    uint64_t number; /* from 1 on; of problems, not of identities */
    bool is_free;
    uint64_t owner; /* number of the identity or lane */
    enum watch_kind kind;
    enum watch_level level; /* now; WELL: seen, and not long enough to be told */
    enum watch_level told;  /* the level that outputs were last told of */
    instant_us since;       /* the first look that saw it */
    instant_us began;       /* the first look since it was last seen well: the 72 hours count from
                               here; since, unless it comes and goes */
    instant_us well_since; /* the first look that saw it well again; 0: none since the last that did
                              not */
    uint32_t looks;        /* that have shown it in a row, saturating; 0 with well_since: it has
                              ended, and its end waits until outputs know of it */
};

struct watch_rows {
    const struct watch_identity_record *identities;
    const struct watch_problem_record *problems;
    uint32_t identities_len, problems_len;
};

#endif
