#include "web_certificate.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>

#define DAY_S (24L * 60 * 60)

static void extension_add(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert(e);
    X509_add_ext(certificate, e, -1);
    X509_EXTENSION_free(e);
}

/* Signed by issuer, or by itself when that is NULL. */
static X509 *certificate_make(EVP_PKEY *key, const char *name, const char *hosts, long days_left,
                              const X509 *issuer, EVP_PKEY *issuer_key)
{
    static long serial;
    X509 *x = X509_new();
    assert(x);
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -10 * DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(x), days_left * DAY_S);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
    extension_add(x, NID_basic_constraints, hosts ? "CA:FALSE" : "critical,CA:TRUE");
    if (hosts)
        extension_add(x, NID_subject_alt_name, hosts);
    int signature_len = X509_sign(x, issuer ? issuer_key : key, EVP_sha256());
    assert(signature_len > 0);
    return x;
}

static void certificate_write(X509 *x, const char *path)
{
    FILE *f = fopen(path, "w");
    assert(f);
    PEM_write_X509(f, x);
    fclose(f);
}

SSL_CTX *web_context_make(enum web_security security, const char *ca_path)
{
    const char *hosts =
        security == WEB_OTHER_HOST ? "DNS:elsewhere.example" : "IP:127.0.0.1,DNS:localhost";
    EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *ca = certificate_make(ca_key, "test authority", NULL, 1, NULL, NULL);
    X509 *other = certificate_make(key, "another authority", NULL, 1, NULL, NULL);
    bool self_signed = security == WEB_SELF_SIGNED;
    X509 *leaf = certificate_make(key, "test server", hosts, security == WEB_EXPIRED ? -1 : 1,
                                  self_signed ? NULL : ca, ca_key);
    certificate_write(self_signed || security == WEB_UNKNOWN_CA ? other : ca, ca_path);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert(context);
    SSL_CTX_use_certificate(context, leaf);
    SSL_CTX_use_PrivateKey(context, key);
    if (security == WEB_OLD_TLS) {
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    }
    X509_free(ca);
    X509_free(other);
    X509_free(leaf);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
    return context;
}
