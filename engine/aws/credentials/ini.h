/*
 * The INI dialect of ~/.aws/config and ~/.aws/credentials, as botocore reads it. For the family.
 * Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
 *
 * Keys are case-insensitive. Lines that begin with # or ; are comments. A line that is indented
 * deeper than its key goes on with the value. The same section twice is one section; of the same
 * key twice the last one counts.
 */
#ifndef MF_INI_H
#define MF_INI_H

#include "base/buf.h"
#include "base/error.h"

struct ini_entry {
    struct text section; /* between the brackets, trimmed: profile "a b" */
    struct text key;     /* empty: the section's own line */
    struct text value;   /* with its line ends when it goes on */
    size_t indent;
};

/* Everything is a slice of bytes, so wiping those wipes all secrets. */
struct ini {
    struct buf bytes;
    struct ini_entry *entries;
    uint32_t len, cap;
};

void ini_init(struct ini *ini);
void ini_clear(struct ini *ini); /* wipes */

/* Reads a regular file. One that does not exist is empty. The error tells the line, never its
 * text, which may be a secret. */
enum err ini_read(struct ini *ini, const char *path, struct why *why);
/* Parses ini->bytes. */
enum err ini_parse(struct ini *ini, struct why *why);

/* kind "profile", name "a b" finds [profile "a b"]; kind "" finds [a b] and ["a b"]. */
bool ini_has_section(const struct ini *ini, const char *kind, struct text name);
/* at == NULL: not there. */
struct text ini_get(const struct ini *ini, const char *kind, struct text name, const char *key);

#endif
