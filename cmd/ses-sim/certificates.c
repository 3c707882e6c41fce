/*
 * Duty: everything that ses-sim wants of OpenSSL: the hashes of Signature Version 4, and the
 * certificates of its front door. Invariant: the authority's key leaves this file nowhere, so
 * nobody can sign anything else with it.
 */
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEM_MAX (16u << 10)
#define DAY_S   86400L

struct pair {
    X509 *certificate;
    EVP_PKEY *key;
};

static void pair_clear(struct pair *p)
{
    X509_free(p->certificate);
    EVP_PKEY_free(p->key);
}

static bool extension_add(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = extension && X509_add_ext(x, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool serial_set(X509 *x)
{
    unsigned char bytes[8];
    uint64_t serial;
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    memcpy(&serial, bytes, sizeof serial);
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1) == 1;
}

static bool begin(struct pair *p, const char *common_name, X509 *issuer)
{
    p->key = EVP_EC_gen("P-256");
    p->certificate = X509_new();
    X509 *x = p->certificate;
    if (!p->key || !x || X509_set_version(x, 2) != 1 || !serial_set(x))
        return false;
    X509_NAME *name = X509_get_subject_name(x);
    return X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S) &&
           X509_gmtime_adj(X509_getm_notAfter(x), 30 * DAY_S) && X509_set_pubkey(x, p->key) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name,
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : name) == 1;
}

static bool authority_make(struct pair *p)
{
    return begin(p, "ses-sim authority", NULL) &&
           extension_add(p->certificate, p->certificate, NID_basic_constraints,
                         "critical,CA:TRUE,pathlen:0") &&
           extension_add(p->certificate, p->certificate, NID_key_usage,
                         "critical,keyCertSign,cRLSign") &&
           extension_add(p->certificate, p->certificate, NID_subject_key_identifier, "hash") &&
           X509_sign(p->certificate, p->key, EVP_sha256()) > 0;
}

static bool server_make(struct pair *p, const struct pair *authority)
{
    X509 *ca = authority->certificate;
    return begin(p, "ses-sim", ca) &&
           extension_add(p->certificate, ca, NID_basic_constraints, "critical,CA:FALSE") &&
           extension_add(p->certificate, ca, NID_key_usage, "critical,digitalSignature") &&
           extension_add(p->certificate, ca, NID_ext_key_usage, "serverAuth") &&
           extension_add(p->certificate, ca, NID_subject_alt_name,
                         "IP:127.0.0.1,IP:::1,DNS:localhost,DNS:*.ses-sim.localhost") &&
           extension_add(p->certificate, ca, NID_authority_key_identifier, "keyid") &&
           X509_sign(p->certificate, authority->key, EVP_sha256()) > 0;
}

static bool pem_write(struct buf *out, X509 *certificate, EVP_PKEY *key)
{
    char *bytes = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok =
        bio && (certificate ? PEM_write_bio_X509(bio, certificate) == 1
                            : PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    long len = ok ? BIO_get_mem_data(bio, &bytes) : 0;
    buf_add(out, bytes, (size_t)len);
    BIO_free(bio);
    return ok && !out->failed;
}

static enum err pem_store(const char *dir, const char *name, struct text pem, mode_t mode,
                          struct why *why)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return why_set(why, ERR_INPUT, "the name of the folder for certificates is too long");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return why_set(why, ERR_IO, "cannot write %s: %s", path, strerror(errno));
    ssize_t written = write(fd, pem.at, pem.len);
    if (close(fd) != 0 || written != (ssize_t)pem.len)
        return why_set(why, ERR_IO, "cannot write %s", path);
    return OK;
}

enum err certificates_make(const char *dir, struct buf *certificate, struct buf *key,
                           struct why *why)
{
    struct pair authority = {0}, server = {0};
    struct buf ca;
    enum err err = OK;
    buf_init(&ca, PEM_MAX);
    bool made = authority_make(&authority) && server_make(&server, &authority) &&
                pem_write(&ca, authority.certificate, NULL) &&
                pem_write(certificate, server.certificate, NULL) &&
                pem_write(key, NULL, server.key);
    if (!made)
        err = why_set(why, ERR_NOMEM, "OpenSSL cannot make certificates");
    else if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        err = why_set(why, ERR_IO, "cannot make %s: %s", dir, strerror(errno));
    if (err == OK)
        err = pem_store(dir, "ca.pem", buf_text(&ca), 0644, why);
    if (err == OK)
        err = pem_store(dir, "server.pem", buf_text(certificate), 0644, why);
    if (err == OK)
        err = pem_store(dir, "server-key.pem", buf_text(key), 0600, why);
    buf_clear(&ca);
    pair_clear(&authority);
    pair_clear(&server);
    return err;
}
