/* Shares of file descriptors within RLIMIT_NOFILE; raises the soft limit where allowed. */
#include "descriptors.h"

#include "base/bounds.h"

#include <poll.h>
#include <sys/resource.h>

/* Descriptors of each, counted with lsof and strace on Debian 12 (libcurl 7.88, c-ares 1.18). */
#define OF_PROCESS 8 /* two eventfds; journal log, report, CA file, resolv.conf while read */
#define OF_CARRIER                                                                                 \
    (6 + UPDATES_OUT_MAX) /* libcurl's wake-up pair, the resolvers' sockets; updates of DNS */
#define OF_TRANSFER  4    /* two addresses tried at once, or a look-up's pair with the question */
#define OF_QUESTION  2    /* UDP, and TCP after a cut answer */
#define OF_REFRESHER 8    /* a wake-up pair; a transfer, or a child's pipes, timer and pidfd */

#define COUNTED_MAX     65536 /* a process with more open ones has enough left, or is not ours */
#define LOOKED_AT       256   /* at once; poll() takes no more than the limit allows */
#define WORTH_A_CARRIER 8     /* transfers: with fewer for each, fewer carriers are better */

unsigned long descriptors_needed(const struct descriptor_share *share, bool asks_ses)
{
    struct descriptor_share s = *share;
    if (!asks_ses)
        s.transfers = s.refreshers = 0;
    return OF_PROCESS +
           s.carriers * (OF_CARRIER + (unsigned long)s.transfers * OF_TRANSFER +
                         (unsigned long)s.questions * OF_QUESTION) +
           (unsigned long)s.refreshers * OF_REFRESHER;
}

static unsigned min_of(unsigned long a, unsigned b)
{
    return a < b ? (unsigned)a : b;
}

bool descriptors_share(struct descriptor_share *share, const struct descriptor_share *wish,
                       bool asks_ses, unsigned long free)
{
    if (descriptors_needed(wish, asks_ses) <= free) {
        *share = *wish;
        return true;
    }
    for (unsigned carriers = wish->carriers ? wish->carriers : 1; carriers > 0; carriers--) {
        struct descriptor_share s = {carriers, 1, 1, 1};
        unsigned long least = descriptors_needed(&s, asks_ses);
        if (least > free)
            continue;
        /* One of each kind is sure of a place; `rest` are the descriptors beyond. */
        unsigned long rest = free - least;
        unsigned long of_refreshers = asks_ses ? rest / 4 : 0;
        unsigned long each = (rest - of_refreshers) / s.carriers;
        unsigned long of_questions = asks_ses ? each / 3 : each;
        s.refreshers = min_of(1 + of_refreshers / OF_REFRESHER, wish->refreshers);
        s.questions = min_of(1 + of_questions / OF_QUESTION, wish->questions);
        each -= (unsigned long)(s.questions - 1) * OF_QUESTION;
        s.transfers = min_of(1 + each / OF_TRANSFER, wish->transfers);
        *share = s;
        if (carriers == 1 || (asks_ses ? s.transfers : s.questions) >= WORTH_A_CARRIER)
            return true;
    }
    return false;
}

/* How many of the descriptors below `end` are open: one call for many, not one for each. What
 * cannot be looked at counts. */
static unsigned long open_below(int end)
{
    struct pollfd fds[LOOKED_AT];
    unsigned long closed = 0;
    for (int first = 0; first < end; first += LOOKED_AT) {
        int len = end - first < LOOKED_AT ? end - first : LOOKED_AT;
        for (int i = 0; i < len; i++)
            fds[i] = (struct pollfd){.fd = first + i};
        bool looked = poll(fds, (nfds_t)len, 0) >= 0;
        for (int i = 0; looked && i < len; i++)
            closed += (fds[i].revents & POLLNVAL) != 0;
    }
    return (unsigned long)end - closed;
}

enum err descriptors_settle(struct descriptor_share *share, bool asks_ses, struct why *why)
{
    struct rlimit limit;
    struct descriptor_share wish = *share, least = {1, 1, 1, 1};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return OK;
    int end = limit.rlim_cur < COUNTED_MAX ? (int)limit.rlim_cur : COUNTED_MAX;
    unsigned long open = open_below(end);
    unsigned long wanted = open + descriptors_needed(&wish, asks_ses);
    if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
        struct rlimit more = {wanted < limit.rlim_max ? wanted : limit.rlim_max, limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &more) == 0)
            limit = more;
    }
    unsigned long free = limit.rlim_cur > open ? limit.rlim_cur - open : 0;
    if (descriptors_share(share, &wish, asks_ses, free))
        return OK;
    return why_set(why, ERR_LIMIT,
                   "this process may have %lu files open (ulimit -n), and needs %lu for one "
                   "connection at a time: raise the limit",
                   (unsigned long)limit.rlim_cur, open + descriptors_needed(&least, asks_ses));
}
