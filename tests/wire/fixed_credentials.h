#ifndef MF_TEST_FIXED_CREDENTIALS_H
#define MF_TEST_FIXED_CREDENTIALS_H

#include "aws/credentials/credentials.h"

#include <stdatomic.h>

struct credential_source {
    bool broken;
    atomic_uint expired;
};

#endif
