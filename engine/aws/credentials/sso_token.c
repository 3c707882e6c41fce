/*
 * Reads and replaces the cached token of an SSO session, shared with the AWS CLI and other
 * programs.
 *
 * Invariant: a refresh holds a lock on the file and has read the file after locking. A crash leaves
 * the old token or the new one, and at most an unused file beside.
 */
#include "sso_token.h"

#include "aws/json.h"
#include "base/escape.h"
#include "base/json_out.h"
#include "crypto/sha256.h"
#include "home.h"
#include "secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TOKEN_TEXT_MAX 16384 /* an access token has about 1 KB, a client secret about 4 KB */

static const char *const field_names[SSO_FIELDS] = {"accessToken",  "startUrl", "region",
                                                    "refreshToken", "clientId", "clientSecret"};

void sso_token_init(struct sso_token *t)
{
    *t = (struct sso_token){.expires = 0};
    for (unsigned i = 0; i < SSO_FIELDS; i++)
        buf_init(&t->texts[i], TOKEN_TEXT_MAX);
}

void sso_token_clear(struct sso_token *t)
{
    for (unsigned i = 0; i < SSO_FIELDS; i++)
        buf_wipe(&t->texts[i]);
}

enum err sso_token_path(struct text key, char out[PATH_LEN_MAX], struct why *why)
{
    char hash[SHA1_HEX_LEN];
    char home[PATH_LEN_MAX];
    if (!sha1_hex(key, hash))
        return why_set(why, ERR_NOMEM, "no memory for a hash");
    int len = snprintf(out, PATH_LEN_MAX, "%s/.aws/sso/cache/%s.json",
                       home_folder(home, sizeof home), hash);
    return len < PATH_LEN_MAX ? OK : why_set(why, ERR_LIMIT, "HOME is too long a path");
}

/* Parsing */

static void texts_take(struct sso_token *t, const struct json *json)
{
    struct text value;
    for (unsigned i = 0; i < SSO_FIELDS; i++) {
        if (!json_text(json_member(json, field_names[i]), &value))
            continue;
        buf_reset(&t->texts[i]);
        buf_add_text(&t->texts[i], value);
    }
}

static enum err token_check(const struct sso_token *t, struct why *why)
{
    for (unsigned i = 0; i < SSO_FIELDS; i++)
        if (t->texts[i].failed)
            return why_set(why, ERR_PROTO, "%s is too long", field_names[i]);
    struct text token = buf_text(&t->texts[SSO_ACCESS_TOKEN]);
    if (token.len == 0 || !text_is_visible(token)) /* the token becomes a header */
        return why_set(why, ERR_PROTO, "no usable accessToken");
    return OK;
}

static bool when_take(const struct json *json, const char *name, instant_us *out)
{
    struct text value;
    return json_text(json_member(json, name), &value) && when_parse(value, out);
}

enum err sso_token_parse(struct sso_token *t, struct text document, struct why *why)
{
    struct json *json = NULL;
    enum err err = json_parse(&json, document, why);
    if (!err) {
        texts_take(t, json);
        when_take(json, "registrationExpiresAt", &t->registration_expires);
        err = when_take(json, "expiresAt", &t->expires)
                  ? token_check(t, why)
                  : why_set(why, ERR_PROTO, "no expiresAt like 2026-05-20T08:30:00Z");
    }
    json_wipe(json);
    return err;
}

enum err sso_token_renew(struct sso_token *t, struct text document, instant_us now, struct why *why)
{
    struct json *json = NULL;
    double lasts_s = 0;
    enum err err = json_parse(&json, document, why);
    if (!err) {
        texts_take(t, json);
        if (!json_number(json_member(json, "expiresIn"), &lasts_s) || !(lasts_s > 0) ||
            lasts_s > SSO_TOKEN_S_MAX)
            err = why_set(why, ERR_PROTO, "the answer does not tell how long the token lasts");
        else
            err = token_check(t, why);
        if (!err)
            t->expires = now + SPAN_S((int64_t)lasts_s);
    }
    json_wipe(json);
    return err;
}

static void member_write(struct json_out *j, const char *name, struct text value)
{
    if (value.len)
        json_add_text(j, name, value);
}

void sso_token_write(const struct sso_token *t, struct buf *out)
{
    char at[WHEN_LEN];
    struct json_out j;
    json_init(&j, out);
    j.spaced = true;
    json_add_object(&j, NULL);
    for (unsigned i = 0; i < SSO_FIELDS; i++)
        member_write(&j, field_names[i], buf_text(&t->texts[i]));
    member_write(&j, "expiresAt", text_of(when_format(t->expires, at)));
    member_write(&j, "registrationExpiresAt", text_of(when_format(t->registration_expires, at)));
    json_end(&j);
    buf_add_char(out, '\n');
}

/* Files */

enum err sso_token_load(struct sso_token *t, const char *path, struct why *why)
{
    struct buf bytes;
    buf_init(&bytes, CREDENTIAL_ANSWER_MAX);
    enum err err = secret_file_read(&bytes, text_of(path), why);
    if (!err) {
        err = sso_token_parse(t, buf_text(&bytes), why);
        if (err)
            why_wrap(why, err, "%s", path);
    }
    buf_wipe(&bytes);
    return err;
}

static bool bytes_write(int fd, struct text bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno != EINTR)
            return false;
        bytes = text_from(bytes, n > 0 ? (size_t)n : 0);
    }
    return fsync(fd) == 0;
}

static enum err beside_write(const char *path, struct text bytes, struct why *why)
{
    char beside[PATH_LEN_MAX + 8];
    snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return why_set(why, ERR_IO, "cannot write beside %s: %s", path, strerror(errno));
    bool good = bytes_write(fd, bytes) && rename(beside, path) == 0;
    int error = errno;
    close(fd);
    if (!good)
        unlink(beside);
    return good ? OK : why_set(why, ERR_IO, "cannot replace %s: %s", path, strerror(error));
}

enum err sso_token_store(const struct sso_token *t, const char *path, struct why *why)
{
    struct buf bytes;
    buf_init(&bytes, SSO_FIELDS * TOKEN_TEXT_MAX * 2);
    sso_token_write(t, &bytes);
    enum err err = bytes.failed ? why_set(why, ERR_LIMIT, "the token is too long")
                                : beside_write(path, buf_text(&bytes), why);
    buf_wipe(&bytes);
    return err;
}

enum err sso_token_lock(const char *path, int *fd, struct why *why)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0)
        return why_set(why, ERR_IO, "cannot open %s: %s", path, strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return OK;
    close(*fd);
    *fd = -1;
    return why_set(why, ERR_BUSY, "%s is being refreshed by another process", path);
}
