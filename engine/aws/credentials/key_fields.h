/*
 * The four parts of temporary credentials, gathered from all formats. For the family of this room.
 */
#ifndef MF_KEY_FIELDS_H
#define MF_KEY_FIELDS_H

#include "base/buf.h"
#include "credentials.h"

enum key_field {
    KEY_FIELD_ID,
    KEY_FIELD_SECRET,
    KEY_FIELD_TOKEN,
    KEY_FIELD_EXPIRATION,
    KEY_FIELDS,
};

struct key_fields {
    struct buf texts[KEY_FIELDS];
};

void key_fields_init(struct key_fields *f);
void key_fields_clear(struct key_fields *f); /* wipes */
/* Replaces the field. */
void key_fields_put(struct key_fields *f, enum key_field field, struct text value);
/* Key and secret are needed; expires is WHEN_NEVER without an expiration. ERR_AUTH: something is
 * missing, too long or not printable; the error never holds a value. */
enum err key_fields_take(const struct key_fields *f, struct credentials *out, struct why *why);

/* Copies and checks: both keys, printable characters only (for HTTP headers), within the bounds.
 * The error names the missing or wrong part, never a value. */
enum err credentials_fill(struct credentials *out, struct text id, struct text secret,
                          struct text token, struct why *why);

/* The JSON of programs, containers and instances: AccessKeyId, SecretAccessKey, Expiration, and the
 * token under the name given. ERR_PROTO: not JSON; ERR_AUTH: not credentials. */
enum err key_json_read(struct text document, const char *token_name, struct credentials *out,
                       struct why *why);

#endif
