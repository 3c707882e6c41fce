/* Cuts "schema=NAME" and "team=NAME" out of the options of a URL; the rest is libpq's to read. */
#include "postgres_url.h"

#include "base/text.h"
#include "store_postgres.h"

#include <stdio.h>
#include <string.h>

bool journal_is_postgres(const char *name)
{
    struct text t = text_of(name);
    return text_starts(t, TEXT("postgresql://")) || text_starts(t, TEXT("postgres://"));
}

static bool is_name(struct text t, size_t room)
{
    if (t.len == 0 || t.len >= room || char_is_digit(*t.at) || text_starts(t, TEXT("pg_")))
        return false;
    for (size_t i = 0; i < t.len; i++)
        if (t.at[i] != '_' && (!char_is_alnum(t.at[i]) || char_lower(t.at[i]) != t.at[i]))
            return false;
    return true;
}

static enum err name_take(const char *what, struct text name, char *out, size_t room,
                          struct why *why)
{
    if (!is_name(name, room))
        return why_set(why, ERR_INPUT,
                       "has the %s '" TEXT_FMT "': expected at most %zu lower-case letters, digits "
                       "and _, of which the first is no digit, such as %s=mail_a",
                       what, TEXT_ARG(name), room - 1, what);
    snprintf(out, room, TEXT_FMT, TEXT_ARG(name));
    return OK;
}

enum err postgres_url_read(struct postgres_url *out, const char *url, struct why *why)
{
    struct text options = text_of(url), head = text_cut(&options, '?');
    char mark = '?';
    *out = (struct postgres_url){.schema = SCHEMA_DEFAULT};
    if (!journal_is_postgres(url))
        return why_set(why, ERR_INPUT,
                       "is no URL of PostgreSQL: expected postgresql://HOST/DATABASE");
    if (strlen(url) >= sizeof out->conninfo)
        return why_set(why, ERR_LIMIT, "is longer than %d bytes", URL_LEN_MAX - 1);
    int len = snprintf(out->conninfo, sizeof out->conninfo, TEXT_FMT, TEXT_ARG(head));
    enum err err = OK;
    while (err == OK && options.len) {
        struct text one = text_cut(&options, '&');
        if (text_starts(one, TEXT("schema="))) {
            err = name_take("schema", text_from(one, 7), out->schema, sizeof out->schema, why);
            continue;
        }
        if (text_starts(one, TEXT("team="))) {
            err = name_take("team", text_from(one, 5), out->team, sizeof out->team, why);
            continue;
        }
        len += snprintf(out->conninfo + len, sizeof out->conninfo - (size_t)len, "%c" TEXT_FMT,
                        mark, TEXT_ARG(one));
        mark = '&';
    }
    return err;
}

/* "postgresql://HOST:PORT/DATABASE": what lies between "//" and "@" is a user, and what comes
 * behind "?" may name files. A password with a "?" in it hides where the host begins. */
char *postgres_journal_shown(const char *url, char out[POSTGRES_SHOWN_MAX])
{
    struct text rest = text_of(url), head = text_cut(&rest, '?');
    size_t slashes = text_find_text(head, TEXT("//"));
    struct text scheme = text_slice(head, 0, slashes + 2), where = text_from(head, slashes + 2);
    size_t at = text_rfind(where, '@');
    if (at < where.len)
        where = text_from(where, at + 1);
    else if (text_find(rest, '@') < text_find(rest, '='))
        where = TEXT("...");
    snprintf(out, POSTGRES_SHOWN_MAX, TEXT_FMT TEXT_FMT, TEXT_ARG(scheme), TEXT_ARG(where));
    return out;
}

char *postgres_journal_bare(const char *url, char *out)
{
    struct text options = text_of(url), head = text_cut(&options, '?');
    size_t slashes = text_find_text(head, TEXT("//"));
    struct text where = text_from(head, slashes + 2), path = where;
    struct text authority = text_cut(&path, '/');
    size_t at = text_rfind(authority, '@');
    if (at < authority.len)
        where = text_from(where, at + 1);
    size_t room = strlen(url) + 1;
    int len = snprintf(out, room, TEXT_FMT "//" TEXT_FMT, TEXT_ARG(text_slice(head, 0, slashes)),
                       TEXT_ARG(where));
    char mark = '?';
    while (options.len) {
        struct text one = text_cut(&options, '&');
        if (text_starts(one, TEXT("user=")))
            continue;
        len += snprintf(out + len, room - (size_t)len, "%c" TEXT_FMT, mark, TEXT_ARG(one));
        mark = '&';
    }
    return out;
}
