/*
 * The keeper of the keys: hands credentials to the carriers without ever making them wait, and has
 * them fetched on threads of its own. A source that hangs holds up the lanes of its account and
 * nobody else's.
 */
#ifndef MF_KEEPER_H
#define MF_KEEPER_H

#include "https.h"
#include "os_clock.h"
#include "wire.h"

struct keeper;

/* Borrowed for the keeper's life. */
struct keeper_config {
    const struct os_clock *clock;
    const struct wire_lane *lanes;
    uint32_t lanes_len;
    struct https_config https;
    unsigned threads_max; /* fetches at once; 0: KEEPERS_MAX */
    /* Called by the keeper's threads when a fetch has ended, well or badly. */
    void (*news)(void *context);
    void *context;
};

enum err keeper_open(struct keeper **out, const struct keeper_config *config, struct why *why);
unsigned keeper_threads(const struct keeper *k);
/* Ends the threads and waits for them; what they do is cut short. Afterwards there is no more news,
 * and keeper_get goes on with what is held. */
void keeper_end(struct keeper *k);
void keeper_close(struct keeper *k); /* NULL is fine */

/* Keys for a lane. Any thread; never blocks. ERR_BUSY: they are being fetched, try again after the
 * next news. ERR_AUTH: the source has never given any and refuses, or gives those of another
 * account than is expected; asking again would not help. Others: they cannot be had now; a source
 * that has given keys before is tried again for as long as there are calls. Wipe *out. */
enum err keeper_get(struct keeper *k, uint32_t lane, struct credentials *out, struct why *why);

/* From now on the keys of the lane's source must be those of this account (twelve digits). Those
 * whose id has the hash `vetted` are known to be; of all others STS is asked before they are given
 * to anybody. Any thread. */
void keeper_expect(struct keeper *k, uint32_t lane, struct text account, uint64_t vetted);

/* A server of the lane has told the time: its clock minus the system's. Any thread. */
void keeper_clock(struct keeper *k, uint32_t lane, span_us skew);

#endif
