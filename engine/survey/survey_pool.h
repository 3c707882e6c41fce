/*
 * Many surveys at once. The pool chooses the next question: options.window bounds all that are out,
 * DNS_WINDOW those at the resolver, and server_limit.h those at each authority. dns_cache.h and
 * host_book.h answer from the resolver's recent answers.
 * The owner carries the questions, by any world.
 *
 *   while (survey_pool_has_room(p) && there is a name)  survey_pool_start(p, subject, ...);
 *   while (survey_pool_next(p, now, &q))                send q
 *   while (survey_pool_take(p, &subject))               use the survey that has ended
 *   sleep until survey_pool_wake(p, now), or until an answer: survey_pool_reply(p, &q, ...)
 *
 * Starting one name after the other, with all questions sent in between, keeps the window full and
 * leaves the choice of the next name to the last moment.
 *
 * Pure: only answers are allocated. One owner, one thread at a time.
 */
#ifndef MF_SURVEY_POOL_H
#define MF_SURVEY_POOL_H

#include "base/bounds.h"
#include "base/siphash.h"
#include "dns_cache.h"
#include "host_book.h"
#include "server_limit.h"
#include "survey.h"

#define SURVEYS_MAX                                                                                \
    DNS_AUTHORITIES_WINDOW /* a look at authorities has two questions out and more */

/* A question on its way. slot and part come back with its reply. */
struct survey_question {
    uint32_t slot, part;
    struct dns_question question;
};

struct survey_held {
    uint32_t part;
    struct dns_question question;
};

struct survey_slot {
    struct survey survey;
    uint32_t subject; /* the owner's number for the survey */
    uint32_t next;    /* in the slot's list: slot + 1, 0 ends */
    bool is_listed;   /* in `ready` or in `held` */
    uint32_t held_len;
    struct survey_held held[SURVEY_HELD_MAX]; /* handed out by the survey, not sent */
};

struct survey_list {
    uint32_t first, last; /* slot + 1; 0: empty */
};

/* Step 1 of a survey has ended: shall step 2 follow? */
typedef bool survey_goes_on(void *ctx, uint32_t subject, const struct survey *s, instant_us now);

struct survey_pool {
    struct survey_options options;
    survey_goes_on *goes_on; /* NULL: always */
    void *ctx;
    uint32_t window;      /* options.window */
    uint32_t out;         /* questions on their way */
    uint32_t at_resolver; /* of these */
    uint32_t unanswered;  /* questions of step 2 that timed out, since one was answered */
    /* Each slot is in one list, unless all questions of the slot are out: free; ready to be tried;
     * held, since no question may go; or done. */
    struct survey_list free, ready, held, done;
    instant_us
        held_until; /* the earliest try of a slot in `held`; WHEN_NEVER: when an answer comes */
    struct server_limit server_limit;
    struct dns_cache cache;
    struct host_book hosts;
    struct survey_slot slots[SURVEYS_MAX];
};

/* key: of the tables, since outsiders choose names and servers. */
void survey_pool_init(struct survey_pool *p, const struct survey_options *options,
                      struct siphash_key key, survey_goes_on *goes_on, void *ctx);
void survey_pool_clear(struct survey_pool *p);
/* Should the owner start another survey now? Yes when all sendable questions are out and the window
   is not full. */
bool survey_pool_has_room(const struct survey_pool *p);
/* Has room. from may be empty, and denial NULL (survey.h); all are copied. */
void survey_pool_start(struct survey_pool *p, uint32_t subject, struct text name, struct text from,
                       const struct denial *denial, instant_us now);
/* The next question to send now. Each question wants exactly one reply. The name is borrowed until
 * the reply. */
bool survey_pool_next(struct survey_pool *p, instant_us now, struct survey_question *out);
void survey_pool_reply(struct survey_pool *p, const struct survey_question *q,
                       const struct dns_reply *reply, instant_us now);
/* A finished survey with its subject; NULL: none. Borrowed until the next start. */
const struct survey *survey_pool_take(struct survey_pool *p, uint32_t *subject);
/* When there is something to do without an answer; WHEN_NEVER: not before one comes. */
instant_us survey_pool_wake(const struct survey_pool *p, instant_us now);

#endif
