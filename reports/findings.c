/*
 * The findings of a row: the notes of the judgement, or without notes the rules of the row's set,
 * with usual severity and summary.
 */
#include "row.h"

void finding_walk_init(struct finding_walk *walk, const struct report_row *row)
{
    *walk = (struct finding_walk){.row = row, .bits = row->finding_bits};
}

/* For facts re-read from SES, the row's bits are newer than the sentence of the first time. */
#define RENEWED FINDING_BIT(REJECTS_MAIL)

bool finding_walk_next(struct finding_walk *walk, struct finding_note *out)
{
    const struct finding_notes *notes = &walk->row->notes;
    while (walk->next < notes->len) {
        *out = notes->at[walk->next++];
        /* Does the row still have the finding? */
        finding_set bit = FINDING_BIT(out->rule) & RENEWED;
        walk->told |= bit;
        if (!bit || (walk->row->finding_bits & bit))
            return true;
    }
    if (notes->known)
        walk->bits &= RENEWED & ~walk->told;
    for (int f = 0; f < FINDINGS_LEN; f++) {
        if (walk->bits & FINDING_BIT(f)) {
            const struct finding_rule *rule = finding_rule((enum finding)f);
            walk->bits &= ~FINDING_BIT(f);
            *out = (struct finding_note){(enum finding)f, rule->severity, false,
                                         text_of(rule->summary)};
            return true;
        }
    }
    return false;
}

void finding_tell(const struct report_row *row, enum finding finding, struct buf *out)
{
    struct finding_walk walk;
    struct finding_note note;
    finding_walk_init(&walk, row);
    while (finding_walk_next(&walk, &note)) {
        if (note.rule == finding) {
            buf_add_text(out, note.text);
            return;
        }
    }
    buf_add_str(out, finding_rule(finding)->summary);
}

static bool is_warning(const struct finding_note *note)
{
    return note->severity == SEVERITY_WARNING && !note->accepted;
}

finding_set row_warnings(const struct report_row *row)
{
    struct finding_walk walk;
    struct finding_note note;
    finding_set warnings = 0;
    if (!outcome_is_unfinished(row->outcome_kind))
        return 0;
    finding_walk_init(&walk, row);
    while (finding_walk_next(&walk, &note))
        if (is_warning(&note))
            warnings |= FINDING_BIT(note.rule);
    return warnings;
}

void row_warnings_tell(const struct report_row *row, struct buf *out)
{
    struct finding_walk walk;
    struct finding_note note;
    const char *between = "";
    if (!outcome_is_unfinished(row->outcome_kind))
        return;
    finding_walk_init(&walk, row);
    while (finding_walk_next(&walk, &note)) {
        if (!is_warning(&note))
            continue;
        buf_add_fmt(out, "%s%s: ", between, finding_rule(note.rule)->name);
        buf_add_text(out, note.text.len ? note.text : text_of(finding_rule(note.rule)->summary));
        between = "\n";
    }
}

/* The severity that gives a row its outcome. */
static enum severity severity_of(const struct report_row *row)
{
    bool waits = row->outcome_kind == OUTCOME_WAITING_DNS || row->alarm == ALARM_AILING;
    return waits ? SEVERITY_WAIT : SEVERITY_ERROR;
}

enum finding row_rule(const struct report_row *row)
{
    struct finding_walk walk;
    struct finding_note note;
    enum finding rule = FINDINGS_LEN;
    if (row->alarm == ALARM_REJECTING)
        return REJECTS_MAIL;
    if (row->alarm == ALARM_NONE && row->outcome_kind != OUTCOME_REFUSED &&
        row->outcome_kind != OUTCOME_WAITING_DNS)
        return rule;
    finding_walk_init(&walk, row);
    while (finding_walk_next(&walk, &note)) {
        if (note.accepted || note.severity < severity_of(row))
            continue;
        if (row->reason.len && text_eq(note.text, row->reason))
            return note.rule;
        rule = rule == FINDINGS_LEN ? note.rule : rule;
    }
    return rule;
}
