/*
 * Surveys of many names, in a live or a simulated world: questions are asked side by side, and
 * surveys are handed back in the order of the names.
 */
#ifndef MF_INSPECT_ASK_H
#define MF_INSPECT_ASK_H

#include "base/buf.h"
#include "base/error.h"
#include "io.h"
#include "survey/survey.h"

/* Writes the text of a finished survey; called in any order. An empty text means out of memory. */
typedef void inspect_write(void *context, struct buf *out, const struct survey *s);
/* Takes the written texts, in the order of the names. */
typedef void inspect_print(void *context, struct text written, instant_us now);

struct inspect_out {
    void *context;
    inspect_write *write;
    inspect_print *print;
};

/* Asks about each name, and about DMARC of `from` unless it is empty. *troubled counts the names
 * for which survey_has_trouble(). The world belongs to this call until it returns. ERR_NOMEM. */
enum err inspect_ask(const struct io *io, const struct survey_options *options, struct text from,
                     const struct text *names, size_t len, const struct inspect_out *out,
                     size_t *troubled, struct why *why);

#endif
