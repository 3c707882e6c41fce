/* Looks through the sections of both files for the one that was meant. */
#include "profile_missing.h"

#include "aws/slip.h"
#include "base/count.h"

#include <stdio.h>
#include <string.h>

#define NEAR_MAX 2 /* edits */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The profile that a section seems to be written for: [profile "a b"], [Profile a b], [a b]; empty
 * for sections of another kind. *has_word: it has the word "profile". */
static struct text named_by(struct text section, bool *has_word)
{
    static const struct text others[] = {TEXT("sso-session"), TEXT("services"), TEXT("plugins"),
                                         TEXT("preview")};
    const struct text word = TEXT("profile");
    section = slip_mended(section);
    for (size_t i = 0; i < COUNT(others); i++)
        if (text_starts(section, others[i]) &&
            (section.len == others[i].len || is_blank(section.at[others[i].len])))
            return TEXT_NONE;
    *has_word = section.len > word.len && is_blank(section.at[word.len]) &&
                text_eq_nocase(text_slice(section, 0, word.len), word);
    return slip_mended(*has_word ? text_from(section, word.len) : section);
}

/* The right spelling of the section of this profile. */
static void spell(const struct profile *p, enum profile_file file, char *out, size_t out_len)
{
    bool has_blank = text_find(text_of(p->name), ' ') < strlen(p->name);
    const char *quote = has_blank && file == PROFILE_IN_CONFIG ? "\"" : "";
    bool is_plain = file == PROFILE_IN_CREDENTIALS || strcmp(p->name, "default") == 0;
    snprintf(out, out_len, "[%s%s%s%s]", is_plain ? "" : "profile ", quote, p->name, quote);
}

bool profile_misspelt(const struct profile *p, struct why *why)
{
    char right[PROFILE_NAME_LEN + 16];
    for (unsigned file = 0; file < PROFILE_FILES; file++)
        for (uint32_t i = 0; i < p->files[file].len; i++) {
            const struct ini_entry *e = &p->files[file].entries[i];
            bool has_word;
            if (e->key.len || !text_eq(named_by(e->section, &has_word), text_of(p->name)) ||
                profile_reads(p, (enum profile_file)file, e->section))
                continue;
            spell(p, (enum profile_file)file, right, sizeof right);
            why_set(why, ERR_AUTH,
                    "%.300s:%u: [" TEXT_FMT "] is not read as profile \"%s\"; write %s",
                    p->paths[file], (unsigned)e->line, TEXT_ARG(text_slice(e->section, 0, 300)),
                    p->name, right);
            return true;
        }
    return false;
}

/* The nearest name of a profile in either file; empty: none is near. */
static struct text nearest(const struct profile *p)
{
    struct text name = text_of(p->name), mended = slip_mended(name), near = TEXT_NONE;
    unsigned best = (mended.len < 4 ? 1 : NEAR_MAX) + 1;
    for (unsigned file = 0; file < PROFILE_FILES; file++)
        for (uint32_t i = 0; i < p->files[file].len && best > 0; i++) {
            const struct ini_entry *e = &p->files[file].entries[i];
            bool has_word;
            struct text other = e->key.len ? TEXT_NONE : named_by(e->section, &has_word);
            if (other.len == 0)
                continue;
            unsigned distance =
                text_eq_nocase(other, mended) ? 0 : text_distance(other, mended, NEAR_MAX);
            if (distance < best) {
                best = distance;
                near = other;
            }
        }
    return near;
}

enum err profile_missing(const struct profile *p, const char *as, struct why *why)
{
    struct why meant = {""};
    struct text near = nearest(p);
    const char *slip = slip_of(text_of(p->name));
    if (!profile_misspelt(p, &meant) && near.len)
        snprintf(meant.text, sizeof meant.text, "did you mean \"" TEXT_FMT "\"?", TEXT_ARG(near));
    else if (!meant.text[0] && slip)
        snprintf(meant.text, sizeof meant.text, "%s", slip);
    return why_set(why, ERR_AUTH,
                   "profile \"%s\"%s%s%s%s is neither in %.200s nor in %.200s%s%.500s", p->name,
                   p->variable ? " (" : "", p->variable ? p->variable : "", p->variable ? ")" : "",
                   as, p->paths[PROFILE_IN_CONFIG], p->paths[PROFILE_IN_CREDENTIALS],
                   meant.text[0] ? "; " : "", meant.text);
}
