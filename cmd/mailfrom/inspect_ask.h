/*
 * Many names at once: carries the questions of their subjects over the wire, and hands the subjects
 * back in the order of the names.
 */
#ifndef MF_INSPECT_ASK_H
#define MF_INSPECT_ASK_H

#include "base/error.h"
#include "inspect_subject.h"
#include "wire/wire.h"

/* Writes what is to be said of a subject that is done; called in any order. */
typedef void inspect_write(void *context, struct buf *out, const struct subject *s);
/* Takes what was written, in the order of the names. */
typedef void inspect_print(void *context, struct text written);

struct inspect_out {
    void *context;
    inspect_write *write;
    inspect_print *print;
};

/* *troubled counts the names for which subject_has_trouble(). The wire belongs to this call until
 * it returns. ERR_NOMEM. */
enum err inspect_ask(struct wire *wire, const struct inspect_wish *wish, const struct text *names,
                     size_t len, const struct inspect_out *out, size_t *troubled, struct why *why);

#endif
