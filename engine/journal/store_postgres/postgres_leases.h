/* Leases in PostgreSQL, for the files that are about them. */
#ifndef MF_POSTGRES_LEASES_H
#define MF_POSTGRES_LEASES_H

#include "postgres_inside.h"

/* postgres_leases.c */

/* Instants and spans in SQL. */
#define US_TO(span)       "(" span ") * interval '1 microsecond'"
#define US_LEFT(instant)  "(extract(epoch FROM " instant " - clock_timestamp()) * 1000000)::bigint"
#define US_SINCE(instant) "(extract(epoch FROM clock_timestamp() - " instant ") * 1000000)::bigint"

/* Is the lease l held by the worker w for the lane r? One that has ended may still be told so. */
#define IS_OF_LANE "l.run = r.run AND l.lane = r.lane"
/* As a literal it would depend on standard_conforming_strings. */
#define SQL_BACKSLASH "chr(92)"
/* May this role of the database carry the lease l? */
#define MAY_CARRY MAY_CARRY_OF("l")
#define MAY_CARRY_OF(lease)                                                                        \
    "(SELECT bool_or(coalesce(pg_has_role(p.oid, 'MEMBER'), false)) IS NOT FALSE"                  \
    " FROM @.carrier c"                                                                            \
    " LEFT JOIN pg_roles p ON p.rolname = c.role WHERE " lease ".number || '/' || " lease          \
    ".region LIKE"                                                                                 \
    " translate(replace(replace(replace(c.lanes, " SQL_BACKSLASH ", " SQL_BACKSLASH                \
    " || " SQL_BACKSLASH "), '%', " SQL_BACKSLASH " || '%'), '_', " SQL_BACKSLASH " || '_'),"      \
    " '*?', '%_'))"
/* The first open run that has the lane r before its own; NULL: none. */
#define WAITS_FOR                                                                                  \
    "(SELECT min(o.run) FROM @.run_lane o JOIN @.run u ON u.id = o.run WHERE o.lease = r.lease"    \
    " AND (o.run, o.lane) < (r.run, r.lane) AND o.rest = 0 AND u.state = 0)"

/* postgres_lease_views.c */
enum err postgres_workers(struct store *store,
                          bool (*fn)(void *ctx, const struct worker_view *view), void *ctx,
                          struct why *why);
enum err postgres_lanes(struct store *store, uint64_t run,
                        bool (*fn)(void *ctx, const struct lease_view *view), void *ctx,
                        struct why *why);

/* postgres_run_shared.c */
enum err postgres_look(struct store *store, uint64_t run, struct shared_run *view, struct why *why);
enum err postgres_lock_run(struct store *store, uint64_t run, struct shared_run *view,
                           struct why *why);
enum err postgres_open_run(struct store *store, uint64_t run, const struct shared_run *first,
                           struct why *why);
enum err postgres_open_lanes(struct store *store, uint64_t run, const struct lane_name *names,
                             uint32_t len, struct why *why);
enum err postgres_change_run(struct store *store, uint64_t run, const struct shared_run *view,
                             struct why *why);
enum err postgres_rest_lanes(struct store *store, uint64_t run, unsigned from, bool only_unheld,
                             enum lease_rest to, struct why *why);
enum err postgres_grant(struct store *store, uint64_t run, uint16_t lane, uint32_t wave,
                        int32_t change, uint32_t *granted, struct why *why);
enum err postgres_caller(struct store *store, uint64_t run, uint16_t lane,
                         struct lane_caller *caller, struct text *number, struct why *why);
enum err postgres_team(struct store *store, uint64_t run, char team[TEAM_LEN_MAX], struct why *why);

#endif
