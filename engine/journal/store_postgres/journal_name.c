/* Names of journals that are neither a URL of PostgreSQL nor meant as the name of a file. */
#include "store_postgres.h"

#include "base/count.h"
#include "base/text.h"

#include <unistd.h>

#define EXPECTED                                                                                   \
    "expected postgresql://HOST/DATABASE in lower case and with two slashes, or the name of a "    \
    "file"

/* "mysql" of "mysql://h/d": where there is none, the end of the name is. */
static size_t scheme_len(struct text name)
{
    size_t len = 0;
    while (len < name.len && (char_is_alnum(name.at[len]) || name.at[len] == '+' ||
                              name.at[len] == '-' || name.at[len] == '.'))
        len++;
    return len;
}

/* A file may be called "a:b", but not by accident "postgres:b". */
static bool has_scheme(struct text name, size_t len)
{
    struct text rest = text_from(name, len), scheme = text_slice(name, 0, len);
    if (len == 0 || !char_is_alpha(*name.at) || !text_starts(rest, TEXT(":")))
        return false;
    return text_starts(rest, TEXT(":/")) || text_eq_nocase(scheme, TEXT("postgres")) ||
           text_eq_nocase(scheme, TEXT("postgresql"));
}

/* The word of "host=/tmp dbname=d" that libpq knows; NULL: it begins with none. */
static const char *keyword_of(struct text name)
{
    static const char *const known[] = {"host",    "hostaddr", "port",     "dbname",  "user",
                                        "service", "password", "passfile", "sslmode", "options"};
    struct text rest = text_trim(name), word = text_trim(text_cut(&rest, '='));
    for (size_t i = 0; rest.at && i < COUNT(known); i++)
        if (text_eq_nocase(word, text_of(known[i])))
            return known[i];
    return NULL;
}

enum err journal_name_vet(const char *name, struct why *why)
{
    struct text t = text_of(name);
    bool is_path =
        text_starts(t, TEXT("/")) || text_starts(t, TEXT("./")) || text_starts(t, TEXT("../"));
    if (journal_is_postgres(name) || is_path)
        return OK;
    size_t len = scheme_len(t);
    if (has_scheme(t, len))
        return why_set(why, ERR_INPUT,
                       "the name of the journal begins with \"" TEXT_FMT
                       ":\", which is no URL of a journal: " EXPECTED
                       " (./NAME where it has such a "
                       "beginning)",
                       TEXT_ARG(text_slice(t, 0, len)));
    if (text_find_text(t, TEXT("://")) < t.len)
        return why_set(why, ERR_INPUT,
                       "the name of the journal has \"://\" in it and is no URL of "
                       "PostgreSQL: " EXPECTED);
    const char *keyword = keyword_of(t);
    if (keyword && access(name, F_OK) != 0)
        return why_set(why, ERR_INPUT,
                       "the name of the journal begins with \"%s=\", as a connection string of "
                       "PostgreSQL does, and only its URL is read here: " EXPECTED
                       ". A socket's folder is given as "
                       "postgresql:///DATABASE?host=/var/run/postgresql, a service as "
                       "postgresql:///?service=NAME",
                       keyword);
    return OK;
}
