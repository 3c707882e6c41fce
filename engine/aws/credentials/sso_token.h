/*
 * The token of "aws sso login" in ~/.aws/sso/cache: path, content and replacement. For the family
 * of this folder. Source: botocore tokens.py and utils.py; AWS SDKs and Tools Reference Guide, "IAM
 * Identity Center credential provider".
 */
#ifndef MF_SSO_TOKEN_H
#define MF_SSO_TOKEN_H

#include "base/bounds.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/when.h"

enum sso_field {
    SSO_ACCESS_TOKEN,
    SSO_START_URL,
    SSO_REGION,
    SSO_REFRESH_TOKEN,
    SSO_CLIENT_ID,
    SSO_CLIENT_SECRET,
    SSO_FIELDS,
};

struct sso_token {
    struct buf texts[SSO_FIELDS]; /* empty: not there */
    instant_us expires;
    instant_us registration_expires; /* 0: not there */
};

void sso_token_init(struct sso_token *t);
void sso_token_clear(struct sso_token *t); /* wipes */

/* ~/.aws/sso/cache/SHA1(key).json; key is the session's name, or the start URL without one. */
enum err sso_token_path(struct text key, char out[PATH_LEN_MAX], struct why *why);

/* Pure. ERR_PROTO: not a token. */
enum err sso_token_parse(struct sso_token *t, struct text document, struct why *why);
/* Pure: the answer of CreateToken laid over *t. */
enum err sso_token_renew(struct sso_token *t, struct text document, instant_us now,
                         struct why *why);
/* In botocore's format. */
void sso_token_write(const struct sso_token *t, struct buf *out);

/* ERR_GONE: no login yet. */
enum err sso_token_load(struct sso_token *t, const char *path, struct why *why);
/* Written beside, then renamed: a reader sees the old token or the new one, also after a crash. */
enum err sso_token_store(const struct sso_token *t, const char *path, struct why *why);

/* One refresh at a time over all processes: a refresh token is valid once. ERR_BUSY: held by
 * another process. Close *fd. */
enum err sso_token_lock(const char *path, int *fd, struct why *why);

#endif
