/* What each setting of a policy is called, and how its value is reached. */
#include "policy.h"

#include "base/bounds.h"

#include <assert.h>
#include <string.h>

static const char *behavior_word(unsigned value)
{
    return behavior_name((enum behavior)value);
}

static const char *require_word(unsigned value)
{
    return require_name((enum dns_require)value);
}

const struct policy_field policy_fields[POLICY_FIELDS] = {
    {"behavior", POLICY_WORD, offsetof(struct policy, behavior), BEHAVIOR_REJECT_MESSAGE,
     behavior_word},
    {"require", POLICY_WORD, offsetof(struct policy, require), REQUIRE_NONE, require_word},
    {"mx_region", POLICY_NAME, offsetof(struct policy, mx_region), 0, NULL},
    {"timeout_us", POLICY_NUMBER, offsetof(struct policy, timeout_us), MANIFEST_TIMEOUT_MAX, NULL},
    {"accept", POLICY_RULES, offsetof(struct policy, accept), 0, NULL},
    {NULL, POLICY_WORD, offsetof(struct policy, until), UNTIL_SET, NULL},
    {"owner", POLICY_NAME, offsetof(struct policy, owner), 0, NULL},
    {"records_format", POLICY_NAME, offsetof(struct policy, records_format), 0, NULL},
};

static_assert(sizeof(enum behavior) == 4 && sizeof(enum dns_require) == 4 &&
                  sizeof(enum until) == 4 && sizeof(name_id) == 4,
              "words and names are reached as 32 bits");
static_assert(sizeof(span_us) == 8 && sizeof(finding_set) == 8,
              "numbers and rules are reached as 64 bits");

static bool is_short(const struct policy_field *field)
{
    return field->type == POLICY_WORD || field->type == POLICY_NAME;
}

uint64_t policy_get(const struct policy *p, const struct policy_field *field)
{
    const char *at = (const char *)p + field->offset;
    uint32_t value_short;
    uint64_t value;
    if (is_short(field)) {
        memcpy(&value_short, at, sizeof value_short);
        return value_short;
    }
    memcpy(&value, at, sizeof value);
    return value;
}

void policy_put(struct policy *p, const struct policy_field *field, uint64_t value)
{
    char *at = (char *)p + field->offset;
    uint32_t value_short = (uint32_t)value;
    if (is_short(field))
        memcpy(at, &value_short, sizeof value_short);
    else
        memcpy(at, &value, sizeof value);
}

bool policy_word_parse(const struct policy_field *field, struct text t, uint64_t *value)
{
    for (*value = 0; *value <= field->most; ++*value)
        if (text_eq(t, text_of(field->word((unsigned)*value))))
            return true;
    return false;
}

bool policy_eq(const struct policy *a, const struct policy *b)
{
    for (int i = 0; i < POLICY_FIELDS; i++)
        if (policy_get(a, &policy_fields[i]) != policy_get(b, &policy_fields[i]))
            return false;
    return true;
}
