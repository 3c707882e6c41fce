/*
 * A notification as one line of JSON: the same bytes go to a file of events, to a hook's standard
 * input and into the body of a webhook. docs/event.schema.json describes it.
 *
 * Every line has every key; null: not of this notification. So the keys are stable. "id" is a hash
 * of all the rest; of a problem, of kind, from, to, account, Region, identity and since. So what is
 * told again, and be it by the next process, has the same one.
 */
#ifndef MF_REPORTS_EVENT_LINE_H
#define MF_REPORTS_EVENT_LINE_H

#include "base/buf.h"
#include "base/error.h"
#include "model/notification.h"

#define EVENT_ID_LEN       33          /* 32 hex digits and a NUL */
#define EVENT_LINE_MAX     (64u << 10) /* bytes: sentences of control characters, each six bytes */
#define EVENT_SENTENCE_MAX 2000        /* bytes of reason and of mend in an event */

/* Appends the line, its newline too, and writes its id. dropped: so many events before this one
 * did not reach the same output. False: the crypto library failed, or no memory. */
bool event_line_add(struct buf *out, const struct notification *what, char id[EVENT_ID_LEN]);
/* The line again, with "dropped" in place of 0. */
void event_line_dropped(struct buf *out, struct text line, uint64_t dropped);
/* The sentence for people that "text" has: "critical: mx-gone at news.example.org (prod,
 * eu-west-1):
 * ..." */
void event_sentence_add(struct buf *out, const struct notification *what);
/* ERR_INPUT: path is a file that does not begin with an event. One that is empty, or not there, or
 * is no plain file, is fine. The sentence does not name the path. */
enum err events_vet(const char *path, struct why *why);

#endif
