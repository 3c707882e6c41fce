/*
 * The variables of the environment that say how AWS is to be reached: one table for those that read
 * them (settings.h, credentials/profile.h), hand them on in a command to be pasted, or name them.
 * None of them is a secret or names one; those are read where keys are read (credentials/).
 * Source: AWS SDKs and Tools Reference Guide, "Environment variables list".
 */
#ifndef MF_VARIABLES_H
#define MF_VARIABLES_H

/* Each is called as its variable. */
enum aws_variable {
    AWS_PROFILE,
    AWS_DEFAULT_PROFILE,
    AWS_CONFIG_FILE,
    AWS_SHARED_CREDENTIALS_FILE,
    AWS_REGION,
    AWS_DEFAULT_REGION,
    AWS_ENDPOINT_URL,
    AWS_ENDPOINT_URL_SES,
    AWS_ENDPOINT_URL_SESV2,
    AWS_ENDPOINT_URL_STS,
    AWS_ENDPOINT_URL_SSO,
    AWS_ENDPOINT_URL_SSO_OIDC,
    AWS_ENDPOINT_URL_ROUTE_53,
    AWS_ENDPOINT_URL_ORGANIZATIONS,
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS,
    AWS_USE_FIPS_ENDPOINT,
    AWS_USE_DUALSTACK_ENDPOINT,
    AWS_CA_BUNDLE,
    AWS_DISABLE_CLOCK_SKEW_CORRECTION,
    AWS_VARIABLES,
};

const char *aws_variable_name(enum aws_variable v);
/* NULL: it is not set, or empty. Valid until the environment changes, which nothing here does. */
const char *aws_variable_value(enum aws_variable v);

#endif
