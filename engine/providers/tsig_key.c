/* Reads keys for TSIG in the three ways in which programs write them. */
#include "tsig_key.h"

#include "aws/credentials/secret_file.h"
#include "aws/credentials/secrets.h"
#include "base/base64.h"
#include "base/bounds.h"
#include "base/count.h"

#include <stdio.h>
#include <string.h>

#define WORD_LEN 300 /* more than a name (253) or a secret (172) has */

void tsig_key_wipe(struct tsig_key *key)
{
    explicit_bzero(key, sizeof *key);
}

static bool name_set(struct tsig_key *key, struct text name)
{
    struct text normal, rest;
    if (!text_is_visible(name) || !dname_normalize(name, key->name, &normal) || normal.len == 0)
        return false;
    rest = normal;
    while (rest.at) {
        struct text label = text_cut(&rest, '.');
        if (label.len == 0 || label.len > DLABEL_LEN_MAX)
            return false;
    }
    return true;
}

static bool algorithm_set(struct tsig_key *key, struct text algorithm)
{
    static const char *const known[] = {"hmac-sha256", "hmac-sha384", "hmac-sha512"};
    if (text_ends(algorithm, TEXT(".")))
        algorithm.len--;
    for (size_t i = 0; i < COUNT(known); i++)
        if (text_eq_nocase(algorithm, text_of(known[i]))) {
            snprintf(key->algorithm, sizeof key->algorithm, "%s", known[i]);
            return true;
        }
    return false;
}

static bool algorithm_is_weak(struct text algorithm)
{
    static const char *const weak[] = {"hmac-md5", "hmac-sha1", "hmac-sha224"};
    for (size_t i = 0; i < COUNT(weak); i++) {
        struct text name = text_of(weak[i]);
        if (text_eq_nocase(text_slice(algorithm, 0, name.len), name))
            return true;
    }
    return false;
}

enum err tsig_key_set(struct tsig_key *key, struct text name, struct text algorithm,
                      struct text secret_base64, struct why *why)
{
    size_t len = 0;
    enum err err = OK;
    *key = (struct tsig_key){0};
    if (!name_set(key, name))
        err = why_set(why, ERR_INPUT,
                      "found a name of the key that is no domain name, expected one such as "
                      "\"mailfrom.example.net\"");
    else if (!algorithm_set(key, algorithm))
        err = why_set(why, ERR_INPUT,
                      "key %s: %s, expected hmac-sha256, hmac-sha384 or hmac-sha512", key->name,
                      algorithm_is_weak(algorithm) ? "found an algorithm that is too weak"
                                                   : "found an unknown algorithm");
    else if (!base64_read(secret_base64, key->secret, sizeof key->secret, &len) || len == 0)
        err = why_set(why, ERR_INPUT,
                      "key %s: found a secret that is no base64 of 1 to %d bytes, expected one as "
                      "tsig-keygen or keymgr prints it",
                      key->name, TSIG_SECRET_MAX);
    key->secret_len = (uint32_t)len;
    if (err != OK)
        tsig_key_wipe(key);
    return err;
}

/* ---- files ---- */

struct key_text {
    struct text file, all;
    size_t at;
    struct why *why;
};

/* A key in the making. Texts are of the file. */
struct key_draft {
    struct text name, algorithm, secret;
    size_t at; /* where it begins */
};

static enum err source_refuse(const struct key_text *s, size_t at, const char *what)
{
    size_t line = 1, begin = 0;
    for (size_t i = 0; i < at && i < s->all.len; i++)
        if (s->all.at[i] == '\n') {
            line++;
            begin = i + 1;
        }
    return why_set(s->why, ERR_INPUT, TEXT_FMT ":%zu:%zu: %s", TEXT_ARG(s->file), line,
                   at - begin + 1, what);
}

static enum err draft_take(struct tsig_key *key, const struct key_text *s,
                           const struct key_draft *d)
{
    struct why inner;
    enum err err = OK;
    if (key->name[0])
        err = source_refuse(s, d->at, "found a second key, expected a file with one key");
    else if (!d->name.len || !d->algorithm.len || !d->secret.len)
        err = source_refuse(s, d->at,
                            !d->name.len        ? "found a key without a name"
                            : !d->algorithm.len ? "found a key without an algorithm"
                                                : "found a key without a secret");
    else if (tsig_key_set(key, d->name, d->algorithm, d->secret, &inner) != OK)
        err = source_refuse(s, d->at, inner.text);
    return err;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Past blanks and the comments of BIND: from "#" or "//" to the end of the line, and between marks.
 */
static void skip(struct key_text *s)
{
    for (;;) {
        struct text rest = text_from(s->all, s->at);
        if (rest.len && is_blank(rest.at[0])) {
            s->at++;
        } else if (text_starts(rest, TEXT("#")) || text_starts(rest, TEXT("//"))) {
            s->at += text_find(rest, '\n');
        } else if (text_starts(rest, TEXT("/*"))) {
            size_t end = text_find_text(text_from(rest, 2), TEXT("*/"));
            s->at += end + 4 <= rest.len ? end + 4 : rest.len;
        } else {
            return;
        }
    }
}

/* The next word, with or without quotes, or one of "{};"; empty at the end. */
static struct text token(struct key_text *s)
{
    skip(s);
    struct text rest = text_from(s->all, s->at);
    size_t len = 0;
    if (rest.len && rest.at[0] == '"') {
        len = text_find(text_from(rest, 1), '"');
        s->at += len + 2 <= rest.len ? len + 2 : rest.len;
        return text_slice(rest, 1, 1 + len);
    }
    while (len < rest.len && !is_blank(rest.at[len]) && !memchr("{};\"", rest.at[len], 4))
        len++;
    if (len == 0 && rest.len)
        len = 1;
    s->at += len;
    return text_slice(rest, 0, len);
}

/* BIND's clause, from behind its first word. */
static enum err clause_read(struct key_text *s, struct key_draft *d)
{
    d->name = token(s);
    if (!text_eq(token(s), TEXT("{")))
        return source_refuse(s, d->at, "expected key \"NAME\" { algorithm ...; secret \"...\"; };");
    for (;;) {
        skip(s);
        size_t at = s->at;
        struct text word = token(s);
        if (text_eq(word, TEXT("}")))
            break;
        struct text value = token(s);
        struct text *to = text_eq(word, TEXT("algorithm")) ? &d->algorithm
                          : text_eq(word, TEXT("secret"))  ? &d->secret
                                                           : NULL;
        if (!to || to->len || !text_eq(token(s), TEXT(";")))
            return source_refuse(s, at,
                                 "expected \"algorithm NAME;\" and \"secret BASE64;\", each once");
        *to = value;
    }
    token(s); /* ";" */
    return OK;
}

static enum err clauses_read(struct tsig_key *key, struct key_text *s)
{
    enum err err = OK;
    while (err == OK) {
        skip(s);
        struct key_draft d = {.at = s->at};
        struct text word = token(s);
        if (word.len == 0)
            break;
        err = text_eq(word, TEXT("key")) ? clause_read(s, &d)
                                         : source_refuse(s, d.at, "expected a clause \"key\"");
        if (err == OK)
            err = draft_take(key, s, &d);
    }
    return err;
}

/* Knot's list: each entry begins with "-", each line is "word: value". */
static enum err list_read(struct tsig_key *key, struct key_text *s)
{
    struct key_draft d = {0};
    enum err err = OK;
    struct text rest = s->all;
    bool is_open = false;
    while (err == OK && rest.at) {
        size_t at = (size_t)(rest.at - s->all.at);
        struct text line = text_cut(&rest, '\n');
        if (text_ends(line, TEXT("\r")))
            line.len--;
        line = text_trim(line);
        if (line.len == 0 || line.at[0] == '#' || text_eq(line, TEXT("key:")))
            continue;
        if (line.at[0] == '-') {
            err = is_open ? draft_take(key, s, &d) : OK;
            d = (struct key_draft){.at = at};
            is_open = true;
            line = text_trim(text_from(line, 1));
        }
        struct text value = line, word = text_cut(&value, ':');
        struct text *to = text_eq(word, TEXT("id"))          ? &d.name
                          : text_eq(word, TEXT("algorithm")) ? &d.algorithm
                          : text_eq(word, TEXT("secret"))    ? &d.secret
                                                             : NULL;
        if (err == OK && (!is_open || !to || to->len))
            err =
                source_refuse(s, at, "expected id, algorithm and secret below \"key:\", each once");
        if (err != OK)
            break;
        value = text_trim(value);
        if (value.len > 1 && value.at[0] == value.at[value.len - 1] &&
            memchr("\"'", value.at[0], 2))
            value = text_slice(value, 1, value.len - 1);
        *to = value;
    }
    return err == OK && is_open ? draft_take(key, s, &d) : err;
}

/* [algorithm:]name:secret, where no part has a colon. */
static enum err words_read(struct tsig_key *key, struct key_text *s)
{
    struct key_draft d = {.at = s->at, .algorithm = TEXT("hmac-sha256")};
    struct text rest = token(s), first = text_cut(&rest, ':'), second = text_cut(&rest, ':');
    d.name = rest.at ? second : first;
    d.algorithm = rest.at ? first : d.algorithm;
    d.secret = rest.at ? rest : second;
    skip(s);
    if (s->at < s->all.len)
        return source_refuse(s, s->at, "expected nothing behind the key");
    return d.secret.len ? draft_take(key, s, &d) : OK;
}

enum err tsig_key_parse(struct tsig_key *key, struct text file, struct text content,
                        struct why *why)
{
    struct key_text s = {.file = file, .all = content, .why = why};
    *key = (struct tsig_key){0};
    skip(&s);
    struct text rest = text_from(content, s.at);
    struct text word = text_slice(rest, 0, 3);
    enum err err;
    if (text_starts(rest, TEXT("key:")))
        err = list_read(key, &s);
    else if (text_eq(word, TEXT("key")) &&
             (rest.len == 3 || is_blank(rest.at[3]) || rest.at[3] == '"'))
        err = clauses_read(key, &s);
    else
        err = words_read(key, &s);
    if (err == OK && !key->name[0])
        err = source_refuse(&s, 0,
                            "found no key, expected what tsig-keygen or keymgr -t prints, or one "
                            "line ALGORITHM:NAME:SECRET");
    if (err != OK)
        tsig_key_wipe(key);
    return err;
}

enum err tsig_key_hide(const struct tsig_key *key, struct secrets *secrets, struct why *why)
{
    struct text secret = {(const char *)key->secret, key->secret_len};
    return secrets_put(secrets, NULL, secret, why);
}

enum err tsig_key_read(struct tsig_key *key, struct text file, struct secrets *secrets,
                       struct why *why)
{
    struct buf bytes;
    buf_init(&bytes, TSIG_FILE_MAX);
    *key = (struct tsig_key){0};
    enum err err = secret_file_read_own(&bytes, file, why);
    if (err == OK)
        err = tsig_key_parse(key, file, buf_text(&bytes), why);
    buf_wipe(&bytes);
    if (err == OK)
        err = tsig_key_hide(key, secrets, why);
    if (err != OK)
        tsig_key_wipe(key);
    return err;
}
