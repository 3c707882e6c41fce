/*
 * Judges the SPF record of a MAIL FROM as receivers do. spf_presence.c reads only the words of the
 * record; here the includes have been followed, so this judgement is better and may take
 * spf-without-ses back. Trouble on the way is no judgement, and changes nothing.
 */
#include "receivers.h"

#include "base/dname.h"
#include "base/escape.h"
#include "spf_merge.h"

#define SHOWN_LEN_MAX 160 /* of a record or reason in a sentence */

struct spf_judging {
    struct judgement *j;
    const struct policy *policy;
    struct text name;
    const struct spf_walk *walk;
    struct text stale; /* as in spf_survey */
    enum spf_status status;
    bool is_accepted; /* a counting finding replaces the status of an accepted one */
};

static enum severity severity_of(const struct policy *policy)
{
    return policy->require == REQUIRE_MX_SPF ? SEVERITY_WAIT : SEVERITY_WARNING;
}

static void status_take(struct spf_judging *s, enum finding finding, enum spf_status status)
{
    bool accepted = (s->policy->accept & FINDING_BIT(finding)) != 0;
    if (s->status != SPF_STATUS_NONE && (!s->is_accepted || accepted))
        return;
    s->status = status;
    s->is_accepted = accepted;
}

static void syntax_judge(struct spf_judging *s)
{
    struct buf shown;
    buf_init(&shown, 8 * SHOWN_LEN_MAX + 8);
    escape_terminal(&shown, text_slice(s->walk->reason, 0, 2 * SHOWN_LEN_MAX));
    judge_finding(s->j, s->policy, SPF_SYNTAX, severity_of(s->policy),
                  "the SPF record of " TEXT_FMT " makes every check a permanent error: " TEXT_FMT,
                  TEXT_ARG(s->name), TEXT_ARG(buf_text(&shown)));
    buf_clear(&shown);
    status_take(s, SPF_SYNTAX, SPF_STATUS_SYNTAX);
}

static void without_ses_judge(struct spf_judging *s)
{
    struct buf shown;
    if (s->stale.len) {
        judge_withdraw(s->j, SPF_WITHOUT_SES);
        judge_finding(s->j, s->policy, SPF_WITHOUT_SES, severity_of(s->policy),
                      "the SPF record of " TEXT_FMT
                      " holds networks of Amazon SES, but not all: " TEXT_FMT
                      " is missing, so part of the mail does not pass. Publish "
                      "include:amazonses.com in place of the networks",
                      TEXT_ARG(s->name), TEXT_ARG(s->stale));
    }
    buf_init(&shown, 4 * SHOWN_LEN_MAX + 8);
    escape_terminal(&shown, text_slice(s->walk->record, 0, SHOWN_LEN_MAX));
    if (!(s->j->found & FINDING_BIT(SPF_WITHOUT_SES)))
        judge_finding(s->j, s->policy, SPF_WITHOUT_SES, severity_of(s->policy),
                      "the SPF record of " TEXT_FMT " does not come to include:amazonses.com, "
                      "so mail of Amazon SES does not pass: \"" TEXT_FMT "\"",
                      TEXT_ARG(s->name), TEXT_ARG(buf_text(&shown)));
    buf_clear(&shown);
    status_take(s, SPF_WITHOUT_SES, SPF_STATUS_WITHOUT_SES);
}

/* Did the walk end within SES's own record? Only AWS can mend a fault there, and every fleet would
 * stand still meanwhile; so the presence of the include counts then.
 */
static bool is_at_ses(const struct spf_walk *walk)
{
    for (unsigned i = 1; i < walk->depth; i++)
        if (dname_eq(walk->frames[i].domain, TEXT("amazonses.com")))
            return true;
    return false;
}

/* An include, or a name of a or mx, has not answered. Receivers meet the same, but only behind the
 * terms before it: mail of SES passes if one of these leads to SES. */
static enum spf_status trouble_judge(struct spf_judging *s, enum spf_status presence)
{
    bool names_ses = presence == SPF_STATUS_OK || s->walk->authorizes_ses;
    struct buf shown;
    buf_init(&shown, 8 * SHOWN_LEN_MAX + 8);
    escape_terminal(&shown, text_slice(s->walk->reason, 0, 2 * SHOWN_LEN_MAX));
    if (names_ses && s->walk->ses_is_behind)
        judge_finding(s->j, s->policy, DNS_TROUBLE, SEVERITY_WARNING,
                      "a look-up of the SPF record of " TEXT_FMT " has no answer, and receivers "
                      "come to it before they come to Amazon SES: " TEXT_FMT,
                      TEXT_ARG(s->name), TEXT_ARG(buf_text(&shown)));
    else if (!names_ses)
        judge_finding(s->j, s->policy, DNS_TROUBLE, severity_of(s->policy),
                      "DNS does not say whether the SPF record of " TEXT_FMT
                      " authorizes Amazon SES: " TEXT_FMT,
                      TEXT_ARG(s->name), TEXT_ARG(buf_text(&shown)));
    buf_clear(&shown);
    judge_withdraw(s->j, SPF_WITHOUT_SES);
    return names_ses ? SPF_STATUS_OK : SPF_STATUS_TROUBLE;
}

static void passes_all_judge(struct spf_judging *s)
{
    judge_finding(s->j, s->policy, SPF_PASSES_ALL, SEVERITY_WARNING,
                  "the SPF record of " TEXT_FMT
                  " lets %s pass, so anybody can send mail in its name%s. Let SES alone pass: "
                  "\"" SPF_SES_RECORD "\"",
                  TEXT_ARG(s->name),
                  s->walk->passes_all ? "every address" : "networks wider than those of one sender",
                  s->walk->passes_all ? " (+all, or what means the same)" : "");
}

/* Advice about a record that works. */
static void advice_judge(struct spf_judging *s, const struct spf_survey *survey)
{
    if (survey->passes_all)
        passes_all_judge(s);
    else if (survey->is_flattened)
        judge_finding(s->j, s->policy, SPF_FLATTENED, SEVERITY_INFO,
                      "the SPF record of " TEXT_FMT " holds the networks of Amazon SES themselves. "
                      "They will change, and the record will go stale without a sign. Publish "
                      "include:amazonses.com in their place",
                      TEXT_ARG(s->name));
    if (s->walk->ptr_at.len)
        judge_finding(s->j, s->policy, SPF_USES_PTR, SEVERITY_INFO,
                      "the SPF record%s" TEXT_FMT " uses ptr, which RFC 7208 (section 5.5) advises "
                      "against: some receivers ignore it, and it costs each of them look-ups",
                      dname_eq(s->walk->ptr_at, s->name) ? " of " : ", by way of ",
                      TEXT_ARG(s->walk->ptr_at));
    if (s->walk->record.len > SPF_LEN_ADVISED)
        judge_finding(s->j, s->policy, SPF_IS_LONG, SEVERITY_INFO,
                      "the SPF record of " TEXT_FMT
                      " has %zu octets; over %d the answer may not fit one UDP packet of 512 (RFC "
                      "7208, section 3.4)",
                      TEXT_ARG(s->name), s->walk->record.len, SPF_LEN_ADVISED);
}

static void limits_judge(struct spf_judging *s)
{
    const struct spf_walk *w = s->walk;
    enum severity severity = severity_of(s->policy);
    if (w->lookups > SPF_LOOKUPS_MAX) {
        bool is_more = w->lookups > SPF_SURVEY_LOOKUPS_MAX;
        judge_finding(s->j, s->policy, SPF_LOOKUPS, severity,
                      "the SPF record of " TEXT_FMT
                      " needs %s%u DNS lookups, and receivers stop with a permanent error after %u "
                      "(RFC 7208, section 4.6.4)",
                      TEXT_ARG(s->name), is_more ? "more than " : "",
                      is_more ? SPF_SURVEY_LOOKUPS_MAX : w->lookups, SPF_LOOKUPS_MAX);
        status_take(s, SPF_LOOKUPS, SPF_STATUS_LOOKUPS);
    }
    if (w->void_lookups > SPF_VOID_LOOKUPS_MAX) {
        judge_finding(
            s->j, s->policy, SPF_VOID_LOOKUPS, severity,
            "%u void lookups are caused by the SPF record of " TEXT_FMT
            ", and receivers stop with a permanent error after %u (RFC 7208, section 4.6.4)",
            w->void_lookups, TEXT_ARG(s->name), SPF_VOID_LOOKUPS_MAX);
        status_take(s, SPF_VOID_LOOKUPS, SPF_STATUS_VOID_LOOKUPS);
    }
}

void receivers_judge_spf(struct judgement *j, const struct policy *policy, struct text name,
                         const struct spf_survey *survey, enum spf_status *spf)
{
    const struct spf_walk *walk = &survey->walk;
    struct spf_judging s = {j, policy, name, walk, survey->stale, SPF_STATUS_NONE, false};
    enum spf_class class = spf_survey_class(survey);
    bool over = walk->lookups > SPF_LOOKUPS_MAX || walk->void_lookups > SPF_VOID_LOOKUPS_MAX;
    bool present = *spf == SPF_STATUS_OK || *spf == SPF_STATUS_WITHOUT_SES;
    if (!present || class == SPF_CLASS_NONE)
        return;
    if (class == SPF_CLASS_PERMERROR && !over && is_at_ses(walk))
        return;
    if (class == SPF_CLASS_TEMPERROR) {
        *spf = trouble_judge(&s, *spf);
        advice_judge(&s, survey);
        return;
    }
    if (class == SPF_CLASS_PERMERROR && !over)
        syntax_judge(&s);
    limits_judge(&s);
    if (walk->authorizes_ses)
        judge_withdraw(j, SPF_WITHOUT_SES);
    else if (class == SPF_CLASS_VALID || over || *spf == SPF_STATUS_WITHOUT_SES)
        without_ses_judge(&s);
    *spf = s.status == SPF_STATUS_NONE ? SPF_STATUS_OK : s.status;
    advice_judge(&s, survey);
}

void judge_spf(struct judgement *j, const struct fleet *f, uint32_t row,
               const struct spf_survey *survey, enum spf_status *spf)
{
    receivers_judge_spf(j, fleet_policy_of(f, row), fleet_mail_from(f, row), survey, spf);
}
