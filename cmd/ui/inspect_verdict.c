/* One name goes through the judgements of a plan. */
#include "inspect_verdict.h"

#include "rules/mx.h"
#include "rules/receivers.h"
#include "rules/spf_presence.h"

void inspect_verdict_make(struct inspect_verdict *v, const struct survey *s, struct text region,
                          struct text feedback_host)
{
    const struct policy policy = {.require = REQUIRE_MX_SPF};
    const struct validation *seen = &s->validation;
    const struct dnssec_view unseen = {.zone =
                                           seen->is_bogus[VALIDATED_ZONE] ? seen->zone : TEXT_NONE,
                                       .mx = seen->is_bogus[VALIDATED_MX],
                                       .txt = seen->is_bogus[VALIDATED_TXT]};
    *v = (struct inspect_verdict){0};
    arena_init(&v->memory, JUDGEMENT_BYTES_MAX);
    struct judgement *j = &v->judgement;
    j->memory = &v->memory;
    j->suffixes = s->options->suffixes;
    j->feedback_host = feedback_host;
    v->mx = mx_judge(j, &policy, s->name, region, survey_facts(s));
    if (v->mx == MX_STATUS_NONE)
        v->mx = MX_STATUS_TROUBLE;
    v->begin[INSPECT_SPF] = j->notes_len;
    v->spf = spf_presence_judge(j, &policy, s->name, survey_facts(s));
    receivers_judge_spf(j, &policy, s->name, &s->spf, &v->spf);
    v->begin[INSPECT_DNSSEC] = j->notes_len;
    judge_dnssec(j, &policy, s->name, &unseen);
    v->begin[INSPECT_DMARC] = j->notes_len;
    if (s->from.len)
        receivers_judge_dmarc(j, &policy, s->from, s->name, &s->dmarc, &v->dmarc);
}

void inspect_verdict_clear(struct inspect_verdict *v)
{
    arena_clear(&v->memory);
}

struct finding_notes inspect_notes(const struct inspect_verdict *v, enum inspect_part part)
{
    uint32_t begin = v->begin[part];
    uint32_t end = part + 1 < INSPECT_PARTS ? v->begin[part + 1] : v->judgement.notes_len;
    return (struct finding_notes){v->judgement.notes + begin, end - begin, true};
}

bool inspect_knows_ses(const struct survey *s)
{
    enum spf_class class = spf_survey_class(&s->spf);
    return s->spf.walk.record.len && (class != SPF_CLASS_TEMPERROR || s->spf.walk.authorizes_ses);
}
