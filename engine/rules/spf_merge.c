/* Puts the include of SES right behind the version of a record, so evaluation reaches the
   include. */
#include "spf_merge.h"

#include "base/buf.h"
#include "base/dname.h"
#include "base/escape.h"
#include "spf_record.h"

#define SHOWN_LEN_MAX 160 /* of the fault, in a sentence */

static bool denies_ses(const struct spf_record *r)
{
    for (uint32_t i = 0; i < r->terms_len; i++) {
        const struct spf_term *t = &r->terms[i];
        if (t->mechanism == SPF_INCLUDE && t->qualifier != SPF_PASS &&
            dname_eq(t->target, TEXT("amazonses.com")))
            return true;
    }
    return false;
}

static enum err broken(const struct why *fault, struct why *why)
{
    struct buf shown;
    buf_init(&shown, 4 * SHOWN_LEN_MAX + 8);
    escape_terminal(&shown, text_slice(text_of(fault->text), 0, SHOWN_LEN_MAX));
    why_set(why, ERR_INPUT,
            "its SPF record is broken (" TEXT_FMT
            "): correct the record before SES can be merged into it",
            TEXT_ARG(buf_text(&shown)));
    buf_clear(&shown);
    return ERR_INPUT;
}

enum err spf_merge_ses(struct text record, struct arena *arena, struct text *merged,
                       struct why *why)
{
    const size_t version_len = TEXT("v=spf1").len;
    struct spf_record parsed;
    struct why fault = {""};
    enum err err = spf_record_parse(&parsed, record, arena, &fault);
    if (err == ERR_INPUT)
        return broken(&fault, why);
    if (err != OK)
        return why_set(why, err, "%s", fault.text);
    if (denies_ses(&parsed))
        return why_set(why, ERR_INPUT,
                       "its SPF record has amazonses.com in a term that does not pass; remove that "
                       "term first");
    *merged = arena_fmt(arena, TEXT_FMT " include:amazonses.com" TEXT_FMT,
                        TEXT_ARG(text_slice(record, 0, version_len)),
                        TEXT_ARG(text_from(record, version_len)));
    return merged->at ? OK : why_set(why, ERR_NOMEM, "out of memory");
}
