/*
 * Sentences for the user during the work: a note, or a complaint before the last one. Rooms below
 * cmd/ print nothing and hand each sentence to the caller.
 */
#ifndef MF_NOTICES_H
#define MF_NOTICES_H

#define NOTICE_LEN_MAX 4096 /* a longer sentence is cut */

enum notice { NOTICE_NOTE, NOTICE_ERROR };

struct notices {
    void *ctx;
    /* sentence: whole, without a newline; borrowed. NULL: the caller wants no notices. */
    void (*tell)(void *ctx, enum notice kind, const char *sentence);
};

void notice_note(const struct notices *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void notice_error(const struct notices *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
