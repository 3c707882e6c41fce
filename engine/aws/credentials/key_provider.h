/*
 * A provider: one source of AWS credentials. Each has a file and a row in the table of chain.c;
 * only the table knows their number. For the family of this folder.
 */
#ifndef MF_KEY_PROVIDER_H
#define MF_KEY_PROVIDER_H

#include "aws/http_exchange.h"
#include "key_fields.h"
#include "profile.h"
#include "secrets.h"

/* The profiles on the way from a role to its source keys, to detect loops. */
struct role_trail {
    const char *profile; /* "": the manifest's account */
    const struct role_trail *before;
};

struct provider_input {
    const struct credential_request *request;
    const struct profile *profile; /* both files, read just now */
    const struct http_exchange *exchange;
    instant_us now;
    bool is_renewal;         /* the source has given keys before */
    struct secrets *secrets; /* NULL: none are remembered */
    const void *owner;       /* owner of the secrets of this source */
    /* Not NULL: this profile is the source_profile of these profiles. A source_profile stands
     * alone: no environment, container or instance replaces its keys. */
    const struct role_trail *trail;
};

struct key_provider {
    const char *name;   /* "environment" */
    bool is_of_profile; /* the source is called "profile x" */
    bool is_at_hand;    /* the keys are in files or the environment: out is never NULL */
    /* Did the user set this provider up? Reads the input and the environment only. */
    bool (*applies)(const struct provider_input *in);
    /* With a NULL out: checks the set-up; reads files at most, so mistakes show before the run.
     * Otherwise fills *out (zeroed, expires WHEN_NEVER). ERR_IO: asking again may help; ERR_AUTH,
     * ERR_INPUT: asking again will not help; ERR_BUSY: the program is ending. */
    enum err (*run)(const struct provider_input *in, struct credentials *out, struct why *why);
};

extern const struct key_provider provider_environment; /* environment.c */
extern const struct key_provider provider_role;        /* role.c */
extern const struct key_provider provider_web_identity;
extern const struct key_provider provider_sso;
extern const struct key_provider provider_credentials_file; /* static_keys.c */
extern const struct key_provider provider_login;
extern const struct key_provider provider_process;
extern const struct key_provider provider_config_file; /* static_keys.c */
extern const struct key_provider provider_container;
extern const struct key_provider provider_metadata;

/* chain.c: the first applicable provider in botocore's order; the error names the places
   searched. */
enum err provider_choose(const struct provider_input *in, const struct key_provider **out,
                         struct why *why);
/* The error for no keys anywhere; `metadata` is the clause about the metadata service. Returns
   ERR_AUTH. */
enum err provider_none(const struct provider_input *in, const char *metadata, struct why *why);
/* With a NULL out only vets. Fetched keys are among the secrets from then on. */
enum err provider_run(const struct key_provider *provider, const struct provider_input *in,
                      struct credentials *out, struct why *why);

/* Enters another secret before sending, for example a web identity token. ERR_NOMEM. */
enum err provider_secret(const struct provider_input *in, struct text secret, struct why *why);

/* static_keys.c: are there keys in either file, whole or not? */
bool profile_has_keys(const struct profile *p);

/* The value of an environment variable; empty when unset. */
struct text environment_text(const char *name);

#endif
