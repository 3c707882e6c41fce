/* Looks into sights, and sights into levels: the table of thresholds (memory.h) as code. */
#include "sight.h"

#include "base/dname.h"

static enum sight is_bad(bool bad)
{
    return bad ? SIGHT_BAD : SIGHT_WELL;
}

/* What SES shows of the MAIL FROM; seen->is_read. */
static void sights_of_ses(const struct watch_wanted *wanted, const struct watch_seen *seen,
                          enum sight out[WATCH_KINDS])
{
    bool there = seen->exists;
    bool is_drifted = there && !dname_eq(seen->mail_from, wanted->mail_from);
    out[WATCH_IDENTITY_MISSING] = is_bad(!there);
    out[WATCH_DRIFT_NAME] = is_bad(is_drifted);
    /* The behavior of another name is not the one that was meant. */
    if (!is_drifted)
        out[WATCH_DRIFT_BEHAVIOR] =
            is_bad(there && wanted->mail_from.len > 0 && seen->behavior != wanted->behavior);
    if (there && seen->status == MAIL_FROM_UNKNOWN)
        return;
    out[WATCH_REJECTING] =
        is_bad(there && ses_rejects_mail(seen->mail_from, seen->status, seen->behavior));
    out[WATCH_STATUS_FAILED] = is_bad(there && seen->status == MAIL_FROM_FAILED);
    out[WATCH_STATUS_TEMPORARY] = is_bad(there && seen->status == MAIL_FROM_TEMPORARY_FAILURE);
    out[WATCH_STATUS_PENDING] = is_bad(there && seen->status == MAIL_FROM_PENDING);
}

static void sights_of_mx(enum mx_status mx, enum sight out[WATCH_KINDS])
{
    if (mx == MX_STATUS_NONE || mx == MX_STATUS_TROUBLE)
        return;
    out[WATCH_MX_GONE] = is_bad(mx == MX_STATUS_MISSING);
    out[WATCH_MX_WRONG] = is_bad(mx != MX_STATUS_MISSING && mx != MX_STATUS_OK);
}

static void sights_of_spf(enum spf_status spf, enum sight out[WATCH_KINDS])
{
    if (spf == SPF_STATUS_NONE || spf == SPF_STATUS_TROUBLE)
        return;
    out[WATCH_SPF_GONE] = is_bad(spf == SPF_STATUS_MISSING);
    out[WATCH_SPF_WRONG] = is_bad(spf != SPF_STATUS_MISSING && spf != SPF_STATUS_OK);
}

static void sights_of_dns(const struct watch_wanted *wanted, const struct watch_seen *seen,
                          enum sight out[WATCH_KINDS])
{
    if (wanted->mail_from.len == 0) { /* of SES's own name there is nothing to be seen */
        for (int k = WATCH_MX_GONE; k <= WATCH_DNS_TROUBLE; k++)
            out[k] = SIGHT_WELL;
        return;
    }
    sights_of_mx(seen->mx, out);
    sights_of_spf(wanted->needs_spf ? seen->spf : SPF_STATUS_OK, out);
    if (seen->dmarc != DMARC_STATUS_NONE && seen->dmarc != DMARC_STATUS_TROUBLE)
        out[WATCH_DMARC_NOT_ALIGNED] =
            is_bad(seen->dmarc == DMARC_STATUS_STRICT || seen->dmarc == DMARC_STATUS_NOT_ALIGNED);
    if (seen->mx != MX_STATUS_NONE)
        out[WATCH_DNS_TROUBLE] = is_bad(seen->mx == MX_STATUS_TROUBLE ||
                                        (wanted->needs_spf && seen->spf == SPF_STATUS_TROUBLE));
}

static void sights_of_told(watch_kinds known, watch_kinds shown, enum sight out[WATCH_KINDS])
{
    for (int k = WATCH_ENDPOINT_REGIONS; k <= WATCH_REFUSED; k++)
        if (known & WATCH_BIT(k))
            out[k] = is_bad(shown & WATCH_BIT(k));
}

static void accept(watch_kinds accepted, enum sight out[WATCH_KINDS])
{
    for (int k = 0; k < WATCH_KINDS; k++)
        if (accepted & WATCH_BIT(k))
            out[k] = SIGHT_WELL;
}

void sights_of_identity(const struct watch_wanted *wanted, const struct watch_seen *seen,
                        enum sight out[WATCH_KINDS])
{
    for (int k = 0; k < WATCH_KINDS; k++)
        out[k] = SIGHT_NOTHING;
    if (!seen->lane_is_unseen)
        out[WATCH_UNSEEN] = is_bad(!seen->is_read);
    if (seen->is_read)
        sights_of_ses(wanted, seen, out);
    if (seen->is_read && !seen->exists)
        out[WATCH_IDENTITY_UNVERIFIED] = SIGHT_WELL; /* it is missing: one word is enough */
    else if (seen->verification_is_read)
        out[WATCH_IDENTITY_UNVERIFIED] = is_bad(seen->verification != VERIFICATION_SUCCESS);
    sights_of_dns(wanted, seen, out);
    sights_of_told(seen->known, seen->shown, out);
    accept(wanted->accepted, out);
}

void sights_of_lane(const struct watch_lane_seen *seen, enum sight out[WATCH_KINDS])
{
    for (int k = 0; k < WATCH_KINDS; k++)
        out[k] = SIGHT_NOTHING;
    out[WATCH_UNSEEN] = is_bad(!seen->is_read);
    if (seen->account_is_known)
        out[WATCH_ACCOUNT_CANNOT_SEND] = is_bad(!seen->can_send);
    sights_of_told(seen->known, seen->shown, out);
    accept(seen->accepted, out);
}

enum watch_level level_of(const struct watch_policy *policy, const struct ill *ill, instant_us now)
{
    span_us lasted = now > ill->began ? now - ill->began : 0;
    bool is_confirmed = ill->looks >= 2 && lasted >= policy->confirm;
    bool is_long = lasted >= policy->critical;
    switch (ill->kind) {
    case WATCH_REJECTING: return WATCH_PAGE;
    case WATCH_STATUS_FAILED:
    case WATCH_ACCOUNT_CANNOT_SEND: return WATCH_CRITICAL;
    case WATCH_STATUS_TEMPORARY:
        return WATCH_GRACE - lasted < policy->page_before ? WATCH_PAGE : WATCH_CRITICAL;
    case WATCH_STATUS_PENDING:
        if (!ill->was_success)
            return lasted >= WATCH_GRACE ? WATCH_WARNING : WATCH_WELL;
        return !is_confirmed ? WATCH_WELL : is_long ? WATCH_CRITICAL : WATCH_WARNING;
    case WATCH_IDENTITY_MISSING:
    case WATCH_IDENTITY_UNVERIFIED: return is_confirmed ? WATCH_CRITICAL : WATCH_WELL;
    case WATCH_MX_GONE:
    case WATCH_MX_WRONG:
        return !is_confirmed ? WATCH_WELL : is_long ? WATCH_CRITICAL : WATCH_WARNING;
    case WATCH_DRIFT_NAME:
    case WATCH_DRIFT_BEHAVIOR:
    case WATCH_SPF_GONE:
    case WATCH_SPF_WRONG:
    case WATCH_DMARC_NOT_ALIGNED:
    case WATCH_ENDPOINT_REGIONS: return is_confirmed ? WATCH_WARNING : WATCH_WELL;
    case WATCH_DNS_TROUBLE: return ill->looks >= policy->trouble_looks ? WATCH_WARNING : WATCH_WELL;
    case WATCH_UNSEEN:
        if (ill->looks < policy->trouble_looks)
            return WATCH_WELL;
        return ill->is_of_lane && is_long ? WATCH_CRITICAL : WATCH_WARNING;
    case WATCH_ADVISOR_OPEN:
    case WATCH_REFUSED: return WATCH_WARNING;
    case WATCH_KINDS: break;
    }
    return WATCH_WELL;
}

enum watch_kind kind_twin(enum watch_kind k)
{
    switch (k) {
    case WATCH_MX_GONE: return WATCH_MX_WRONG;
    case WATCH_MX_WRONG: return WATCH_MX_GONE;
    case WATCH_SPF_GONE: return WATCH_SPF_WRONG;
    case WATCH_SPF_WRONG: return WATCH_SPF_GONE;
    default: return k;
    }
}

bool kind_is_of_name(enum watch_kind k)
{
    return k == WATCH_STATUS_PENDING || k == WATCH_REFUSED ||
           (k >= WATCH_DRIFT_NAME && k <= WATCH_DNS_TROUBLE);
}
