/*
 * Validated names of the client (RFC 7208, section 5.5), for `ptr` and %{p}. Found out at most once
 * per walk. The client's side owns the PTR names, so a failed look-up never becomes an error of the
 * sender's record: the name is merely not validated.
 */
#include "spf_walk.h"

#include "base/dname.h"

bool spf_ptr_is_ready(struct spf_walk *w, spf_letters letters, enum spf_walk_state then)
{
    if (!(letters & SPF_LETTER('p')) || w->ptr.known)
        return true;
    w->ptr = (struct spf_validation){.then = then};
    struct text name = spf_macro_expand(&w->arena, TEXT("%{ir}.%{v}.arpa"), &w->values);
    spf_walk_look_up(w, SPF_AT_PTR, name, DNS_TYPE_PTR);
    return false;
}

static void next_host(struct spf_walk *w)
{
    struct spf_validation *ptr = &w->ptr;
    if (ptr->next < ptr->names_len) {
        struct text name = ptr->names[ptr->next];
        spf_walk_look_up(w, SPF_AT_PTR_HOST, name, spf_walk_address_type(w));
        return;
    }
    ptr->known = true;
    w->state = ptr->then;
}

void spf_ptr_names_take(struct spf_walk *w)
{
    struct spf_validation *ptr = &w->ptr;
    ptr->void_lookups = w->lookup.outcome == LOOKUP_VOID;
    for (uint32_t i = 0; i < w->lookup.records_len && ptr->names_len < SPF_NAMES_MAX; i++)
        ptr->names[ptr->names_len++] = w->lookup.records[i].name;
    next_host(w);
}

void spf_ptr_host_take(struct spf_walk *w)
{
    struct spf_validation *ptr = &w->ptr;
    if (spf_walk_client_is_there(w, 32, 128))
        ptr->validated[ptr->validated_len++] = ptr->names[ptr->next];
    ptr->next++;
    next_host(w);
}

struct text spf_ptr_name_for(const struct spf_walk *w, struct text domain)
{
    const struct spf_validation *ptr = &w->ptr;
    for (unsigned i = 0; i < ptr->validated_len; i++)
        if (dname_eq(ptr->validated[i], domain))
            return ptr->validated[i];
    for (unsigned i = 0; i < ptr->validated_len; i++)
        if (dname_below(ptr->validated[i], domain))
            return ptr->validated[i];
    return ptr->validated_len ? ptr->validated[0] : TEXT("unknown");
}

bool spf_ptr_matches(const struct spf_walk *w, struct text target)
{
    const struct spf_validation *ptr = &w->ptr;
    for (unsigned i = 0; i < ptr->validated_len; i++)
        if (dname_eq(ptr->validated[i], target) || dname_below(ptr->validated[i], target))
            return true;
    return false;
}
