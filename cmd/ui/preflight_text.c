/* The preflight in words: a line per lane, and the IAM policy that lacks nothing. */
#include "preflight_text.h"

#include "base/count.h"
#include "base/plural.h"
#include "messages.h"
#include "model/region.h"

#include <stdio.h>
#include <string.h>

#define LINES_MAX          10 /* lanes of a fleet that is shown lane by lane */
#define POLICIES_SHOWN_MAX 3  /* accounts whose policy is printed in full */
#define ACTIONS_LEN        512

/* What is known of one lane. */
struct lane_view {
    bool account_known, can_send, in_sandbox, quota_known;
    double per_day, per_second;
    char status[32];  /* enforcement; "" when healthy or not known */
    unsigned refused; /* bits of its probes: IAM does not allow them */
    bool silent;      /* something was not answered at all */
};

static const struct probe *probes_of(const struct preflight *p, uint32_t lane)
{
    return &p->probes[lane * PREFLIGHT_QUESTIONS];
}

static struct lane_view view_of(const struct preflight *p, uint32_t lane)
{
    struct lane_view v = {.status = ""};
    const struct probe *at = probes_of(p, lane);
    for (unsigned i = 0; i < PREFLIGHT_QUESTIONS; i++) {
        if (!at[i].answered_at)
            continue;
        if (at[i].verdict == VERDICT_OK) {
            const struct account_facts *a = &at[i].account;
            if (at[i].kind == CALL_ACCOUNT) {
                v.account_known = true;
                v.can_send = a->sending_enabled;
                v.in_sandbox = !a->production_access;
                if (a->enforcement_status.len && !text_eq(a->enforcement_status, TEXT("HEALTHY")))
                    snprintf(v.status, sizeof v.status, TEXT_FMT, TEXT_ARG(a->enforcement_status));
            }
            if (at[i].kind == CALL_QUOTA || (at[i].kind == CALL_ACCOUNT && at[i].api == API_V2)) {
                v.quota_known = true;
                v.per_day = a->max_24_hour_send;
                v.per_second = a->max_send_rate;
            }
        } else if (reply_is_access_denied(&at[i].reply))
            v.refused |= 1u << i;
        else if (at[i].reply.how != REPLY_HTTP)
            v.silent = true;
    }
    return v;
}

static bool is_healthy(const struct lane_view *v)
{
    return v->account_known && v->can_send && !v->in_sandbox && !v->status[0] && !v->refused &&
           !v->silent;
}

/* What stands there, made safe: one line, or as many as the terminal needs. */
static void line_print(struct buf *line)
{
    struct buf safe;
    buf_init(&safe, LINE_LEN_MAX);
    message_wrapped(2, text_of(message_safe(&safe, buf_text(line))));
    buf_clear(&safe);
    buf_reset(line);
}

static void lane_print(const struct preflight *p, uint32_t lane, const struct lane_view *v,
                       struct buf *line)
{
    const struct fleet *f = p->fleet;
    const struct account_facts *caller = &p->callers[f->lanes[lane].account].account;
    buf_add_fmt(line, TEXT_FMT " " TEXT_FMT ": ",
                TEXT_ARG(names_text(&f->names, f->accounts[f->lanes[lane].account].name)),
                TEXT_ARG(names_text(&f->names, f->lanes[lane].region)));
    if (caller->caller_account.len)
        buf_add_fmt(line, TEXT_FMT ", ", TEXT_ARG(caller->caller_arn));
    if (!v->account_known)
        buf_add_str(line, "the account's state is not known");
    else
        buf_add_fmt(line, "%s, %s", v->can_send ? "may send" : "sending is DISABLED",
                    v->in_sandbox ? "IN THE SANDBOX" : "out of the sandbox");
    if (v->status[0])
        buf_add_fmt(line, ", %s", v->status);
    if (v->quota_known && v->per_day < 0)
        buf_add_str(line, ", no daily quota");
    else if (v->quota_known)
        buf_add_fmt(line, ", %.15g mails a day, %.15g a second", v->per_day, v->per_second);
    if (v->refused)
        buf_add_str(line, "; IAM refuses something, see below");
    if (v->silent)
        buf_add_str(line, "; some questions had no answer");
    line_print(line);
}

void preflight_print(const struct preflight *p)
{
    struct buf line;
    uint32_t shown = 0, more = 0;
    bool is_large = p->fleet->lanes_len > LINES_MAX;
    buf_init(&line, LINE_LEN_MAX);
    printf("Preflight\n");
    if (is_large) {
        uint32_t healthy = 0, usable = 0;
        for (uint32_t i = 0; i < p->fleet->lanes_len; i++) {
            struct lane_view v = view_of(p, i);
            usable += !p->lanes->trouble[i];
            healthy += !p->lanes->trouble[i] && is_healthy(&v);
        }
        buf_add_fmt(&line,
                    "%u of %u pairs of account and Region (%u %s) answer every question, may send "
                    "and are out of the sandbox",
                    healthy, p->fleet->lanes_len, p->fleet->accounts_len,
                    plural(p->fleet->accounts_len, "account", "accounts"));
        if (usable < p->fleet->lanes_len)
            buf_add_fmt(&line, "; %u cannot be asked", p->fleet->lanes_len - usable);
        line_print(&line);
    }
    for (uint32_t i = 0; i < p->fleet->lanes_len; i++) {
        struct lane_view v = view_of(p, i);
        if (p->lanes->trouble[i] || (is_large && is_healthy(&v)))
            continue;
        if (shown++ < 2 * LINES_MAX || p->access->verbose)
            lane_print(p, i, &v, &line);
        else
            more++;
    }
    if (more)
        printf("  ... and %u more (--verbose shows all)\n", more);
    buf_clear(&line);
    fflush(stdout);
}

/* What IAM refuses */

/* "ses:ListIdentities, ses:GetEmailIdentity", each once, over all lanes of the account. */
static bool refused_list(const struct preflight *p, uint32_t account, char out[ACTIONS_LEN],
                         uint32_t *first_lane)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < p->fleet->lanes_len; i++) {
        struct lane_view v = view_of(p, i);
        if (p->fleet->lanes[i].account != account || p->lanes->trouble[i] || !v.refused)
            continue;
        for (unsigned q = 0; q < PREFLIGHT_QUESTIONS; q++) {
            const struct probe *at = &probes_of(p, i)[q];
            const char *action = call_action(at->kind, at->api);
            if (!(v.refused >> q & 1) || strstr(out, action) || used >= ACTIONS_LEN)
                continue;
            *first_lane = used ? *first_lane : i;
            int n = snprintf(out + used, ACTIONS_LEN - used, "%sses:%s", used ? ", " : "", action);
            used += n > 0 ? (size_t)n : 0;
        }
    }
    return used > 0;
}

/* The policy of docs/PERMISSIONS.md: reads by version 1, writes by version 2. */
static const char *const policy_head[] = {
    "{",
    "  \"Version\": \"2012-10-17\",",
    "  \"Statement\": [",
    "    {",
    "      \"Sid\": \"Read\",",
    "      \"Effect\": \"Allow\",",
    "      \"Action\": [",
    "        \"ses:ListIdentities\",",
    "        \"ses:GetIdentityMailFromDomainAttributes\",",
    "        \"ses:GetIdentityVerificationAttributes\",",
    "        \"ses:GetIdentityNotificationAttributes\",",
    "        \"ses:GetIdentityDkimAttributes\",",
    "        \"ses:GetAccountSendingEnabled\",",
    "        \"ses:GetSendQuota\",",
    "        \"ses:ListEmailIdentities\",",
    "        \"ses:GetAccount\",",
    "        \"ses:ListMultiRegionEndpoints\",",
    "        \"ses:ListRecommendations\"",
    "      ],",
    "      \"Resource\": \"*\"",
    "    },",
    "    {",
    "      \"Sid\": \"ReadWriteV2\",",
    "      \"Effect\": \"Allow\",",
    "      \"Action\": [\"ses:GetEmailIdentity\", \"ses:PutEmailIdentityMailFromAttributes\"],",
};
static const char *const policy_tail[] = {"    }", "  ]", "}"};

void preflight_print_missing(const struct preflight *p)
{
    uint32_t printed = 0, more = 0;
    for (uint32_t i = 0; i < p->fleet->accounts_len; i++) {
        char actions[ACTIONS_LEN];
        uint32_t lane = 0;
        if (!refused_list(p, i, actions, &lane))
            continue;
        if (printed++ >= POLICIES_SHOWN_MAX) {
            more++;
            continue;
        }
        message_note(
            "note: account " TEXT_FMT
            ": IAM refuses %s. This policy allows everything that reads by version 1 and writes by "
            "version 2 need; whether writes are allowed now is known only after the first write:",
            TEXT_ARG(names_text(&p->fleet->names, p->fleet->accounts[i].name)), actions);
        const struct fleet *f = p->fleet;
        struct text number = p->callers[i].account.caller_account;
        const char *partition = region_partition(names_text(&f->names, f->lanes[lane].region));
        if (!number.len)
            number = names_text(&f->names, f->accounts[i].account_id);
        for (size_t k = 0; k < COUNT(policy_head); k++)
            message_note("%s", policy_head[k]);
        message_note("      \"Resource\": \"arn:%s:ses:*:" TEXT_FMT ":identity/*\"",
                     partition ? partition : "aws",
                     TEXT_ARG(number.len ? number : TEXT("ACCOUNT-NUMBER")));
        for (size_t k = 0; k < COUNT(policy_tail); k++)
            message_note("%s", policy_tail[k]);
    }
    if (more)
        message_note("note: %u more %s permissions too, and %s the same policy with %s", more,
                     plural(more, "account lacks", "accounts lack"), plural(more, "needs", "need"),
                     plural(more, "its own number", "their own numbers"));
}
