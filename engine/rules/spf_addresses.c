/*
 * Mechanisms decided by addresses (RFC 7208, sections 5.3, 5.4, 5.7): a, mx and exists. An mx stops
 * at the first matching host; later hosts are not asked for.
 */
#include "spf_walk.h"

uint16_t spf_walk_address_type(const struct spf_walk *w)
{
    return w->values.client.family == 6 ? DNS_TYPE_AAAA : DNS_TYPE_A;
}

bool spf_walk_client_is_there(struct spf_walk *w, unsigned ip4_bits, unsigned ip6_bits)
{
    const struct spf_address *client = &w->values.client;
    for (uint32_t i = 0; i < w->lookup.records_len; i++) {
        struct spf_address there = {.family = w->lookup.type == DNS_TYPE_AAAA ? 6 : 4};
        for (unsigned b = 0; b < (there.family == 6 ? 16u : 4u); b++)
            there.bytes[b] = w->lookup.records[i].address[b];
        if (w->mode == SPF_WALK_SURVEY)
            spf_walk_note_network(w, &there, (uint8_t)(there.family == 6 ? ip6_bits : ip4_bits));
        if (spf_address_matches(client, &there, there.family == 6 ? ip6_bits : ip4_bits))
            return true;
    }
    return false;
}

void spf_addresses_take(struct spf_walk *w)
{
    const struct spf_term *term = spf_walk_term(w);
    if (!spf_walk_lookup_is_usable(w))
        return;
    bool exists = term->mechanism == SPF_EXISTS && w->lookup.outcome == LOOKUP_FOUND;
    if (exists && w->mode == SPF_WALK_SURVEY) /* a name without macros: it exists for everybody */
        spf_walk_passes_all(w);
    if (term->mechanism == SPF_EXISTS)
        spf_walk_judge(w, w->mode == SPF_WALK_CHECK && w->lookup.outcome == LOOKUP_FOUND);
    else
        spf_walk_judge(w, spf_walk_client_is_there(w, term->ip4_bits, term->ip6_bits));
}

static void host_look_up(struct spf_walk *w)
{
    while (w->host < w->hosts_len && w->hosts[w->host].len == 0)
        w->host++; /* the null MX (RFC 7505) */
    if (w->host < w->hosts_len)
        spf_walk_look_up(w, SPF_AT_MX_HOST, w->hosts[w->host], spf_walk_address_type(w));
    else
        spf_walk_judge(w, false);
}

void spf_mx_take(struct spf_walk *w)
{
    if (!spf_walk_lookup_is_usable(w))
        return;
    if (w->lookup.records_len > SPF_NAMES_MAX) {
        spf_walk_end(w, SPF_PERMERROR, TEXT_FMT " has more than %u MX records",
                     TEXT_ARG(w->lookup.name), SPF_NAMES_MAX);
        return;
    }
    w->host = 0;
    w->hosts_len = 0;
    for (uint32_t i = 0; i < w->lookup.records_len; i++)
        w->hosts[w->hosts_len++] = w->lookup.records[i].name;
    host_look_up(w);
}

void spf_mx_host_take(struct spf_walk *w)
{
    const struct spf_term *term = spf_walk_term(w);
    if (!spf_walk_lookup_is_usable(w))
        return;
    if (spf_walk_client_is_there(w, term->ip4_bits, term->ip6_bits)) {
        spf_walk_judge(w, true);
        return;
    }
    w->host++;
    host_look_up(w);
}
