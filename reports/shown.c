/* Names as people write them: an internationalized identity stands beside its A-labels, never in
 * their place, since it may hold look-alikes. */
#include "row.h"

#include "base/bounds.h"
#include "rules/idna.h"

bool identity_unicode_add(struct buf *out, struct text identity)
{
    char unicode[IDNA_UNICODE_LEN_MAX + 1];
    struct text domain = identity_domain(identity), shown;
    if (text_find_text(domain, TEXT("xn--")) >= domain.len ||
        !idna_to_unicode(domain, unicode, &shown) || text_eq(shown, domain))
        return false;
    buf_add_text(out, text_slice(identity, 0, identity.len - domain.len));
    buf_add_text(out, shown);
    return true;
}

bool fleet_is_international(const struct fleet *fleet)
{
    struct buf none;
    bool found = false;
    buf_init(&none, LINE_LEN_MAX);
    for (uint32_t i = 0; i < fleet->choices_len && !found; i++)
        found = identity_unicode_add(&none, fleet_identity(fleet, i));
    buf_clear(&none);
    return found;
}
