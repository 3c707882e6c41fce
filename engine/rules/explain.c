#include "explain.h"

#include "pages.h"

#include <assert.h>

struct text rule_page(enum finding f)
{
    struct text name = text_of(finding_rule(f)->name);
    for (const struct page *p = pages; p->name; p++)
        if (text_eq(name, text_of(p->name)))
            return p->text;
    assert(!"a rule without a page");
    return TEXT_NONE;
}
