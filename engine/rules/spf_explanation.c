/*
 * The domain owner's words for a fail (RFC 7208, section 6.2). Exactly one TXT record of clean
 * ASCII with sound macros, or none at all. Look-ups for the explanation count towards no limit.
 */
#include "spf_walk.h"

static void end_with(struct spf_walk *w, struct text explanation)
{
    w->explanation = explanation;
    w->done = true;
}

void spf_explanation_begin(struct spf_walk *w)
{
    const struct spf_record *record = &w->frames[0].record;
    if (!spf_ptr_is_ready(w, record->exp_letters, SPF_AT_EXP))
        return;
    w->values.domain = w->frames[0].domain;
    w->values.validated = spf_ptr_name_for(w, w->values.domain);
    struct text domain = spf_macro_expand_domain(&w->arena, record->exp, &w->values);
    spf_walk_look_up(w, SPF_AT_EXP_TEXT, domain, DNS_TYPE_TXT);
}

void spf_explanation_take(struct spf_walk *w)
{
    spf_letters letters;
    if (w->lookup.records_len != 1 ||
        !spf_macro_check(w->lookup.records[0].txt, SPF_IN_EXPLANATION, &letters)) {
        end_with(w, TEXT_NONE);
        return;
    }
    w->explanation = w->lookup.records[0].txt;
    w->state = SPF_AT_EXP_MACROS;
}

void spf_explanation_expand(struct spf_walk *w)
{
    spf_letters letters;
    spf_macro_check(w->explanation, SPF_IN_EXPLANATION, &letters);
    if (!spf_ptr_is_ready(w, letters, SPF_AT_EXP_MACROS))
        return;
    w->values.validated = spf_ptr_name_for(w, w->values.domain);
    end_with(w, spf_macro_expand(&w->arena, w->explanation, &w->values));
}
