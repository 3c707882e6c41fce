/*
 * Commands printed for pasting: the verb, its words, and the options of this run accepted by the
 * verb, quoted for a POSIX shell. Without --journal, "rollback 1" would be another fleet's.
 */
#ifndef MF_ADVICE_H
#define MF_ADVICE_H

#include "options.h"

#include <linux/limits.h> /* PATH_MAX; <limits.h> would find our own */

struct advice {
    char text[2 * PATH_MAX];
};

/* "mailfrom VERB WORDS OPTIONS"; words: quoted already (advice_word), may be "". Returns a->text.
 */
const char *advice_make(struct advice *a, const struct options *o, const char *verb,
                        const char *words);
/* "mailfrom work" for anybody: without the user of a database's URL, who may submit and not carry.
 * The words say so to a person, and are empty where the URL has no user. */
const char *advice_worker(struct advice *a, const struct options *o);
const char *advice_worker_words(const struct options *o);
/* The same for a run: "mailfrom VERB ID MORE". */
const char *advice_run(struct advice *a, const struct options *o, const char *verb, uint64_t id,
                       const char *more);
/* "mailfrom apply --plan FILE" of the part that a selection chooses. What the plan was made with is
 * in the file. */
const char *advice_plan(struct advice *a, const struct options *o, const char *plan);
/* One word as a shell reads it. Returns a->text. */
const char *advice_word(struct advice *a, const char *word);

#endif
