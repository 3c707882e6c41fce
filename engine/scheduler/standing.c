/* The one table of the words for people. */
#include "standing.h"

#include <assert.h>

static const struct {
    enum outcome outcome;
    const char *class, *words[TENSES]; /* NULL: as of a run */
} standings[STANDINGS] = {
    [STANDING_NONE] = {OUTCOME_OPEN, "", {""}},
    [STANDING_UNCHANGED] = {OUTCOME_UNCHANGED, "unchanged", {"unchanged"}},
    [STANDING_IN_PROGRESS] = {OUTCOME_PLANNED,
                              "planned",
                              {"in progress", "would change", "would be put back"}},
    [STANDING_FOR_WAVE] = {OUTCOME_PLANNED, "waiting-wave", {"waiting for its wave"}},
    [STANDING_DONE] = {OUTCOME_DONE, "done", {"done"}},
    [STANDING_FOR_DNS] = {OUTCOME_WAITING_DNS,
                          "waiting-dns",
                          {"waiting for DNS", "would wait for DNS", "would wait for DNS"}},
    [STANDING_FOR_SES] = {OUTCOME_PENDING, "pending", {"waiting for SES"}},
    [STANDING_REFUSED] = {OUTCOME_REFUSED, "refused", {"refused"}},
    [STANDING_FAILED] = {OUTCOME_FAILED, "failed", {"failed"}},
    [STANDING_EXPIRED] = {OUTCOME_EXPIRED, "expired", {"expired"}},
    [STANDING_DRIFTED] = {OUTCOME_DRIFTED, "drifted", {"drifted"}},
    [STANDING_SKIPPED] = {OUTCOME_SKIPPED, "skipped", {"skipped"}},
};

enum standing outcome_standing(enum outcome o)
{
    int s = STANDING_NONE;
    assert(o < OUTCOMES);
    while (standings[s].outcome != o)
        s++;
    return (enum standing)s;
}

enum outcome standing_outcome(enum standing s)
{
    assert(s < STANDINGS);
    return standings[s].outcome;
}

const char *standing_words(enum standing s, enum tense tense)
{
    assert(s < STANDINGS);
    assert(tense < TENSES);
    const char *words = standings[s].words[tense];
    return words ? words : standings[s].words[TENSE_RUN];
}

const char *standing_counted(uint32_t count, enum standing s, enum tense tense)
{
    return s == STANDING_FOR_WAVE && count != 1 ? "waiting for their wave"
                                                : standing_words(s, tense);
}

const char *standing_class(enum standing s)
{
    assert(s < STANDINGS);
    return standings[s].class;
}
