/*
 * What check has found, for programs: JSON with everything, or SARIF for code hosts. Complaints
 * about the manifest, or where it is sound the findings of its rows, at their places.
 */
#ifndef MF_CHECK_WRITTEN_H
#define MF_CHECK_WRITTEN_H

#include "manifests/manifest.h"
#include "reports/deliver.h"
#include "rules/judge.h"

struct check_found {
    struct text version; /* of the program */
    const struct complaints *complaints;
    const struct fleet *fleet;    /* NULL: there are complaints, so there is none */
    struct fleet_judge judge;     /* of the fleet, without tell */
    struct fleet_verdict verdict; /* once written */
};

/* Judges the fleet and writes; each a deliver_writer with ctx struct check_found. */
enum err check_json(void *ctx, struct sink *out, struct why *why);
enum err check_sarif(void *ctx, struct sink *out, struct why *why);

#endif
