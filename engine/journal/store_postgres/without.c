/* Of a build without PostgreSQL: every door says so. */
#include "store_postgres.h"

static enum err refuse(const char *url, struct why *why)
{
    char shown[POSTGRES_SHOWN_MAX];
    return why_set(why, ERR_INPUT,
                   "journal %s is in PostgreSQL, and this mailfrom was built without it "
                   "(-DMAILFROM_POSTGRES=OFF): use a build with it, or a journal in a file",
                   postgres_journal_shown(url, shown));
}

enum err journal_open_postgres(struct journal **out, const char *url, enum journal_mode mode,
                               const struct notices *n, struct why *why)
{
    (void)mode;
    (void)n;
    *out = NULL;
    return refuse(url, why);
}

enum err postgres_journal_init(const char *url, const struct notices *n,
                               char made[POSTGRES_MADE_MAX], struct why *why)
{
    (void)n;
    *made = '\0';
    return refuse(url, why);
}

enum err postgres_journal_migrate(const char *url, const struct notices *n,
                                  char made[POSTGRES_MADE_MAX], struct why *why)
{
    return postgres_journal_init(url, n, made, why);
}
