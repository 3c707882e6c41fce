/* Reads the host of an MX as its writer meant it. */
#include "near_miss.h"

#include "base/count.h"
#include "base/dname.h"
#include "feedback.h"
#include "model/region.h"

#include <stdio.h>
#include <string.h>

#define EDITS_MAX 2 /* typing mistakes; three make another word of "amazonses" */

/* The bytes of a name in presentation form, its dots included: "10\032host\.example" gives
 * "10 host.example". */
static struct text name_bytes(struct text name, char out[FEEDBACK_HOST_LEN])
{
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < FEEDBACK_HOST_LEN; i++) {
        struct text digits = text_slice(name, i + 1, i + 4);
        uint64_t byte;
        if (name.at[i] != '\\' || i + 1 == name.len) {
            out[len++] = name.at[i];
        } else if (digits.len == 3 && text_to_u64(digits, &byte) && byte < 256) {
            out[len++] = (char)byte;
            i += 3;
        } else {
            out[len++] = name.at[++i];
        }
    }
    return (struct text){out, len};
}

static bool is_outer(char c)
{
    return (unsigned char)c <= ' ' || (unsigned char)c >= 0x7f || strchr("\"'`<>()[];,.", c);
}

/* Without a priority in front, and without blanks, quotation marks and the like at both ends. */
static struct text host_meant(struct text t, bool *has_priority)
{
    while (t.len && is_outer(t.at[0]))
        t = text_from(t, 1);
    size_t digits = 0, behind;
    while (digits < t.len && char_is_digit(t.at[digits]))
        digits++;
    behind = digits;
    while (behind < t.len && (is_outer(t.at[behind]) || strchr(":-_/=", t.at[behind])))
        behind++;
    *has_priority = digits > 0 && behind < t.len;
    if (*has_priority)
        t = text_from(t, behind);
    while (t.len && is_outer(t.at[t.len - 1]))
        t.len--;
    return t;
}

/* What stands in front of the zone that a panel has appended. */
static struct text zone_cut(struct text t)
{
    const struct text ends = TEXT(".amazonses.com");
    size_t at = text_find_text(t, ends);
    return at < t.len ? text_slice(t, 0, at + ends.len) : t;
}

/* SES's own domain, a host right in it, or one of a Region. */
static bool is_of_ses(struct text host)
{
    struct text label = text_from(host, text_find(host, '.') + 1);
    struct text region = text_cut(&label, '.');
    unsigned labels = dname_labels(host);
    return text_eq(host, TEXT("amazonses.com")) ||
           (text_ends(host, TEXT(".amazonses.com")) &&
            (labels == 3 || (labels == 4 && region_is_plausible(region))));
}

static bool is_typing_mistake(struct text pattern, struct text host)
{
    char wanted[FEEDBACK_HOST_LEN];
    struct text label = host, region = TEXT("us-east-1");
    for (int labels = 0; labels < 3 && label.at; labels++) {
        struct text one = text_cut(&label, '.');
        if (region_has_ses(one))
            region = one;
    }
    feedback_host_make(pattern, region, wanted);
    return text_distance(host, text_of(wanted), EDITS_MAX) <= EDITS_MAX;
}

bool near_feedback_host(struct text pattern, struct text host, char fault[NEAR_FAULT_LEN])
{
    char bytes[FEEDBACK_HOST_LEN];
    struct text found, raw = name_bytes(host, bytes);
    bool has_priority;
    fault[0] = '\0';
    if (feedback_host_parse(pattern, host, &found))
        return false;
    struct text meant = host_meant(raw, &has_priority);
    struct text first = text_slice(meant, 0, text_find(meant, '.'));
    if (has_priority && feedback_host_parse(pattern, zone_cut(meant), &found))
        snprintf(fault, NEAR_FAULT_LEN, "the priority stands inside the host");
    else if (feedback_host_parse(pattern, zone_cut(meant), &found) &&
             !text_eq(zone_cut(meant), raw) && meant.len != raw.len)
        snprintf(fault, NEAR_FAULT_LEN,
                 "blanks or signs around the name have become part of the host");
    else if (feedback_host_parse(pattern, meant, &found))
        snprintf(fault, NEAR_FAULT_LEN, "escaped dots have become part of a label");
    else if (text_eq(meant, TEXT("feedback-smtp.amazonses.com")))
        snprintf(fault, NEAR_FAULT_LEN, "no Region stands in the host");
    else if (is_of_ses(meant))
        snprintf(fault, NEAR_FAULT_LEN,
                 "no bounces come to that host of SES; feedback hosts begin with feedback-smtp");
    else if (first.len && is_typing_mistake(pattern, meant))
        snprintf(fault, NEAR_FAULT_LEN, "the host has a typing mistake");
    return fault[0] != '\0';
}
