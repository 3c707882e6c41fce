/*
 * The refresher of the keys: hands credentials to the carriers without ever making them wait, and
 * has them fetched on threads of its own. A source that hangs holds up the lanes of its account and
 * nobody else's.
 */
#ifndef MF_REFRESHER_H
#define MF_REFRESHER_H

#include "https.h"
#include "os_clock.h"
#include "wire.h"

struct refresher;

/* Borrowed for the refresher's life. */
struct refresher_config {
    const struct os_clock *clock;
    const struct wire_lane *lanes;
    uint32_t lanes_len;
    struct https_config https;
    unsigned threads_max; /* fetches at once; 0: REFRESHERS_MAX */
    /* Called by the refresher's threads when a fetch has ended, well or badly. */
    void (*wakeup)(void *context);
    void *context;
};

enum err refresher_open(struct refresher **out, const struct refresher_config *config,
                        struct why *why);
unsigned refresher_threads(const struct refresher *k);
/* Ends the threads and waits for them; what they do is cut short. Afterwards there is no more news,
 * and refresher_get goes on with what is held. */
void refresher_end(struct refresher *k);
void refresher_close(struct refresher *k); /* NULL is fine */

/* Keys for a lane. Any thread; never blocks. ERR_BUSY: they are being fetched, try again after the
 * next news. ERR_AUTH: the source has never given any and refuses, or gives those of another
 * account than is expected; asking again would not help. Others: they cannot be had now; a source
 * that has given keys before is tried again for as long as there are calls. Wipe *out. */
enum err refresher_get(struct refresher *k, uint32_t lane, struct credentials *out,
                       struct why *why);

/* From now on the keys of the lane's source must be those of this account (twelve digits). Those
 * whose id has the hash `vetted` are known to be; of all others STS is asked before they are given
 * to anybody. Any thread. */
void refresher_expect(struct refresher *k, uint32_t lane, struct text account, uint64_t vetted);

/* A server of the lane has told the time: its clock minus the system's. Any thread. */
void refresher_clock(struct refresher *k, uint32_t lane, span_us skew);

#endif
