/* The names of the profiles of both files, for a verb that goes through all of them. */
#include "credentials.h"

#include "profile.h"

/* The name that a section gives to a profile; at == NULL: it is another kind of section. */
static struct text name_of(struct text section, enum profile_file file)
{
    struct text rest = section, kind = TEXT("profile");
    bool is_bare = file == PROFILE_IN_CREDENTIALS || text_eq(section, TEXT("default"));
    if (!is_bare) {
        bool is_profile = text_starts(section, kind) && section.len > kind.len &&
                          (section.at[kind.len] == ' ' || section.at[kind.len] == '\t');
        rest = is_profile ? text_trim(text_from(section, kind.len)) : TEXT_NONE;
    }
    bool is_quoted = rest.len >= 2 && (rest.at[0] == '"' || rest.at[0] == '\'') &&
                     rest.at[rest.len - 1] == rest.at[0];
    return is_quoted ? text_slice(rest, 1, rest.len - 1) : rest;
}

static bool name_add(struct text name, struct arena *arena, struct text **names, uint32_t *len,
                     uint32_t *cap)
{
    for (uint32_t i = 0; i < *len; i++)
        if (text_eq((*names)[i], name))
            return true;
    if (*len == *cap) {
        struct text *more = arena_grow(arena, *names, sizeof *more, *len, cap);
        if (!more)
            return false;
        *names = more;
    }
    (*names)[*len] = arena_text(arena, name);
    return (*names)[(*len)++].at != NULL;
}

enum err credential_profiles(struct arena *arena, struct text **names, uint32_t *len,
                             struct why *why)
{
    static const enum profile_file order[] = {PROFILE_IN_CONFIG, PROFILE_IN_CREDENTIALS};
    struct profile p;
    const struct credential_request usual = {.region = TEXT_NONE};
    uint32_t cap = 0;
    bool fits = true;
    *names = NULL;
    *len = 0;
    enum err err = profile_open(&p, &usual, why);
    for (unsigned f = 0; err == OK && f < PROFILE_FILES; f++) {
        const struct ini *ini = &p.files[order[f]];
        for (uint32_t i = 0; fits && i < ini->len; i++) {
            struct text name = TEXT_NONE;
            if (ini->entries[i].key.len == 0)
                name = name_of(ini->entries[i].section, order[f]);
            fits = name.len == 0 || name_add(name, arena, names, len, &cap);
        }
    }
    profile_close(&p);
    return err == OK && !fits ? why_set(why, ERR_NOMEM, "out of memory") : err;
}
