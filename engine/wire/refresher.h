/*
 * The refresher of the keys: hands credentials to the carriers without ever blocking a carrier, and
 * fetches keys on threads of its own. A hanging source holds up only the lanes of its account.
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
/* Ends and joins the threads; running fetches are cut short. No news comes afterwards, and
 * refresher_get answers from the held keys. */
void refresher_end(struct refresher *k);
void refresher_close(struct refresher *k); /* NULL is fine */

/* Keys for a lane. Any thread; never blocks. ERR_BUSY: a fetch is under way, try again after the
 * next news. ERR_AUTH: the source refuses and never gave keys, or gives keys of an unexpected
 * account; asking again would not help. Others: no keys now; a source with earlier success is tried
 * again as long as calls come. Wipe *out. */
enum err refresher_get(struct refresher *k, uint32_t lane, struct credentials *out,
                       struct why *why);

/* From now on the keys of the lane's source must be those of this account (twelve digits). Keys
 * with an id of hash `vetted` are known to be; STS is asked about all other keys before use. Any
 * thread. */
void refresher_expect(struct refresher *k, uint32_t lane, struct text account, uint64_t vetted);

/* Takes the clock of a server of the lane: server's minus the system's. Any thread. */
void refresher_clock(struct refresher *k, uint32_t lane, span_us skew);

#endif
