/* Names of variables, and the look into the environment. */
#include "variables.h"

#include <stdlib.h>

#define NAMED(variable) [variable] = #variable

static const char *const names[AWS_VARIABLES] = {
    NAMED(AWS_PROFILE),
    NAMED(AWS_DEFAULT_PROFILE),
    NAMED(AWS_CONFIG_FILE),
    NAMED(AWS_SHARED_CREDENTIALS_FILE),
    NAMED(AWS_REGION),
    NAMED(AWS_DEFAULT_REGION),
    NAMED(AWS_ENDPOINT_URL),
    NAMED(AWS_ENDPOINT_URL_SES),
    NAMED(AWS_ENDPOINT_URL_SESV2),
    NAMED(AWS_ENDPOINT_URL_STS),
    NAMED(AWS_ENDPOINT_URL_SSO),
    NAMED(AWS_ENDPOINT_URL_SSO_OIDC),
    NAMED(AWS_ENDPOINT_URL_ROUTE_53),
    NAMED(AWS_ENDPOINT_URL_ORGANIZATIONS),
    NAMED(AWS_IGNORE_CONFIGURED_ENDPOINT_URLS),
    NAMED(AWS_USE_FIPS_ENDPOINT),
    NAMED(AWS_USE_DUALSTACK_ENDPOINT),
    NAMED(AWS_CA_BUNDLE),
    NAMED(AWS_DISABLE_CLOCK_SKEW_CORRECTION),
};

const char *aws_variable_name(enum aws_variable v)
{
    return names[v];
}

const char *aws_variable_value(enum aws_variable v)
{
    const char *value = getenv(names[v]);
    return value && value[0] ? value : NULL;
}
