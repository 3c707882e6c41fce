/*
 * A target: one MAIL FROM name, and the two record sets that a run may publish there. The targets
 * of a run are kept in its journal before the first look.
 */
#ifndef MF_PUBLISH_TARGET_H
#define MF_PUBLISH_TARGET_H

#include "base/text.h"

#include <stdint.h>

/* Texts are borrowed. */
struct publish_target {
    struct text name; /* A-labels, lower case, no final dot */
    uint32_t row;     /* of the fleet: a row that wants the name; the MX names its Region */
    uint32_t ttl_s;   /* of created sets */
    uint16_t mx_preference;
    struct text mx_exchange; /* the feedback host */
    struct text txt;         /* the SPF record */
    bool with_mx, with_txt;  /* which of the two: a withdrawal takes back what was created */
};

#endif
