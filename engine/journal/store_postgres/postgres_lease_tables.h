/*
 * The tables of leases, as version 1 of the schema has them. "@." is the schema. Instants are the
 * server's (clock_timestamp()), spans and the instants of records are microseconds.
 *
 *   worker      each process that ever was one
 *   lease       a lane of SES for all runs, or a whole run that publishes (whole_run). worker NULL:
 *               nobody holds it; run and lane: for which it is held, or was last. next_call: spans,
 *               from next_call_told on
 *   run_shared  a run that workers carry, as all of them see it
 *   run_lane    its lanes. rest: 0 open, 1 ended, 2 stopped. granted: starts of the wave
 *               granted_wave
 *   carrier     which roles may carry which lanes, by "NUMBER/REGION" with * and ?; a lane that no
 *               row is for may be carried by every worker
 *
 * Who needs what: a reader selects all of them. A submitter inserts into lease, run_lane and
 * run_shared, takes leases away that have ended, and updates run_shared, the rest and the granted
 * starts of run_lane, and the state of a run. A worker inserts into worker, and updates when it was
 * seen and has ended, leases, the rest, the granted starts and who has tried of run_lane, the waves
 * of run_shared, the state of a run and the caller of a lane. Nobody but the owner of the tables
 * changes carrier.
 */
#ifndef MF_POSTGRES_LEASE_TABLES_H
#define MF_POSTGRES_LEASE_TABLES_H

#define POSTGRES_LEASE_TABLES                                                                      \
    "CREATE TABLE @.worker (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"                   \
    " name text NOT NULL, host text NOT NULL, pid bigint NOT NULL, version text NOT NULL,"         \
    " role name NOT NULL DEFAULT current_user,"                                                    \
    " begun timestamptz NOT NULL DEFAULT clock_timestamp(),"                                       \
    " seen timestamptz NOT NULL DEFAULT clock_timestamp(), ended timestamptz);"                    \
    "CREATE TABLE @.lease (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"                    \
    " number text NOT NULL, region text NOT NULL, whole_run bigint NOT NULL DEFAULT 0,"            \
    " epoch bigint NOT NULL DEFAULT 0, worker bigint, run bigint, lane bigint,"                    \
    " claimed timestamptz, expires timestamptz NOT NULL DEFAULT '-infinity',"                      \
    " quiet_until timestamptz NOT NULL DEFAULT '-infinity',"                                       \
    " call_timeout bigint NOT NULL DEFAULT 0, margin bigint NOT NULL DEFAULT 0,"                   \
    " resigned boolean NOT NULL DEFAULT true,"                                                     \
    " next_call_told timestamptz NOT NULL DEFAULT clock_timestamp(),"                              \
    " next_call bigint[] NOT NULL DEFAULT '{}',"                                                   \
    " rate_per_s double precision[] NOT NULL DEFAULT '{}',"                                        \
    " UNIQUE (number, region, whole_run)) WITH (fillfactor = 50);"                                 \
    "CREATE INDEX lease_worker ON @.lease (worker) WHERE worker IS NOT NULL;"                      \
    "CREATE TABLE @.run_shared (run bigint PRIMARY KEY, stops bigint NOT NULL,"                    \
    " is_paused bigint NOT NULL, pause_at bigint NOT NULL, pause_user text NOT NULL,"              \
    " pause_host text NOT NULL, pause_uid bigint NOT NULL, pause_pid bigint NOT NULL,"             \
    " rate_per_s double precision NOT NULL, has_waves bigint NOT NULL,"                            \
    " wave bigint NOT NULL, numbered bigint NOT NULL, left_of text NOT NULL,"                      \
    " good bigint NOT NULL, size bigint NOT NULL, started bigint NOT NULL, open bigint NOT NULL,"  \
    " expired bigint NOT NULL, failed bigint NOT NULL, failed_max bigint NOT NULL,"                \
    " waves_paused bigint NOT NULL, reason text NOT NULL)"                                         \
    " WITH (fillfactor = 50);"                                                                     \
    "CREATE TABLE @.run_lane (run bigint, lane bigint, lease bigint NOT NULL,"                     \
    " account text NOT NULL, rest bigint NOT NULL DEFAULT 0,"                                      \
    " granted_wave bigint NOT NULL DEFAULT 0, granted bigint NOT NULL DEFAULT 0,"                  \
    " tried_by text NOT NULL DEFAULT '', tried_why text NOT NULL DEFAULT '',"                      \
    " tried_at timestamptz, PRIMARY KEY (run, lane));"                                             \
    "CREATE INDEX run_lane_lease ON @.run_lane (lease, run);"                                      \
    "CREATE TABLE @.carrier (role name NOT NULL, lanes text NOT NULL, PRIMARY KEY (role, lanes));"

#endif
