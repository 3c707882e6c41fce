/*
 * A journal in a database of PostgreSQL, which several workers share. Nothing but this room is
 * linked with libpq.
 *
 * Its name is a URL, postgresql:// or postgres://, as libpq knows it, with two words more:
 * "schema=NAME" names the schema of the tables ("mailfrom"), so that several fleets may live in one
 * database; "team=ROLE" gives the runs that are begun to that role of the database, so that only
 * its members see them (row-level security). A password comes by libpq's own means and never by the
 * URL. What is lost with the connection is ERR_AWAY; every function is back within 10 s or a small
 * multiple of them.
 *
 * Of a build without PostgreSQL (-DMAILFROM_POSTGRES=OFF) every function here says so.
 */
#ifndef MF_STORE_POSTGRES_H
#define MF_STORE_POSTGRES_H

#include "base/notices.h"
#include "journal/journal.h"

/* Does --journal name a database? */
bool journal_is_postgres(const char *name);
/* ERR_INPUT: a name that was meant as a database and is not a URL that this room reads, such as
 * "postgresql:/d", "mysql://h/d" or "host=/tmp"; taken for a file, it would begin a journal that
 * nobody shares. The sentence repeats no more of it than the scheme or the keyword. */
enum err journal_name_vet(const char *name, struct why *why);
/* The URL without what is nobody's business, for messages: no user, no options. Returns out. */
#define POSTGRES_SHOWN_MAX 200
char *postgres_journal_shown(const char *url, char out[POSTGRES_SHOWN_MAX]);

/* The URL without its user; out has room for the whole URL. Returns out. */
char *postgres_journal_bare(const char *url, char *out);

/* The tables must be there (journal init): ERR_GONE where they are not, in each mode. ERR_INPUT:
 * they are of another version; *why says which program to use. JOURNAL_READ writes nothing. *n is
 * told of a connection that does not prove the server; n may be NULL. */
enum err journal_open_postgres(struct journal **out, const char *url, enum journal_mode mode,
                               const struct notices *n, struct why *why);

/* Makes the tables and the roles NAME_reader, NAME_submitter and NAME_worker (NAME: the schema).
 * Where they are there already: OK, and nothing is changed, also no right that was taken back
 * since. Where the roles were not there then, and are now or can be made: they are given their
 * rights. *made: what was done, as a sentence. */
#define POSTGRES_MADE_MAX 300
enum err postgres_journal_init(const char *url, const struct notices *n,
                               char made[POSTGRES_MADE_MAX], struct why *why);
/* Brings the tables of an older program up to this one's, and gives all rights anew if there was
 * anything to bring. ERR_GONE: there are none. */
enum err postgres_journal_migrate(const char *url, const struct notices *n,
                                  char made[POSTGRES_MADE_MAX], struct why *why);

#endif
