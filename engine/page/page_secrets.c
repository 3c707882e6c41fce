/*
 * What the page is given in secret: the token from the environment, the TLS files, random bytes.
 */
#include "aws/credentials/secret_file.h"
#include "base/hex.h"
#include "page_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PEM_BYTES_MAX (1u << 20) /* a chain of certificates is under 10 KB */

enum err page_token_read(const char *name, struct text *token, struct why *why)
{
    *token = text_of(getenv(name));
    if (token->at && token->len >= PAGE_TOKEN_MIN && token->len <= PAGE_TOKEN_MAX &&
        text_is_visible(*token))
        return OK;
    bool is_there = token->at, is_short = token->len < PAGE_TOKEN_MIN;
    size_t len = token->len;
    *token = TEXT_NONE;
    if (!is_there)
        return why_set(why, ERR_INPUT,
                       "--token-env: the environment has no variable %s; expected the page's token "
                       "in it, at least %d characters",
                       name, PAGE_TOKEN_MIN);
    if (is_short || len > PAGE_TOKEN_MAX)
        return why_set(why, ERR_INPUT,
                       "--token-env: the token in %s has %zu characters; expected %d to %d, as "
                       "`openssl rand -hex 16` prints",
                       name, len, PAGE_TOKEN_MIN, PAGE_TOKEN_MAX);
    return why_set(why, ERR_INPUT,
                   "--token-env: the token in %s has blanks, control characters or characters "
                   "outside ASCII; expected none",
                   name);
}

enum err page_random(char *out, size_t len, struct why *why)
{
    unsigned char bytes[32];
    if (len > sizeof bytes || getrandom(bytes, len, 0) != (ssize_t)len)
        return why_set(why, ERR_IO, "the system gives no random bytes");
    hex_write(bytes, len, out);
    explicit_bzero(bytes, sizeof bytes);
    return OK;
}

/* wanted: what one line of the file must say. */
static enum err pem_read(struct buf *out, const char *option, const char *file, bool is_secret,
                         const char *wanted, const char *what, struct why *why)
{
    enum err err = is_secret ? secret_file_read_own(out, text_of(file), why)
                             : secret_file_read(out, text_of(file), why);
    if (err != OK)
        return why_wrap(why, err, "%s", option);
    struct text t = buf_text(out);
    size_t begin = text_find_text(t, TEXT("-----BEGIN "));
    struct text rest = text_from(t, begin);
    if (begin == t.len || text_find_text(rest, text_of(wanted)) == rest.len)
        return why_set(why, ERR_INPUT, "%s: %s has no %s in PEM (a line -----BEGIN ...%s)", option,
                       file, what, wanted);
    if (is_secret && text_find_text(rest, TEXT("ENCRYPTED")) < rest.len)
        return why_set(why, ERR_INPUT,
                       "%s: the key in %s is encrypted; expected one without a passphrase that its "
                       "owner alone may read",
                       option, file);
    buf_add_char(out, '\0');
    return out->failed ? why_set(why, ERR_LIMIT, "%s: %s is too long", option, file) : OK;
}

enum err page_tls_read(struct buf *cert, struct buf *key, const struct page_config *c,
                       struct why *why)
{
    buf_init(cert, PEM_BYTES_MAX);
    buf_init(key, PEM_BYTES_MAX);
    if (!c->cert_file || !c->key_file)
        return why_set(why, ERR_INPUT, "%s: HTTPS needs a certificate and its key; give %s, too",
                       c->cert_file ? "--tls-cert" : "--tls-key",
                       c->cert_file ? "--tls-key" : "--tls-cert");
    enum err err =
        pem_read(cert, "--tls-cert", c->cert_file, false, "CERTIFICATE-----", "certificate", why);
    return err == OK ? pem_read(key, "--tls-key", c->key_file, true, "PRIVATE KEY-----",
                                "private key", why)
                     : err;
}
