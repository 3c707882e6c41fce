/*
 * Alarms: rows with a good outcome in need of a person. Made from the journal: SES's last answer,
 * and the findings with the severity for this row.
 */
#include "row.h"

const char *row_alarm_title(enum row_alarm a)
{
    static const char *const titles[ALARMS] = {"", "Mail is being rejected now",
                                               "As wanted, but ..."};
    return titles[a];
}

/* A finding was made when SES was read, and a later read may have shown otherwise. */
static void rejecting_renew(struct report_row *row, const struct policy *policy,
                            const struct job_row *job)
{
    row->finding_bits &= ~FINDING_BIT(REJECTS_MAIL);
    if (!job->seen_known ||
        !ses_rejects_mail(job->mail_from_seen, job->status_seen, job->behavior_seen))
        return;
    row->finding_bits |= FINDING_BIT(REJECTS_MAIL);
    if (!(policy->accept & FINDING_BIT(REJECTS_MAIL)))
        row->alarm = ALARM_REJECTING;
}

/* Would the finding refuse the identity or make a write wait? */
static bool has_fault(const struct report_row *row)
{
    struct finding_walk walk;
    struct finding_note note;
    finding_walk_init(&walk, row);
    while (finding_walk_next(&walk, &note))
        if (!note.accepted && note.severity >= SEVERITY_WAIT)
            return true;
    return false;
}

void row_alarm_find(struct report_row *row, const struct policy *policy, const struct job_row *job)
{
    bool is_set = row->outcome_kind == OUTCOME_UNCHANGED || row->outcome_kind == OUTCOME_PENDING;
    rejecting_renew(row, policy, job);
    if (row->alarm != ALARM_NONE || !is_set || row->mail_from_after.len == 0)
        return;
    bool fails = job->seen_known && job->status_seen == MAIL_FROM_TEMPORARY_FAILURE;
    if ((fails && policy->until == UNTIL_SUCCESS) || (row->finding_bits && has_fault(row)))
        row->alarm = ALARM_AILING;
}

bool row_needs_care(const struct report_row *row)
{
    return outcome_is_bad(row->outcome_kind) || row->alarm != ALARM_NONE;
}

void row_told(const struct report_row *row, struct buf *out)
{
    if (row->alarm == ALARM_REJECTING) {
        finding_tell(row, REJECTS_MAIL, out);
        buf_add_str(out, row->reason.len ? ". " : "");
    }
    buf_add_text(out, row->reason);
}
