/*
 * TSIG keys in writing, as the programs of DNS servers write them:
 *
 *     key "name" { algorithm hmac-sha256; secret "base64"; };     tsig-keygen of BIND
 *     key:                                                        keymgr -t of Knot DNS
 *       - id: name
 *         algorithm: hmac-sha256
 *         secret: base64
 *     hmac-sha256:name:base64                                     knsupdate -y, dig -y
 *
 * HMAC-SHA-256 and stronger are taken (RFC 8945, section 6), and one key of a file.
 */
#ifndef MF_TSIG_KEY_H
#define MF_TSIG_KEY_H

#include "base/error.h"
#include "providers.h"

struct secrets; /* aws/credentials/secrets.h */

/* name: with or without a final dot. ERR_INPUT: what is wrong with it; no sentence shows the
 * secret. Like the others below: after an error *key is wiped. */
enum err tsig_key_set(struct tsig_key *key, struct text name, struct text algorithm,
                      struct text secret_base64, struct why *why);
/* Pure. file: its name, for the sentence ("tsig.key:2:3: ..."); content: all of it. */
enum err tsig_key_parse(struct tsig_key *key, struct text file, struct text content,
                        struct why *why);
/* Reads the file, which only its owner may be able to read. The secret is hidden from now on
 * (secrets NULL: it is not). ERR_GONE: no such file. */
enum err tsig_key_read(struct tsig_key *key, struct text file, struct secrets *secrets,
                       struct why *why);
/* The secret, as octets and in base64, is hidden from now on; secrets NULL: nothing is. */
enum err tsig_key_hide(const struct tsig_key *key, struct secrets *secrets, struct why *why);
void tsig_key_wipe(struct tsig_key *key);

#endif
