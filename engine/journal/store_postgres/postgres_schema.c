/*
 * The tables, as text: the columns of journal/store.c, and what workers need beside them. "@" is
 * the schema. What the values mean is the journal's business; a number that changes its meaning
 * there needs a migration here. Instants of runs are microseconds UTC, as in every store; what is
 * about leases is the database's own time.
 *
 * A migration that was published is never changed: journals of its version are in people's
 * databases. What a later program wants otherwise is one more, at the end of the list.
 *
 * Who may do what: NAME_reader reads; NAME_submitter begins runs and gives them orders; NAME_worker
 * carries lanes. Nobody but the owner of the tables changes or deletes a record. Rows of a run that
 * has a team are there only for members of that role (row-level security); the others are there
 * for everybody who may read.
 */
#include "postgres_inside.h"

#include "postgres_lease_tables.h"
#include "postgres_leases.h"

static const char version_1_runs[] =
    "CREATE TABLE @.version (number integer NOT NULL);"
    "INSERT INTO @.version VALUES (1);"

    "CREATE SEQUENCE @.run_number;"
    "CREATE SEQUENCE @.record_number;"

    "CREATE TABLE @.run ("
    " id bigint PRIMARY KEY DEFAULT"
    " pg_catalog.nextval('@.run_number'::pg_catalog.regclass), verb bigint, state bigint,"
    " parent bigint, started bigint, stopped bigint, last bigint, seed bigint, jobs bigint,"
    " options text, version text, digest bytea, max_failures double precision,"
    " max_failures_percent bigint, guarded bigint, undigested bigint, last_record bigint,"
    " last_digest bigint, team name);"

    "CREATE TABLE @.wave (run bigint, place bigint, value double precision, percent bigint,"
    " PRIMARY KEY (run, place));"
    "CREATE TABLE @.account (run bigint, place bigint, name text, profile text, role_arn text,"
    " external_id text, source_profile text, account_id text, rate double precision,"
    " PRIMARY KEY (run, place));"
    "CREATE TABLE @.lane (run bigint, place bigint, account bigint, region text,"
    " caller_account text, caller_partition text, caller_arn text, begun_with text,"
    " PRIMARY KEY (run, place));"
    "CREATE TABLE @.policy (run bigint, place bigint, behavior bigint, require bigint,"
    " mx_region text, timeout bigint, accept bigint, until bigint, wave bigint, owner text,"
    " records_format text, PRIMARY KEY (run, place));"
    "CREATE TABLE @.file (run bigint, place bigint, name text, PRIMARY KEY (run, place));"
    "CREATE TABLE @.choice (run bigint, place bigint, identity text, mail_from text, lane bigint,"
    " policy bigint, file bigint, type bigint, guarded bigint, line bigint, col bigint,"
    " PRIMARY KEY (run, place));"
    "CREATE TABLE @.expected (run bigint, place bigint, mail_from text, behavior bigint,"
    " status bigint, or_mail_from text, or_behavior bigint, PRIMARY KEY (run, place));"
    "CREATE TABLE @.provider (run bigint, place bigint, kind bigint, zones text, account bigint,"
    " endpoint_url text, token_env text, server text, key_file text, key_name text,"
    " key_algorithm text, key_secret_env text, file bigint, line bigint, col bigint,"
    " PRIMARY KEY (run, place));"
    "CREATE TABLE @.target (run bigint, place bigint, name text, fleet_row bigint, ttl bigint,"
    " mx_preference bigint, mx_exchange text, txt text, with_mx bigint, with_txt bigint,"
    " PRIMARY KEY (run, place));"

    "CREATE TABLE @.record (run bigint, seq bigint, job bigint, at bigint, kind bigint,"
    " from_state bigint, write_mail_from text, write_behavior bigint, state bigint,"
    " action bigint, outcome bigint, reason text, before_known bigint, mail_from_before text,"
    " behavior_before bigint, seen_known bigint, mail_from_seen text, behavior_seen bigint,"
    " status_seen bigint, mx text, spf text, dmarc text, findings bigint, findings_json text,"
    " writes bigint, calls bigint, restarts bigint, attempts bigint, first_seen bigint,"
    " finished bigint, deadline bigint, verification bigint, accepted bigint, wave bigint,"
    " digest bigint, PRIMARY KEY (run, seq));"
    /* What has been sent, of all runs. */
    "CREATE INDEX record_sent ON @.record (seq) WHERE accepted > 0 OR kind IN (1, 2);"
    "CREATE TABLE @.published (run bigint, seq bigint, target bigint, at bigint, kind bigint,"
    " from_state bigint, state bigint, zone text, zone_id text, reason text, change bigint,"
    " mx_changed bigint, txt_changed bigint, txt_before text, txt_after text, calls bigint,"
    " PRIMARY KEY (run, seq));"
    "CREATE TABLE @.lane_note (run bigint, seq bigint GENERATED ALWAYS AS IDENTITY, lane bigint,"
    " at bigint, reason text, PRIMARY KEY (run, seq));"
    "CREATE TABLE @.control (run bigint, seq bigint GENERATED ALWAYS AS IDENTITY, kind bigint,"
    " at bigint, rate double precision, \"user\" text, uid bigint, pid bigint, host text,"
    " PRIMARY KEY (run, seq));"
    "CREATE TABLE @.rule (number bigint PRIMARY KEY, name text);"
    "CREATE TABLE @.asked (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text,"
    " type bigint, state bigint, at bigint);"
    "CREATE TABLE @.watched (number bigint PRIMARY KEY, account text, account_number text,"
    " region text, identity text, mail_from text, was_success bigint, looked bigint,"
    " verified bigint);"
    "CREATE TABLE @.watch_problem (number bigint PRIMARY KEY, watched bigint, kind text,"
    " level text, told text, since bigint, began bigint, well_since bigint, looks bigint);"
    "CREATE TABLE @.lost (run bigint PRIMARY KEY, kept bigint, what text);"

    /* Who carries what. */
    POSTGRES_LEASE_TABLES;

/* What SES told of DKIM. Reading it is the fourth action, so what leases say of others moves up. */
static const char version_2[] =
    "ALTER TABLE @.record ADD COLUMN dkim text;"
    "ALTER TABLE @.watched ADD COLUMN dkim text;"
    "ALTER TABLE @.watched ADD COLUMN dkim_asked bigint DEFAULT 0;"
    "UPDATE @.lease SET next_call = next_call[1:3] || 0::bigint"
    " || next_call[4:cardinality(next_call)] WHERE cardinality(next_call) > 3;"
    "UPDATE @.lease SET rate_per_s = rate_per_s[1:3] || 0::double precision"
    " || rate_per_s[4:cardinality(rate_per_s)] WHERE cardinality(rate_per_s) > 3;";

const char *const postgres_migrations[SCHEMA_VERSION_POSTGRES] = {version_1_runs, version_2};

/* Roles belong to the whole server. Who may not make them goes on without. */
#define ROLE(name)                                                                                 \
    "DO $make$ BEGIN CREATE ROLE " name                                                            \
    " NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege"      \
    " THEN NULL; END $make$;"
const char postgres_roles[] = ROLE("@_reader") ROLE("@_submitter") ROLE("@_worker");

#define TEAM_POLICY(table, column)                                                                 \
    "ALTER TABLE @." table " ENABLE ROW LEVEL SECURITY;"                                           \
    "DROP POLICY IF EXISTS team ON @." table ";"                                                   \
    "CREATE POLICY team ON @." table " USING (EXISTS (SELECT FROM @.run r WHERE r.id = " table     \
    "." column "));"

/* A loss may be of a run whose head is gone, and then nobody's: the function sees the heads that
 * the policy hides. */
#define LOST_POLICY                                                                                \
    "CREATE OR REPLACE FUNCTION @.has_run(number bigint) RETURNS boolean LANGUAGE sql STABLE"      \
    " SECURITY DEFINER SET search_path = pg_catalog, pg_temp"                                      \
    " AS $has$ SELECT EXISTS (SELECT FROM @.run WHERE id = number) $has$;"                         \
    "ALTER TABLE @.lost ENABLE ROW LEVEL SECURITY;"                                                \
    "DROP POLICY IF EXISTS team ON @.lost;"                                                        \
    "CREATE POLICY team ON @.lost USING (EXISTS (SELECT FROM @.run r WHERE r.id = lost.run)"       \
    " OR NOT @.has_run(lost.run));"

#define EVERY_ROLE "@_reader, @_submitter, @_worker"

const char postgres_rights[] =
    "ALTER TABLE @.run ENABLE ROW LEVEL SECURITY;"
    "DROP POLICY IF EXISTS team ON @.run;"
    "CREATE POLICY team ON @.run USING (team IS NULL OR EXISTS (SELECT FROM pg_roles t"
    " WHERE t.rolname = team AND pg_has_role(t.oid, 'MEMBER')));"
    /* clang-format off */
    TEAM_POLICY("wave", "run") TEAM_POLICY("account", "run") TEAM_POLICY("lane", "run")
    TEAM_POLICY("policy", "run") TEAM_POLICY("file", "run") TEAM_POLICY("choice", "run")
    TEAM_POLICY("expected", "run") TEAM_POLICY("provider", "run") TEAM_POLICY("target", "run")
    TEAM_POLICY("record", "run") TEAM_POLICY("published", "run") TEAM_POLICY("lane_note", "run")
    TEAM_POLICY("control", "run") TEAM_POLICY("run_shared", "run") TEAM_POLICY("run_lane", "run")
    LOST_POLICY
    /* clang-format on */
    /* All see and end leases, since those of a run are locked and settled together; held is one
     * only for a role that may carry its lane. */
    "ALTER TABLE @.lease ENABLE ROW LEVEL SECURITY;"
    "DROP POLICY IF EXISTS seen ON @.lease;"
    "DROP POLICY IF EXISTS added ON @.lease;"
    "DROP POLICY IF EXISTS held ON @.lease;"
    "CREATE POLICY seen ON @.lease FOR SELECT USING (true);"
    "CREATE POLICY added ON @.lease FOR INSERT WITH CHECK (worker IS NULL);"
    "CREATE POLICY held ON @.lease FOR UPDATE USING (true)"
    " WITH CHECK (worker IS NULL OR " MAY_CARRY_OF(
        "lease") ");"
                 "GRANT USAGE ON SCHEMA @ TO " EVERY_ROLE ";"
                 "GRANT SELECT ON ALL TABLES IN SCHEMA @ TO " EVERY_ROLE ";"
                 "GRANT USAGE, SELECT ON SEQUENCE @.record_number TO @_submitter, @_worker;"
                 "GRANT USAGE, SELECT ON SEQUENCE @.run_number TO @_submitter;"
                 "GRANT SELECT ON SEQUENCE @.run_number TO @_worker;"
                 /* What every writer of a journal adds. */
                 "GRANT INSERT ON @.rule, @.asked, @.lost TO @_submitter, @_worker;"
                 "GRANT UPDATE ON @.lost TO @_submitter, @_worker;"
                 "GRANT INSERT, UPDATE ON @.watched, @.watch_problem TO @_submitter, @_worker;"
                 "GRANT UPDATE (state, stopped, last, last_record, last_digest) ON @.run"
                 " TO @_submitter, @_worker;"
                 "GRANT UPDATE (rest, granted_wave, granted) ON @.run_lane TO @_submitter, "
                 "@_worker;"
                 /* Runs and orders. */
                 "GRANT INSERT ON @.run, @.wave, @.account, @.lane, @.policy, @.file, @.choice, "
                 "@.expected,"
                 " @.provider, @.target, @.record, @.published, @.lane_note, @.control, "
                 "@.run_shared,"
                 " @.run_lane, @.lease TO @_submitter;"
                 "GRANT UPDATE ON @.run_shared TO @_submitter;"
                 "GRANT UPDATE (worker, epoch, resigned) ON @.lease TO @_submitter;"
                 /* Lanes. */
                 "GRANT INSERT ON @.record, @.published, @.lane_note, @.worker TO @_worker;"
                 "GRANT UPDATE (seen, ended) ON @.worker TO @_worker;"
                 "GRANT UPDATE (tried_by, tried_why, tried_at) ON @.run_lane TO @_worker;"
                 "GRANT UPDATE (wave, left_of, good, size, started, open, expired, failed, "
                 "waves_paused, reason)"
                 " ON @.run_shared TO @_worker;"
                 "GRANT UPDATE (epoch, worker, run, lane, claimed, expires, quiet_until, "
                 "call_timeout, margin,"
                 " resigned, next_call_told, next_call, rate_per_s) ON @.lease TO @_worker;"
                 "GRANT UPDATE (caller_account, caller_partition, caller_arn, begun_with) ON @.lane"
                 " TO @_worker;";
