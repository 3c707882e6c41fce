/* One function for each kind of value; what real reporters write beside the standard is in here. */
#include "report_values.h"

#include "base/bounds.h"
#include "base/count.h"
#include "rules/idna.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define INSTANT_FIRST_S 86400u        /* RFC 9990 has a sample of 1979, and 0 is no instant */
#define INSTANT_END_S   7258118400u   /* 2200-01-01 */
#define MILLISECONDS_AT 100000000000u /* the year 5138 in seconds, 1973 in milliseconds */

static const char *const RESULTS[AUTH_RESULTS] = {
    [AUTH_NONE] = "none",           [AUTH_PASS] = "pass",           [AUTH_FAIL] = "fail",
    [AUTH_SOFTFAIL] = "softfail",   [AUTH_NEUTRAL] = "neutral",     [AUTH_POLICY] = "policy",
    [AUTH_TEMPERROR] = "temperror", [AUTH_PERMERROR] = "permerror", [AUTH_OTHER] = "other",
};

const char *auth_result_name(enum auth_result r)
{
    return RESULTS[r];
}

enum auth_result auth_result_of(struct text word)
{
    if (word.len == 0)
        return AUTH_NONE;
    for (unsigned i = 0; i < AUTH_OTHER; i++)
        if (text_eq_nocase(word, text_of(RESULTS[i])))
            return (enum auth_result)i;
    return text_eq_nocase(word, TEXT("hardfail")) ? AUTH_FAIL : AUTH_OTHER;
}

bool auth_word_is_pass(struct text word)
{
    return auth_result_of(word) == AUTH_PASS;
}

void disposition_copy(struct text word, char out[16])
{
    static const char *const WORDS[] = {"none", "pass", "quarantine", "reject"};
    out[0] = '\0';
    for (unsigned i = 0; i < COUNT(WORDS); i++)
        if (text_eq_nocase(word, text_of(WORDS[i])))
            snprintf(out, 16, "%s", WORDS[i]);
}

/* Bytes of a domain that is ASCII: those of host names and the few that are seen in DNS beside. */
static bool is_domain(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!char_is_alnum(t.at[i]) && !memchr("-._", t.at[i], 3))
            return false;
    return t.len && t.at[0] != '.' && text_find_text(t, TEXT("..")) == t.len;
}

static bool is_ascii(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.at[i] > 0x7f)
            return false;
    return true;
}

struct text report_domain(struct text given, char out[DNAME_LEN_MAX + 1])
{
    struct text t = text_trim(given), name = TEXT_NONE;
    const char *fault;
    if (t.len && t.at[0] == '<')
        t = text_from(t, 1);
    if (text_ends(t, TEXT(">")))
        t.len--;
    size_t at = text_rfind(t, '@');
    if (at < t.len)
        t = text_from(t, at + 1);
    bool fits = is_ascii(t) ? dname_normalize(t, out, &name) : idna_to_ascii(t, out, &name, &fault);
    return fits && is_domain(name) ? name : TEXT_NONE;
}

bool report_instant(struct text given, instant_us *out)
{
    uint64_t n;
    struct text whole = given, fraction = TEXT_NONE;
    size_t dot = text_find(given, '.');
    if (dot < given.len) {
        whole = text_slice(given, 0, dot);
        fraction = text_from(given, dot + 1);
    }
    for (size_t i = 0; i < fraction.len; i++)
        if (!char_is_digit(fraction.at[i]))
            return false;
    if (!text_to_u64(whole, &n))
        return false;
    if (n >= MILLISECONDS_AT)
        n /= 1000;
    if (n < INSTANT_FIRST_S || n >= INSTANT_END_S)
        return false;
    *out = (instant_us)n * 1000000;
    return true;
}

bool report_count(struct text given, uint64_t *out)
{
    return text_to_u64(given, out) && *out <= EVIDENCE_COUNT_MAX;
}

bool report_address(struct text given)
{
    char name[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    if (given.len == 0 || given.len >= sizeof name || memchr(given.at, '\0', given.len))
        return false;
    memcpy(name, given.at, given.len);
    name[given.len] = '\0';
    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}
