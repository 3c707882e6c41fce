/*
 * The tables, as text. A row that was written is never changed, except the head of a run (state,
 * stopped, last). A run is there when its head is, and the head is written in the same transaction
 * as its fleet: half a run is never seen.
 *
 * Words of the program are stored as the numbers of their enums, for a record is written while
 * somebody waits and a large fleet makes millions of them. The asserts below hold those numbers
 * still: whoever moves one makes a new schema version. Instants are microseconds UTC.
 *
 * No index stands on `record`: it would cost a second page per commit, and every reader wants all
 * the records of a run, which lie together.
 */
#include "schema.h"

#include "finding.h"
#include "journal.h"
#include "record.h"

#include <stdio.h>

#define APPLICATION_ID 0x6d61696c /* "mail", shown by file(1) */

_Static_assert(JOB_NEW == 0 && JOB_WAITING_DNS == 3 && JOB_FOLLOWING == 7 && JOB_DONE == 8, "job");
_Static_assert(ACTION_NONE == 0 && ACTION_TIGHTEN == 4 && ACTION_RESTART == 5, "action");
_Static_assert(OUTCOME_OPEN == 0 && OUTCOME_REFUSED == 6 && OUTCOME_SKIPPED == 10, "outcome");
_Static_assert(MAIL_FROM_NONE == 0 && MAIL_FROM_SUCCESS == 2 && MAIL_FROM_UNKNOWN == 5, "status");
_Static_assert(BEHAVIOR_USE_DEFAULT_VALUE == 0 && BEHAVIOR_REJECT_MESSAGE == 1, "behavior");
_Static_assert(REQUIRE_MX_SPF == 0 && REQUIRE_MX == 1 && REQUIRE_NONE == 2, "require");
_Static_assert(UNTIL_SUCCESS == 0 && UNTIL_SET == 1 && GUARD_REVIEWED == 1 && GUARD_SKIP == 4,
               "guard");
_Static_assert(VERIFICATION_NONE == 0 && VERIFICATION_NOT_STARTED == 5, "verification");
_Static_assert(RECORD_MOVE == 0 && RECORD_INTENT == 1 && RECORD_ANSWER == 2, "kind");
_Static_assert(RUN_APPLY == 0 && RUN_PLAN == 2 && RUN_OPEN == 0 && RUN_ENDED == 2, "run");
_Static_assert(NOT_A_SUBDOMAIN == 0 && SPF_MISSING == 14 && DNS_TROUBLE == 29, "finding");

static const char tables[] =
    "CREATE TABLE run ("
    " id INTEGER PRIMARY KEY, verb INT, state INT, parent INT, started INT, stopped INT,"
    " last INT," /* instant of the newest record; kept up to date only when the run stops */
    " seed INT, jobs INT, options TEXT, version TEXT, digest BLOB,"
    " max_failures REAL, max_failures_percent INT, guarded INT,"
    " first_record INT);" /* its records have greater numbers */

    "CREATE TABLE wave (run INT, place INT, value REAL, percent INT,"
    " PRIMARY KEY (run, place)) WITHOUT ROWID;"
    "CREATE TABLE account (run INT, place INT, name TEXT, profile TEXT, role_arn TEXT,"
    " external_id TEXT, source_profile TEXT, account_id TEXT, rate REAL,"
    " PRIMARY KEY (run, place)) WITHOUT ROWID;"
    "CREATE TABLE lane (run INT, place INT, account INT, region TEXT,"
    " PRIMARY KEY (run, place)) WITHOUT ROWID;"
    "CREATE TABLE policy (run INT, place INT, behavior INT, require INT, mx_region TEXT,"
    " timeout INT, accept INT, until INT,"
    " PRIMARY KEY (run, place)) WITHOUT ROWID;"
    "CREATE TABLE file (run INT, place INT, name TEXT,"
    " PRIMARY KEY (run, place)) WITHOUT ROWID;"
    "CREATE TABLE choice (run INT, place INT, identity TEXT, mail_from TEXT, lane INT, policy INT,"
    " file INT, type INT, guarded INT, line INT, col INT,"
    " PRIMARY KEY (run, place)) WITHOUT ROWID;"
    "CREATE TABLE expected (run INT, place INT, mail_from TEXT, behavior INT, status INT,"
    " or_mail_from TEXT, or_behavior INT,"
    " PRIMARY KEY (run, place)) WITHOUT ROWID;"

    "CREATE TABLE record ("
    " seq INTEGER PRIMARY KEY, run INT, job INT, at INT, kind INT, from_state INT,"
    " write_mail_from TEXT, write_behavior INT,"
    " state INT, action INT, outcome INT, reason TEXT,"
    " before_known INT, mail_from_before TEXT, behavior_before INT,"
    " seen_known INT, mail_from_seen TEXT, behavior_seen INT, status_seen INT,"
    " mx TEXT, spf TEXT, dmarc TEXT, findings INT, findings_json TEXT,"
    " writes INT, calls INT, restarts INT, attempts INT,"
    " first_seen INT, finished INT, deadline INT, verification INT);";

enum err schema_make(struct sql *s, struct why *why)
{
    char stamp[96];
    snprintf(stamp, sizeof stamp, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             APPLICATION_ID, SCHEMA_VERSION);
    enum err err = sql_exec(s, "BEGIN IMMEDIATE;", why);
    if (err == OK)
        err = sql_exec(s, tables, why);
    if (err == OK)
        err = sql_exec(s, stamp, why);
    return err == OK ? sql_exec(s, "COMMIT;", why) : err;
}

enum err schema_vet(struct sql *s, struct why *why)
{
    int64_t tables_len = 0, application = 0, version = 0;
    enum err err = sql_int(s, "SELECT count(*) FROM sqlite_schema", &tables_len, why);
    if (err == OK)
        err = sql_int(s, "PRAGMA application_id", &application, why);
    if (err == OK)
        err = sql_int(s, "PRAGMA user_version", &version, why);
    if (err == ERR_INPUT)
        return why_set(why, ERR_INPUT,
                       "is not a journal of mailfrom: name another file with --journal");
    if (err != OK)
        return err;
    if (tables_len == 0 && application == 0 && version == 0)
        return why_set(why, ERR_GONE, "holds no run yet: mailfrom apply begins one");
    if (application != APPLICATION_ID || version < 1)
        return why_set(
            why, ERR_INPUT,
            "is a database, but not a journal of mailfrom: name another file with --journal");
    if (version > SCHEMA_VERSION)
        return why_set(why, ERR_INPUT,
                       "was written by a newer mailfrom (journal version %lld, this program knows "
                       "%d): use that program",
                       (long long)version, SCHEMA_VERSION);
    return OK;
}
