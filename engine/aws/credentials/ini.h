/*
 * The INI dialect of ~/.aws/config and ~/.aws/credentials, as in botocore. For the family. Source:
 * AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
 *
 * Keys are case-insensitive. Lines beginning with # or ; are comments. A line indented deeper than
 * its key continues the value. A repeated section continues the first; of a repeated key the last
 * one counts.
 */
#ifndef MF_INI_H
#define MF_INI_H

#include "base/buf.h"
#include "base/error.h"

struct ini_entry {
    struct text section; /* between the brackets, trimmed: profile "a b" */
    struct text key;     /* empty: the section's own line */
    struct text value;   /* with line ends when continued */
    size_t indent;
    uint32_t line; /* from 1 */
};

/* Every text is a slice of bytes, so wiping bytes wipes all secrets. */
struct ini {
    struct buf bytes;
    struct ini_entry *entries;
    uint32_t len, cap;
};

void ini_init(struct ini *ini);
void ini_clear(struct ini *ini); /* wipes */

/* Reads a regular file. A missing file is empty. The error tells the line, never the text, perhaps
 * a secret. */
enum err ini_read(struct ini *ini, const char *path, struct why *why);
/* Parses ini->bytes. */
enum err ini_parse(struct ini *ini, struct why *why);

/* kind "profile", name "a b" finds [profile "a b"]; kind "" finds [a b] and ["a b"]. */
bool ini_section_is(struct text section, const char *kind, struct text name);
bool ini_has_section(const struct ini *ini, const char *kind, struct text name);
/* at == NULL: not there. */
struct text ini_get(const struct ini *ini, const char *kind, struct text name, const char *key);

#endif
