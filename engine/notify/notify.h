/*
 * Notifications go out of the process here: to a file of JSON lines, to programs (hooks), to web
 * servers (webhooks), to a watcher of heartbeats, and figures to a file for Prometheus.
 *
 * Each output has a thread and a bounded queue of its own, so an output that hangs delays neither
 * the caller nor another output. An event for which a queue has no room is lost to that output
 * alone: it is counted, said once, and the next event that goes out has the count as "dropped".
 *
 *     notifier_open()                   everything that is wrong is said before anything begins
 *     notifier_tell(), notifier_beat()  as often as wished; never block
 *     notifier_say()                    now and then: trouble of outputs goes to the notices
 *     notifier_close()                  waits a while for what is queued
 *
 * One thread of the caller calls all functions. A process that is killed loses what was told and
 * not delivered yet; a problem that the next one tells again has the same event ID.
 *
 * Sources: healthchecks.io, "Pinging API"; Stripe, "Verify webhook signatures" (t=, v1=);
 * RFC 9110, section 10.2.3 (Retry-After).
 */
#ifndef MF_NOTIFY_H
#define MF_NOTIFY_H

#include "base/error.h"
#include "base/notices.h"
#include "base/text.h"
#include "base/when.h"
#include "model/notification.h"

struct notifier;

/* Texts are borrowed until notifier_close(). Zero and NULL: no such output. */
struct notify_config {
    const char *events;       /* a file, appended to; "-": standard output */
    const char *const *hooks; /* each a program with its arguments, split as by a shell */
    size_t hooks_len;
    const char *const *webhooks; /* each a URL, or env:NAME for a variable that holds it */
    size_t webhooks_len;
    const char *heartbeat;  /* likewise */
    const char *metrics;    /* a file, replaced; by notifier_metrics() */
    const char *ca_bundle;  /* PEM; NULL: the system's */
    span_us hook_timeout;   /* 0: HOOK_TIMEOUT_USUAL */
    struct notices notices; /* called by the caller's thread, inside the functions below */
};

#define HOOK_TIMEOUT_USUAL SPAN_S(30)
/* How long deliveries are waited for, by notifier_close() too: while a person waits; and by a sweep
 * that a timer has started, which may outlast a short outage of a server. */
#define NOTIFY_PATIENCE       SPAN_S(20)
#define NOTIFY_PATIENCE_TIMER SPAN_M(5)

enum notify_beat { BEAT_FAILED, BEAT_GOOD, BEAT_START }; /* URL/fail, URL, URL/start */

/* Is everything well that can be known without a connection? Opens nothing, starts nothing. */
enum err notify_vet(const struct notify_config *c, struct why *why);
/* Of the variable that signs webhooks. ERR_INPUT: it is set and empty, so that nothing would be
 * signed where somebody relies on it. */
enum err notify_secret_vet(struct why *why);
/* ERR_INPUT: as notify_vet(); ERR_IO: the file of events cannot be opened. */
enum err notifier_open(struct notifier **out, const struct notify_config *c, struct why *why);
/* Copies *what. Never blocks. */
void notifier_tell(struct notifier *n, const struct notification *what);
/* After a sweep, or at the end of a run. Of several that wait, the newest goes out. */
void notifier_beat(struct notifier *n, enum notify_beat beat);
/* The whole text of the metrics file (reports/metrics.h); copied. The newest wins. */
void notifier_metrics(struct notifier *n, struct text text);
/* Have all outputs of events delivered what they were given? *lost: so many deliveries since the
 * start were given up, of any of them. */
bool notifier_is_idle(const struct notifier *n, uint64_t *lost);
/* Says what went wrong since the last time, through the notices. The other functions do it too. */
void notifier_say(struct notifier *n);
/* Delivers what is queued, for at most `patience`, and frees; says so where it takes longer than
 * a second. NULL is fine. ERR_IO: something was
 * not delivered; *why says how much. */
enum err notifier_close(struct notifier *n, span_us patience, struct why *why);

#endif
