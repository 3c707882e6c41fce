/*
 * A row by itself, before anything is asked: its identity, its MAIL FROM and its Region; and a
 * whole fleet by the same rules, for the verbs that ask nobody.
 */
#include "choice.h"

#include "base/bounds.h"
#include "feedback.h"
#include "model/region.h"

static void not_known_judge(struct judgement *j, const struct policy *policy, const char *key,
                            struct text region)
{
    const char *near = region_near(region);
    if (region_lacks_ses(region))
        judge_finding(j, policy, UNKNOWN_REGION, SEVERITY_WARNING,
                      "%s: AWS has no SES in the Region " TEXT_FMT ", as far as is known", key,
                      TEXT_ARG(region));
    else if (region_is_plausible(region))
        judge_finding(j, policy, UNKNOWN_REGION, SEVERITY_WARNING,
                      "%s: no Region " TEXT_FMT " with SES is known; it may be a new one%s%s%s",
                      key, TEXT_ARG(region), near ? ". Did you mean " : "", near ? near : "",
                      near ? "?" : "");
    else
        judge_finding(j, policy, UNKNOWN_REGION, SEVERITY_ERROR,
                      "%s: no AWS Region can be called " TEXT_FMT "%s%s%s", key, TEXT_ARG(region),
                      near ? ". Did you mean " : "", near ? near : "", near ? "?" : "");
}

/* is_mx: its feedback host is what the MX has to name. */
static void one_region_judge(struct judgement *j, const struct policy *policy, const char *key,
                             struct text region, bool is_mx)
{
    if (region_has_ses(region))
        return;
    if (!region_is_known(region)) {
        not_known_judge(j, policy, key, region);
        return;
    }
    if (is_mx && j->feedback_host.len == 0)
        judge_finding(j, policy, UNKNOWN_REGION, SEVERITY_WARNING,
                      "%s: the SES feedback host of " TEXT_FMT " is not documented; whether it is "
                      "under amazonses.com is not known. Ask AWS for the MX, and give it by "
                      "--feedback-host",
                      key, TEXT_ARG(region));
}

void region_judge(struct judgement *j, const struct fleet *f, uint32_t row)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text region = fleet_region(f, row), mx = names_text(&f->names, policy->mx_region);
    bool has_mx = fleet_mail_from(f, row).len > 0,
         mx_is_own = policy->mx_region == NAME_NONE || text_eq(mx, region);
    one_region_judge(j, policy, "region", region, has_mx && mx_is_own);
    if (has_mx && !mx_is_own)
        one_region_judge(j, policy, "dns.mx_region", mx, true);
}

void judge_choice(struct judgement *j, const struct fleet *f, uint32_t row, bool is_shared)
{
    const struct policy *policy = fleet_policy_of(f, row);
    struct text name = fleet_mail_from(f, row);
    if (identity_name_judge(j, f, row))
        mail_from_judge(j, f, row);
    region_judge(j, f, row);
    if (is_shared && name.len)
        judge_finding(j, policy, SHARED_MAIL_FROM, SEVERITY_INFO,
                      "MAIL FROM " TEXT_FMT
                      " serves several identities or Regions: one MX is enough "
                      "for all of them",
                      TEXT_ARG(name));
}

static void row_judge(const struct fleet *f, uint32_t row, bool is_shared, struct arena *memory,
                      const struct fleet_judge *how, struct fleet_verdict *verdict)
{
    struct judgement j = {
        .suffixes = how->suffixes, .feedback_host = how->feedback_host, .memory = memory};
    judge_choice(&j, f, row, is_shared);
    managed_judge(&j, f, row, managed_of_row(how->managed, f, row));
    struct finding_notes notes = judge_notes(&j);
    verdict->refused += j.errors != 0;
    verdict->out_of_memory |= j.out_of_memory;
    for (uint32_t i = 0; i < notes.len; i++)
        verdict->warnings += notes.at[i].severity == SEVERITY_WARNING && !notes.at[i].accepted;
    if (notes.len)
        how->tell(how->ctx, f, row, &notes);
}

enum err judge_fleet(const struct fleet *f, const struct fleet_judge *how,
                     struct fleet_verdict *verdict, struct why *why)
{
    struct arena table, memory;
    *verdict = (struct fleet_verdict){0};
    arena_init(&table, SIZE_MAX);
    /* Of a name as MAIL FROM: 0, 1, more. */
    uint8_t *uses = ARENA_ARRAY(&table, uint8_t, f->names.len + 1u);
    if (!uses)
        return why_set(why, ERR_NOMEM, "out of memory");
    arena_init(&memory, JUDGEMENT_BYTES_MAX);
    for (uint32_t row = 0; row < f->choices_len; row++)
        if (uses[f->choices[row].mail_from] < 2)
            uses[f->choices[row].mail_from]++;
    for (uint32_t row = 0; row < f->choices_len && !verdict->out_of_memory; row++) {
        bool is_shared = uses[f->choices[row].mail_from] > 1 || fleet_is_shared(f, row);
        row_judge(f, row, is_shared, &memory, how, verdict);
        arena_reset(&memory);
    }
    arena_clear(&memory);
    arena_clear(&table);
    return verdict->out_of_memory ? why_set(why, ERR_NOMEM, "out of memory") : OK;
}
