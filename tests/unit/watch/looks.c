/* Looks from their signs. */
#include "looks.h"

struct watch_seen seen_of(unsigned s)
{
    struct watch_seen seen = {.is_read = !(s & (UNREAD | LANE_UNREAD)),
                              .lane_is_unseen = (s & LANE_UNREAD) != 0,
                              .exists = !(s & MISSING),
                              .verification_is_read = true,
                              .verification = VERIFICATION_SUCCESS,
                              .mail_from = s & NEW_WISH ? TEXT("new.a.test") : TEXT("b.a.test"),
                              .status = MAIL_FROM_SUCCESS,
                              .mx = MX_STATUS_OK,
                              .spf = SPF_STATUS_OK,
                              .dmarc = DMARC_STATUS_OK,
                              .known = WATCH_BIT(WATCH_ADVISOR_OPEN)};
    if (s & UNVERIFIED)
        seen.verification = VERIFICATION_FAILED;
    if (s & OTHER_NAME)
        seen.mail_from = TEXT("x.a.test");
    if (s & (REJECT | WANTS_REJECT))
        seen.behavior = BEHAVIOR_REJECT_MESSAGE;
    if (s & ADVISED)
        seen.shown = WATCH_BIT(WATCH_ADVISOR_OPEN);
    seen.status = s & PENDING     ? MAIL_FROM_PENDING
                  : s & TEMPORARY ? MAIL_FROM_TEMPORARY_FAILURE
                  : s & FAILED    ? MAIL_FROM_FAILED
                  : s & STRANGE   ? MAIL_FROM_UNKNOWN
                                  : MAIL_FROM_SUCCESS;
    seen.mx = s & MX_NO         ? MX_STATUS_MISSING
              : s & MX_ODD      ? MX_STATUS_SEVERAL
              : s & MX_SERVFAIL ? MX_STATUS_TROUBLE
                                : MX_STATUS_OK;
    seen.spf = s & SPF_NO         ? SPF_STATUS_MISSING
               : s & SPF_ODD      ? SPF_STATUS_LOOKUPS
               : s & SPF_SERVFAIL ? SPF_STATUS_TROUBLE
                                  : SPF_STATUS_OK;
    if (s & STRICT)
        seen.dmarc = DMARC_STATUS_STRICT;
    return seen;
}

const struct lane_name looks_lane = {TEXT("main"), TEXT("111122223333"), TEXT("us-east-1")};

bool look(struct watch_memory *m, struct text identity, unsigned s, instant_us now)
{
    const struct watch_key key = {looks_lane, identity};
    const struct watch_seen seen = seen_of(s);
    const struct watch_wanted wanted = {
        .mail_from = s & NEW_WISH ? TEXT("new.a.test") : TEXT("b.a.test"),
        .behavior =
            s & (WANTS_REJECT | REJECT) ? BEHAVIOR_REJECT_MESSAGE : BEHAVIOR_USE_DEFAULT_VALUE,
        .needs_spf = !(s & NO_SPF_WANTED),
        .accepted = s & ACCEPTS_STRICT ? WATCH_BIT(WATCH_DMARC_NOT_ALIGNED) : 0};
    return watch_look(m, &key, 7, &wanted, &seen, now);
}

void events_print(const struct watch_memory *m, struct buf *out)
{
    uint32_t len;
    const struct watch_event *e = watch_events(m, &len);
    for (uint32_t i = 0; i < len; i++)
        buf_add_fmt(out, "%s%s %s>%s%s", i ? "; " : "", watch_kind_name(e[i].kind),
                    watch_level_name(e[i].from), watch_level_name(e[i].to),
                    e[i].may_repeat ? " (again?)" : "");
    buf_add(out, "", 1);
}
