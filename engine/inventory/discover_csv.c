/*
 * Rows for identities_from: the entries alone, each complete. A name resembling a formula cannot be
 * shielded without becoming another name, so the identity is left out and counted in the summary.
 */
#include "base/escape.h"
#include "discover_formats.h"
#include "reports/csv_line.h"

#include "base/count.h"

/* The name would be written as another name. */
static bool is_unsafe(struct text t)
{
    uint32_t c;
    for (size_t len; t.len; t = text_from(t, len)) {
        len = utf8_next(t, &c);
        if (len == 0 || escape_is_unsafe(c))
            return true;
    }
    return false;
}

bool discover_csv_refuses(const struct discover *d, const struct found *f)
{
    char name[NAME_LEN_MAX + 1];
    struct text cells[] = {f->row->identity, discover_account(d, f->lane),
                           found_mail_from(d, f, name)};
    for (size_t i = 0; i < COUNT(cells); i++)
        if ((cells[i].len && text_find(TEXT("=+-@"), cells[i].at[0]) < 4) || is_unsafe(cells[i]))
            return true;
    return false;
}

enum err discover_csv(void *ctx, struct sink *out, struct why *why)
{
    const struct discover *d = ctx;
    struct csv_line line;
    (void)why;
    csv_begin(&line, &out->buf, d->config->csv,
              "identity,account,region,mail_from,behavior_on_mx_failure");
    csv_end(&line);
    for (uint32_t i = 0; i < d->found_len; i++) {
        const struct found *f = &d->found[i];
        if (!found_is_entry(f) || discover_csv_refuses(d, f))
            continue;
        char name[NAME_LEN_MAX + 1];
        struct text mail_from = found_mail_from(d, f, name);
        bool rejects =
            mail_from.len && f->row->mail_from.len && f->row->behavior == BEHAVIOR_REJECT_MESSAGE;
        csv_text(&line, f->row->identity);
        csv_text(&line, discover_account(d, f->lane));
        csv_text(&line, discover_region(d, f->lane));
        csv_text(&line, mail_from.len ? mail_from : TEXT("default"));
        csv_text(&line, rejects ? text_of(behavior_name(BEHAVIOR_REJECT_MESSAGE)) : TEXT_NONE);
        csv_end(&line);
        if (!sink_turn(out))
            break;
    }
    return OK;
}
