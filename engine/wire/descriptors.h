/*
 * File descriptors: the number needed by a wire, and smaller shares for a low limit. A library
 * without a descriptor waits silently, so the shares are fixed before the first call.
 */
#ifndef MF_DESCRIPTORS_H
#define MF_DESCRIPTORS_H

#include "base/error.h"

#include <stdbool.h>

struct descriptor_share {
    unsigned carriers;
    unsigned refreshers; /* fetches of keys at once */
    unsigned transfers;  /* requests out at once, for each carrier */
    unsigned questions;  /* of DNS, likewise */
};

/* The number of descriptors open at most with this share. asks_ses false: no transfers, no
   refreshers. */
unsigned long descriptors_needed(const struct descriptor_share *share, bool asks_ses);
/* The largest part of *wish within `free` descriptors. False: not even one of each fits. Pure.
 */
bool descriptors_share(struct descriptor_share *share, const struct descriptor_share *wish,
                       bool asks_ses, unsigned long free);

/* Raises the soft limit of this process as far as *share (in: the wish) needs and the hard limit
 * allows, and writes the possible share. ERR_LIMIT: the sentence has the limit and the least number
 * needed. */
enum err descriptors_settle(struct descriptor_share *share, bool asks_ses, struct why *why);

#endif
