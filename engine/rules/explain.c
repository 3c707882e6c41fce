/* Finds a page by name in the table made by the build. */
#include "explain.h"

#include "pages.h"

#include <assert.h>

struct text rule_page(enum finding f)
{
    struct text name = text_of(finding_rule(f)->name);
    const struct page *p = pages;
    while (p->name && !text_eq(name, text_of(p->name)))
        p++;
    assert(p->name); /* every rule has a page: a test checks */
    return p->text;
}
