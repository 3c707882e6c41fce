/*
 * File descriptors: how many a wire needs, and what it does with fewer. Libraries that get none
 * wait without a word, so what may be open at once is settled before the first call.
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

/* How many would be open at most with this share. asks_ses false: no transfers, no refreshers. */
unsigned long descriptors_needed(const struct descriptor_share *share, bool asks_ses);
/* The largest part of *wish that needs no more than `free`. False: not even one of each fits. Pure.
 */
bool descriptors_share(struct descriptor_share *share, const struct descriptor_share *wish,
                       bool asks_ses, unsigned long free);

/* Raises the soft limit of this process as far as *share (in: the wish) needs it and the hard one
 * allows, and shares what there is. ERR_LIMIT says how many there are and how many it takes. */
enum err descriptors_settle(struct descriptor_share *share, bool asks_ses, struct why *why);

#endif
