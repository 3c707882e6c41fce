/* Finds a page by name in the tables made by the build. */
#include "explain.h"

#include "pages.h"
#include "states.h"
#include "watch_pages.h"

#include "base/count.h"

#include <assert.h>
#include <string.h>

/* Every rule, state and kind has a page: a test checks. */
static struct text page_of(const struct page *p, const char *name)
{
    while (p->name && strcmp(p->name, name) != 0)
        p++;
    assert(p->name);
    return p->text;
}

struct text rule_page(enum finding f)
{
    return page_of(pages, finding_rule(f)->name);
}

struct text kind_page(enum watch_kind k)
{
    return page_of(watch_pages, watch_kind_name(k));
}

/* Outcomes in the order of a row's life, then the statuses of SES, which have one page,
 * and the column dmarc_ready. */
static const struct {
    const char *name, *page;
} state_pages[] = {
    {"unchanged", "unchanged"},
    {"planned", "planned"},
    {"waiting-dns", "waiting-dns"},
    {"pending", "pending"},
    {"done", "done"},
    {"refused", "refused"},
    {"failed", "failed"},
    {"expired", "expired"},
    {"drifted", "drifted"},
    {"skipped", "skipped"},
    {"SUCCESS", "ses-status"},
    {"PENDING", "ses-status"},
    {"FAILED", "ses-status"},
    {"TEMPORARY_FAILURE", "ses-status"},
    {"dmarc-ready", "dmarc-ready"},
};

/* Version 1 of the API spells statuses "TemporaryFailure". "pending" and "PENDING" are two. */
static bool is_status(struct text name, const char *status)
{
    size_t i = 0;
    if (name.len == 0 || !char_is_alpha(name.at[0]) || name.at[0] == char_lower(name.at[0]))
        return false;
    for (; *status; status++) {
        if (i < name.len && char_lower(name.at[i]) == char_lower(*status))
            i++;
        else if (*status != '_')
            return false;
    }
    return i == name.len;
}

const char *state_name(size_t i)
{
    return i < COUNT(state_pages) ? state_pages[i].name : NULL;
}

bool state_page(struct text name, struct text *page)
{
    size_t i = 0;
    while (
        i < COUNT(state_pages) && !text_eq(name, text_of(state_pages[i].name)) &&
        !(strcmp(state_pages[i].page, "ses-status") == 0 && is_status(name, state_pages[i].name)))
        i++;
    if (i == COUNT(state_pages))
        return false;
    *page = page_of(states, state_pages[i].page);
    return true;
}
