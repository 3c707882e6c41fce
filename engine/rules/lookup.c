/*
 * Look-ups. Invariant: while the outcome is LOOKUP_RUNNING the name is a legal DNS name, and at
 * most LOOKUP_ALIASES_MAX aliases were followed.
 */
#include "lookup.h"

#include "base/bounds.h"
#include "base/dname.h"

#include <stdio.h>

static void trouble(struct lookup *l, const char *reason)
{
    l->outcome = LOOKUP_TROUBLE;
    snprintf(l->trouble, sizeof l->trouble, "%s", reason);
}

/* DNS allows any byte in a label (RFC 2181, section 11), and SPF macros rely on this. Control
 * characters and bytes above ASCII are refused here: no real name has any. */
static bool name_is_askable(struct text name)
{
    if (name.len == 0 || name.len > DNAME_LEN_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] < 0x20 || (unsigned char)name.at[i] > 0x7e)
            return false;
    for (struct text rest = name; rest.at;) {
        size_t len = text_cut(&rest, '.').len;
        if (len == 0 || len > DLABEL_LEN_MAX)
            return false;
    }
    return true;
}

/* A lower-case copy without a final dot; a backslash is doubled, as the presentation form wants. */
static struct text name_copy(struct arena *arena, struct text name)
{
    char *copy = arena_take(arena, 2 * name.len + 1);
    size_t len = 0;
    if (!copy)
        return TEXT_NONE;
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '\\')
            copy[len++] = '\\';
        copy[len++] = char_lower(name.at[i]);
    }
    return (struct text){copy, len};
}

void lookup_start(struct lookup *l, struct arena *arena, struct text name, uint16_t type)
{
    *l = (struct lookup){.arena = arena, .type = type};
    if (name.len && name.at[name.len - 1] == '.')
        name.len--;
    if (!name_is_askable(name)) {
        l->outcome = LOOKUP_VOID;
        return;
    }
    l->name = name_copy(arena, name);
    if (!l->name.at)
        trouble(l, "out of memory");
}

bool lookup_next(struct lookup *l, struct dns_question *out)
{
    if (l->outcome != LOOKUP_RUNNING || l->asked)
        return false;
    l->asked = true;
    *out = (struct dns_question){.name = l->name, .type = l->type, .recurse = true};
    return true;
}

static const struct dns_record *answer_find(const struct dns_message *m, struct text owner,
                                            uint16_t type)
{
    for (uint32_t i = 0; i < m->records_len; i++)
        if (m->records[i].section == DNS_ANSWER && m->records[i].type == type &&
            dname_eq(m->records[i].owner, owner))
            return &m->records[i];
    return NULL;
}

static bool record_copy(struct lookup *l, const struct dns_record *from)
{
    struct dns_record *to = &l->records[l->records_len++];
    *to = *from;
    to->owner = arena_text(l->arena, from->owner);
    to->name = arena_text(l->arena, from->name);
    to->txt = arena_text(l->arena, from->txt);
    return (to->owner.at || !from->owner.at) && (to->name.at || !from->name.at) &&
           (to->txt.at || !from->txt.at);
}

static void records_take(struct lookup *l, const struct dns_message *m, struct text owner)
{
    l->records = ARENA_ARRAY(l->arena, struct dns_record, m->records_len);
    if (!l->records) {
        trouble(l, "out of memory");
        return;
    }
    for (uint32_t i = 0; i < m->records_len; i++) {
        const struct dns_record *r = &m->records[i];
        if (r->section != DNS_ANSWER || r->type != l->type || !dname_eq(r->owner, owner))
            continue;
        if (!record_copy(l, r)) {
            trouble(l, "out of memory");
            return;
        }
    }
    l->outcome = LOOKUP_FOUND;
}

/* Follows the aliases in this reply to *end. False: too many, or a loop.
 */
static bool aliases_follow(struct lookup *l, const struct dns_message *m, struct text *end)
{
    const struct dns_record *alias;
    while (!answer_find(m, *end, l->type) && (alias = answer_find(m, *end, DNS_TYPE_CNAME))) {
        if (++l->aliases > LOOKUP_ALIASES_MAX)
            return false;
        *end = alias->name;
    }
    return true;
}

static void answer_take(struct lookup *l, const struct dns_message *m)
{
    /* The message's own spelling of the question matches the owners of its records. */
    struct text start = m->question.len ? m->question : l->name, end = start;
    if (!aliases_follow(l, m, &end)) {
        trouble(l, "a chain of aliases has no end");
        return;
    }
    if (answer_find(m, end, l->type)) {
        records_take(l, m, end);
        return;
    }
    l->name_missing = m->rcode == DNS_RCODE_NXDOMAIN;
    l->outcome = LOOKUP_VOID;
    if (l->name_missing || dname_eq(start, end))
        return;
    l->outcome = LOOKUP_RUNNING;
    l->asked = false;
    l->name = arena_text(l->arena, end);
    if (!l->name.at)
        trouble(l, "out of memory");
}

void lookup_reply(struct lookup *l, const struct dns_reply *reply)
{
    const struct dns_message *m = &reply->message;
    if (l->outcome != LOOKUP_RUNNING)
        return;
    if (reply->outcome != DNS_ANSWERED)
        trouble(l, reply->trouble[0] ? reply->trouble : "no answer");
    else if (m->rcode != DNS_RCODE_NOERROR && m->rcode != DNS_RCODE_NXDOMAIN)
        trouble(l, dns_rcode_name(m->rcode));
    else if (m->truncated)
        trouble(l, "the answer is cut short");
    else
        answer_take(l, m);
}
