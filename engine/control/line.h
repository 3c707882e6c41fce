/*
 * What is said on the control socket of a run: one line in, one line out, then the connection ends.
 *
 *     mailfrom-control 1 RUN pause|resume|pace RATE|stop|leave        (RUN 0: the one under way)
 *     mailfrom-control 1 RUN done|idle|taken|late|other|bad SENTENCE
 *
 * RUN in the answer is the run that the socket is of. Pure.
 */
#ifndef MF_CONTROL_LINE_H
#define MF_CONTROL_LINE_H

#include "model/order.h"

#define CONTROL_VERSION  1
#define CONTROL_LINE_MAX 128 /* of an order: the longest is under 60 */
#define CONTROL_SAID_MAX 512 /* of an answer */

enum control_word {
    CONTROL_DONE,  /* the order was taken, and is kept in the journal */
    CONTROL_IDLE,  /* nothing changes: it is so already */
    CONTROL_TAKEN, /* the run has it, and its journal has not: it may still be carried out */
    CONTROL_LATE,  /* the run is stopping, has ended, or has not taken it: it will not be done */
    CONTROL_OTHER, /* another run than the one that was named is under way */
    CONTROL_BAD,   /* no order that this program knows, or one of another user */
    CONTROL_WORDS,
};

/* Without the newline, both. False: *said is one sentence that says what is wrong. */
bool control_line_read(struct text line, uint64_t *run, struct order *order, const char **said);
/* With the newline; *out holds CONTROL_LINE_MAX. */
void control_line_write(char *out, uint64_t run, const struct order *order);
/* An answer. *out holds CONTROL_SAID_MAX; returns its length. */
size_t control_answer_write(char *out, uint64_t run, enum control_word word, const char *sentence);
bool control_answer_read(struct text line, uint64_t *run, enum control_word *word,
                         struct text *sentence);

#endif
