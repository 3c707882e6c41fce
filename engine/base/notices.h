/*
 * Sentences for whoever runs the program, told while work goes on: a note, or a complaint that is
 * not the last one. Rooms below cmd/ print nothing; they hand the sentence to whoever called.
 */
#ifndef MF_NOTICES_H
#define MF_NOTICES_H

#define NOTICE_LEN_MAX 4096 /* a longer sentence is cut */

enum notice { NOTICE_NOTE, NOTICE_ERROR };

struct notices {
    void *ctx;
    /* sentence: whole, without a line's end; borrowed. NULL: nobody listens. */
    void (*tell)(void *ctx, enum notice kind, const char *sentence);
};

void notice_note(const struct notices *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void notice_error(const struct notices *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
