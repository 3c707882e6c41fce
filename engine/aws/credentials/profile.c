/* Reads one profile from both files; where each value comes from is kept for messages. */
#include "profile.h"

#include "aws/slip.h"
#include "aws/variables.h"
#include "base/count.h"
#include "home.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum aws_variable path_variables[PROFILE_FILES] = {AWS_SHARED_CREDENTIALS_FILE,
                                                                AWS_CONFIG_FILE};
static const char *const path_defaults[PROFILE_FILES] = {"~/.aws/credentials", "~/.aws/config"};

/* "$NAME" or "${NAME}" at the front of *t; an unset variable stays as written. */
static bool variable_expand(struct buf *out, struct text *t)
{
    char name[128];
    bool braces = t->len > 1 && t->at[1] == '{';
    size_t start = braces ? 2 : 1, end = start;
    while (end < t->len && (char_is_alnum(t->at[end]) || t->at[end] == '_'))
        end++;
    if (end == start || (braces && (end == t->len || t->at[end] != '}')))
        return false;
    snprintf(name, sizeof name, TEXT_FMT, TEXT_ARG(text_slice(*t, start, end)));
    const char *value = getenv(name);
    if (!value)
        return false;
    buf_add_str(out, value);
    *t = text_from(*t, end + braces);
    return true;
}

static enum err path_expand(const char *path, char **out, struct why *why)
{
    struct buf expanded;
    struct text rest = text_of(path);
    char home[PATH_LEN_MAX];
    buf_init(&expanded, PATH_LEN_MAX - 1);
    if (*home_folder(home, sizeof home) &&
        (text_eq(rest, TEXT("~")) || text_starts(rest, TEXT("~/")))) {
        buf_add_str(&expanded, home);
        rest = text_from(rest, 1);
    }
    while (rest.len) {
        if (rest.at[0] == '$' && variable_expand(&expanded, &rest))
            continue;
        buf_add_char(&expanded, rest.at[0]);
        rest = text_from(rest, 1);
    }
    bool fits = !expanded.failed;
    *out = fits ? strdup(expanded.at ? expanded.at : "") : NULL;
    buf_clear(&expanded);
    if (!fits)
        return why_set(why, ERR_LIMIT, "the path %.200s is too long", path);
    return *out ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

static enum err name_put(struct profile *p, struct text name, struct why *why)
{
    if (name.len >= sizeof p->name)
        return why_set(why, ERR_INPUT, "a profile name is longer than %d characters",
                       PROFILE_NAME_LEN - 1);
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] < ' ' || name.at[i] == 0x7f)
            return why_set(why, ERR_INPUT, "a profile name holds control characters%s%s",
                           slip_of(name) ? ": " : "", slip_of(name) ? slip_of(name) : "");
    snprintf(p->name, sizeof p->name, TEXT_FMT, TEXT_ARG(name));
    return OK;
}

/* In the config file every profile but the default one has the word "profile" before the name. The
 * default profile may have the word too, and then this section counts. */
static const char *kind_in(const struct profile *p, enum profile_file file)
{
    struct text name = text_of(p->name);
    if (file == PROFILE_IN_CREDENTIALS)
        return "";
    bool bare =
        text_eq(name, TEXT("default")) && !ini_has_section(&p->files[file], "profile", name);
    return bare ? "" : "profile";
}

bool profile_reads(const struct profile *p, enum profile_file file, struct text section)
{
    return ini_section_is(section, kind_in(p, file), text_of(p->name));
}

static void presence_note(struct profile *p)
{
    p->is_found = false;
    for (unsigned i = 0; i < PROFILE_FILES; i++)
        p->is_found |= ini_has_section(&p->files[i], kind_in(p, i), text_of(p->name));
}

/* Does the environment alone set credentials up, so that the files are not needed? */
static bool files_are_spare(const struct credential_request *r)
{
    static const char *const variables[] = {"AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE",
                                            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                            "AWS_CONTAINER_CREDENTIALS_FULL_URI"};
    bool is_set_up = false;
    for (size_t i = 0; i < COUNT(variables); i++) {
        const char *value = getenv(variables[i]);
        is_set_up |= value && *value;
    }
    return is_set_up && !r->profile_is_explicit && !r->source_profile.len;
}

static enum err file_open(struct profile *p, enum profile_file file,
                          const struct credential_request *request, struct why *why)
{
    const char *path = aws_variable_value(path_variables[file]);
    enum err err = path_expand(path ? path : path_defaults[file], &p->paths[file], why);
    if (err)
        return err;
    err = ini_read(&p->files[file], p->paths[file], why);
    bool is_unread = err && err != ERR_NOMEM && p->files[file].bytes.len == 0;
    if (!is_unread || !files_are_spare(request))
        return err;
    p->unread = *why;
    return OK;
}

enum err profile_open(struct profile *p, const struct credential_request *request, struct why *why)
{
    static const enum aws_variable names[] = {AWS_PROFILE, AWS_DEFAULT_PROFILE};
    *p = (struct profile){.is_named = false};
    for (unsigned i = 0; i < PROFILE_FILES; i++)
        ini_init(&p->files[i]);
    struct text name = request->profile;
    for (size_t i = 0; i < COUNT(names) && name.len == 0; i++) {
        name = text_of(aws_variable_value(names[i]));
        p->variable = name.len ? aws_variable_name(names[i]) : NULL;
    }
    p->is_named = name.len > 0;
    enum err err = name_put(p, name.len ? name : TEXT("default"), why);
    if (err && p->variable)
        why_wrap(why, err, "%s", p->variable);
    for (unsigned i = 0; i < PROFILE_FILES && !err; i++)
        err = file_open(p, (enum profile_file)i, request, why);
    if (!err)
        presence_note(p);
    return err;
}

enum err profile_select(struct profile *other, const struct profile *p, struct text name,
                        struct why *why)
{
    *other = *p;
    other->is_named = true;
    other->variable = NULL;
    enum err err = name_put(other, name, why);
    if (!err)
        presence_note(other);
    return err;
}

void profile_close(struct profile *p)
{
    for (unsigned i = 0; i < PROFILE_FILES; i++) {
        ini_clear(&p->files[i]);
        free(p->paths[i]);
    }
}

/* botocore keeps " # note" in the value, other SDKs remove such a note. No key, Region or path
 * holds a blank before a hash, so removing is safe. */
static struct text without_comment(struct text t)
{
    for (size_t i = 1; i < t.len; i++)
        if ((t.at[i] == '#' || t.at[i] == ';') && (t.at[i - 1] == ' ' || t.at[i - 1] == '\t'))
            return text_trim(text_slice(t, 0, i));
    return t;
}

struct text profile_get_in(const struct profile *p, enum profile_file file, const char *key)
{
    return without_comment(ini_get(&p->files[file], kind_in(p, file), text_of(p->name), key));
}

struct text profile_get(const struct profile *p, const char *key)
{
    struct text value = profile_get_in(p, PROFILE_IN_CREDENTIALS, key);
    return value.at ? value : profile_get_in(p, PROFILE_IN_CONFIG, key);
}

struct text profile_get_whole(const struct profile *p, const char *key)
{
    struct text name = text_of(p->name), value = TEXT_NONE;
    for (unsigned i = 0; i < PROFILE_FILES && !value.at; i++)
        value = ini_get(&p->files[i], kind_in(p, (enum profile_file)i), name, key);
    return value;
}

bool profile_has(const struct profile *p, const char *key)
{
    return profile_get(p, key).len > 0;
}

bool profile_section_is(const struct profile *p, const char *kind, struct text name)
{
    return ini_has_section(&p->files[PROFILE_IN_CONFIG], kind, name);
}

struct text profile_section_get(const struct profile *p, const char *kind, struct text name,
                                const char *key)
{
    return without_comment(ini_get(&p->files[PROFILE_IN_CONFIG], kind, name, key));
}
