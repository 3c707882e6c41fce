/*
 * A provider: one place that AWS credentials can come from. Each has a file and a row in the table
 * of chain.c; nothing else knows how many there are. For the family of this folder.
 */
#ifndef MF_PROVIDER_H
#define MF_PROVIDER_H

#include "credentials.h"
#include "profile.h"

struct provider_input {
    const struct credential_request *request;
    const struct profile *profile; /* both files, read just now */
};

struct provider {
    const char *name;   /* "environment" */
    bool is_of_profile; /* the source is called "profile x" */
    bool needs_network; /* false: fetched when the source is opened, so that errors come early */
    /* Did the user set this one up? Reads the input and the environment only. */
    bool (*applies)(const struct provider_input *in);
    /* Fills *out (zeroed, expires WHEN_NEVER). now is 0 for a provider that needs no network. */
    enum err (*fetch)(const struct provider_input *in, instant_us now, struct credentials *out,
                      struct why *why);
};

extern const struct provider provider_environment;      /* environment.c */
extern const struct provider provider_credentials_file; /* static_keys.c */
extern const struct provider provider_config_file;
extern const struct provider provider_role; /* elsewhere.c, down to metadata */
extern const struct provider provider_web_identity;
extern const struct provider provider_sso;
extern const struct provider provider_login;
extern const struct provider provider_process;
extern const struct provider provider_container;

/* Copies and checks: both keys, printable characters only (they become HTTP headers), within the
 * bounds. The error names what is missing or wrong, never a value. */
enum err credentials_fill(struct credentials *out, struct text id, struct text secret,
                          struct text token, struct why *why);

/* The value of an environment variable; empty when it is not set. */
struct text environment_text(const char *name);

#endif
