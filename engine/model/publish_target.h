/*
 * A target: a name that a run may publish, with the records that the name shall have. Written into
 * the journal before the run's first record, and never changed; its index is its number. Several
 * rows of a fleet may want one MAIL FROM, which is one target. Texts are borrowed.
 */
#ifndef MF_PUBLISH_TARGET_H
#define MF_PUBLISH_TARGET_H

#include "base/text.h"

#define TARGET_NO_PROVIDER (-1)

struct publish_target {
    struct text name; /* A-labels in lower case without a final dot */
    uint32_t row;     /* of the fleet: one that wants the name */
    int32_t provider; /* row of fleet.providers, or TARGET_NO_PROVIDER: no one can write its zone */
    uint32_t ttl_s;   /* of both record sets */
    uint16_t mx_preference;
    struct text mx_exchange;
    struct text txt; /* the data of the TXT record, raw; empty: none is wanted */
};

#endif
