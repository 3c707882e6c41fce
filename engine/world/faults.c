/* Parses shares of faults, and draws from a hash whether one hits. */
#include "faults.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[FAULTS_LEN] = {
    [FAULT_THROTTLE] = "throttle",
    [FAULT_NOT_SENT] = "not-sent",
    [FAULT_LOST_BEFORE] = "lost-before",
    [FAULT_LOST_AFTER] = "lost-after",
    [FAULT_LATE] = "late",
    [FAULT_HTTP_500] = "http500",
    [FAULT_EXPIRED] = "expired",
    [FAULT_ODD] = "odd",
    [FAULT_STALE] = "stale",
    [FAULT_DNS_TIMEOUT] = "dns-timeout",
    [FAULT_DNS_SERVFAIL] = "dns-servfail",
    [FAULT_BUSY] = "busy",
    [FAULT_PARTIAL] = "partial",
    [FAULT_HOLLOW] = "hollow",
};

const char *fault_name(enum fault f)
{
    return names[f];
}

bool fault_hits(const struct faults *f, enum fault kind, uint64_t number)
{
    return f->share[kind] > 0 && hash_unit(f->seed, (uint64_t)kind, number) < f->share[kind];
}

static bool share_parse(struct text t, double *out)
{
    char copy[32];
    char *end;
    if (t.len == 0 || t.len >= sizeof copy)
        return false;
    memcpy(copy, t.at, t.len);
    copy[t.len] = '\0';
    *out = strtod(copy, &end);
    return *end == '\0' && *out >= 0 && *out <= 1;
}

enum err faults_parse(struct faults *f, struct text spec, struct why *why)
{
    while (spec.len) {
        struct text share = text_cut(&spec, ','), name = text_cut(&share, '=');
        int kind = 0;
        while (kind < FAULTS_LEN && !text_eq(name, text_of(names[kind])))
            kind++;
        if (kind == FAULTS_LEN)
            return why_set(why, ERR_INPUT, "there is no fault \"" TEXT_FMT "\"", TEXT_ARG(name));
        if (!share_parse(share, &f->share[kind]))
            return why_set(why, ERR_INPUT,
                           "fault " TEXT_FMT ": expected a share from 0 to 1, found \"" TEXT_FMT
                           "\"",
                           TEXT_ARG(name), TEXT_ARG(share));
    }
    return OK;
}

void faults_draw(struct faults *f, uint64_t seed)
{
    static const double shares[] = {0, 0, 0.01, 0.1};
    span_us stale_max = SPAN_S(5 + (int64_t)(hash_mix(seed, 78) % 120));
    *f = (struct faults){.seed = seed, .late_max = SPAN_M(2), .stale_max = stale_max};
    for (int kind = 0; kind < FAULTS_LEN; kind++)
        f->share[kind] = shares[hash_mix(hash_mix(seed, 77), (uint64_t)kind) % 4];
}
