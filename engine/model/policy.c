/* How the value of each setting is reached, and the words of those that have words. */
#include "policy.h"

#include <assert.h>
#include <string.h>

#define FIELD(setting, member, column, key, type, most, usual)                                     \
    [SETTING_##setting] = {key, type, offsetof(struct policy, member), most, usual},

const struct policy_field policy_fields[POLICY_FIELDS] = {POLICY_LIST(FIELD)};

static const char *behavior_word(unsigned value)
{
    return behavior_name((enum behavior)value);
}

static const char *behavior_word_v1(unsigned value)
{
    return behavior_name_v1((enum behavior)value);
}

static const char *require_word(unsigned value)
{
    return require_name((enum dns_require)value);
}

static const char *(*const words[POLICY_FIELDS][POLICY_SPELLINGS])(unsigned value) = {
    [SETTING_BEHAVIOR] = {behavior_word, behavior_word_v1},
    [SETTING_REQUIRE] = {require_word},
};

static_assert(sizeof(enum behavior) == 4 && sizeof(enum dns_require) == 4 &&
                  sizeof(enum until) == 4 && sizeof(name_id) == 4,
              "words and names are reached as 32 bits");
static_assert(sizeof(span_us) == 8 && sizeof(finding_set) == 8,
              "numbers and rules are reached as 64 bits");

static bool is_short(const struct policy_field *field)
{
    return field->type == POLICY_WORD || field->type == POLICY_REGION || field->type == POLICY_NAME;
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

const char *policy_word(const struct policy_field *field, enum policy_spelling spelling,
                        unsigned value)
{
    const char *(*word)(unsigned) = words[field - policy_fields][spelling];
    assert(value <= field->most);
    return word ? word(value) : NULL;
}

bool policy_word_parse(const struct policy_field *field, struct text t, uint64_t *value)
{
    for (int spelling = 0; spelling < POLICY_SPELLINGS; spelling++) {
        for (*value = 0; *value <= field->most; ++*value) {
            const char *word = policy_word(field, (enum policy_spelling)spelling, (unsigned)*value);
            if (word && text_eq(t, text_of(word)))
                return true;
        }
    }
    return false;
}

bool policy_eq(const struct policy *a, const struct policy *b)
{
    for (int i = 0; i < POLICY_FIELDS; i++)
        if (policy_get(a, &policy_fields[i]) != policy_get(b, &policy_fields[i]))
            return false;
    return true;
}
