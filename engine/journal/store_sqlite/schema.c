/*
 * The tables, as text: the columns of store.c, and what SQLite's rows have beside them. What the
 * values mean is the journal's business (head_rows.c, record_rows.c); a number that changes its
 * meaning there needs a migration here. Instants are microseconds UTC.
 *
 * A migration that was published is never changed: journals of its version are on people's disks.
 * What a later program wants otherwise is one more migration, at the end of the list. A new journal
 * takes all of them, so its tables are those of a journal that has come all the way.
 *
 * No index stands on `record`: it would cost a second page per commit, and every reader wants all
 * the records of a run, which lie together.
 */
#include "schema.h"

#include "base/count.h"
#include "journal/journal.h"
#include "model/finding.h"
#include "scheduler/record.h"

#include <assert.h>
#include <stdio.h>

#define APPLICATION_ID 0x6d61696c /* "mail", shown by file(1) */

/* The states and outcomes that the list below names by number. */
static_assert(JOB_FOLLOWING == 7 && JOB_DONE == 8 && OUTCOME_DONE == 3, "version_2");

static const char version_1[] =
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

/*
 * Which writes SES had taken was not kept by version 1. A row that waits for Success, or has it,
 * shows that SES had taken the writes up to there, and so does every later row of the same job;
 * of other writes it is not known, and they count as not taken. Waves were not kept either: a job
 * that has written counts as one of the first.
 */
static const char version_2[] =
    "ALTER TABLE record ADD COLUMN accepted INT DEFAULT 0;"
    "ALTER TABLE record ADD COLUMN wave INT DEFAULT 0;"
    "UPDATE record SET wave = 1, accepted = taken.writes FROM (SELECT seq,"
    " max(CASE WHEN state = 7 OR (state = 8 AND outcome = 3) THEN writes ELSE 0 END)"
    " OVER (PARTITION BY run, job ORDER BY seq) AS writes FROM record WHERE writes > 0) AS taken"
    " WHERE record.seq = taken.seq;"

    "ALTER TABLE lane ADD COLUMN caller_account TEXT;"
    "ALTER TABLE lane ADD COLUMN caller_partition TEXT;"
    "ALTER TABLE lane ADD COLUMN caller_arn TEXT;"
    "ALTER TABLE lane ADD COLUMN begun_with TEXT;"
    "CREATE TABLE lane_note (seq INTEGER PRIMARY KEY, run INT, lane INT, at INT, reason TEXT);"

    /* The bits of record.findings and policy.accept. Version 1 numbered them by its program. */
    "CREATE TABLE rule (number INTEGER PRIMARY KEY, name TEXT);"
    "INSERT INTO rule VALUES (0,'not-a-subdomain'), (1,'invalid-name'), (2,'public-suffix'),"
    " (3,'identity-missing'), (4,'identity-unverified'), (5,'sends-mail'), (6,'receives-mail'),"
    " (7,'several-mx'), (8,'mx-missing'), (9,'mx-wrong-suffix'), (10,'mx-unknown-region'),"
    " (11,'mx-other-region'), (12,'cname-at-name'), (13,'wildcard-answer'), (14,'spf-missing'),"
    " (15,'spf-several'), (16,'spf-syntax'), (17,'spf-without-ses'), (18,'spf-lookups'),"
    " (19,'spf-void-lookups'), (20,'dmarc-strict-spf'), (21,'dmarc-not-aligned'),"
    " (22,'dmarc-verdicts-differ'), (23,'dmarc-missing'), (24,'masked-by-identity'),"
    " (25,'shared-mail-from'), (26,'overwrites-custom'), (27,'account-cannot-send'),"
    " (28,'sandbox'), (29,'dns-trouble');";

/*
 * The running digest of the records (record_digest.h). Records of older versions have none; the
 * greatest number of those is their run's undigested. A run that stopped has the number and digest
 * of its newest record in its head, so that the end of its records is known too. A run that has
 * lost records is in `lost`, whether its head is still there or not.
 */
static const char version_3[] =
    "ALTER TABLE record ADD COLUMN digest INT;"
    "ALTER TABLE run ADD COLUMN undigested INT DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN last_record INT DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN last_digest INT DEFAULT 0;"
    "UPDATE run SET undigested = ifnull((SELECT max(seq) FROM record), 0);"
    "CREATE TABLE lost (run INTEGER PRIMARY KEY, kept INT, what TEXT);";

/* The wave that a manifest gives to an identity. */
static const char version_4[] = "ALTER TABLE policy ADD COLUMN wave INT DEFAULT 0;";

/*
 * The owners of DNS: who publishes the records of a row, and since when each record has been asked
 * for (journal_asked_keep()).
 */
static const char version_5[] = "ALTER TABLE policy ADD COLUMN owner TEXT;"
                                "ALTER TABLE policy ADD COLUMN records_format TEXT;"
                                "CREATE TABLE asked (seq INTEGER PRIMARY KEY, name TEXT, type INT,"
                                " state INT, at INT);";

/*
 * The providers of DNS, the names that a run may publish, and what became of them. A row of
 * `published` has the number of its row in `record`, whose digest is over both.
 */
static const char version_6[] =
    "CREATE TABLE provider (run INT, place INT, kind INT, zones TEXT, account INT,"
    " endpoint_url TEXT, token_env TEXT, server TEXT, key_file TEXT, key_name TEXT,"
    " key_algorithm TEXT, key_secret_env TEXT, file INT, line INT, col INT,"
    " PRIMARY KEY (run, place)) WITHOUT ROWID;"
    "CREATE TABLE target (run INT, place INT, name TEXT, fleet_row INT, ttl INT,"
    " mx_preference INT, mx_exchange TEXT, txt TEXT, with_mx INT, with_txt INT,"
    " PRIMARY KEY (run, place)) WITHOUT ROWID;"
    "CREATE TABLE published (seq INTEGER PRIMARY KEY, run INT, target INT, at INT, kind INT,"
    " from_state INT, state INT, zone TEXT, zone_id TEXT, reason TEXT, change INT,"
    " mx_changed INT, txt_changed INT, txt_before TEXT, txt_after TEXT,"
    " calls INT);";

/* What watching remembers of identities and of their problems: rows that are put again. */
static const char version_7[] =
    "CREATE TABLE watched (number INTEGER PRIMARY KEY, account TEXT, account_number TEXT,"
    " region TEXT, identity TEXT, mail_from TEXT, was_success INT, looked INT, verified INT);"
    "CREATE TABLE watch_problem (number INTEGER PRIMARY KEY, watched INT, kind TEXT, level TEXT,"
    " told TEXT, since INT, began INT, well_since INT, looks INT);";

/* The orders that people gave to a run while it went on. */
static const char version_8[] =
    "CREATE TABLE control (seq INTEGER PRIMARY KEY, run INT, kind INT, at INT, rate REAL,"
    " user TEXT, uid INT, pid INT, host TEXT);";

/* What SES told of DKIM, by name: in a record, and in what watching remembers. */
static const char version_9[] = "ALTER TABLE record ADD COLUMN dkim TEXT;"
                                "ALTER TABLE watched ADD COLUMN dkim TEXT;"
                                "ALTER TABLE watched ADD COLUMN dkim_asked INT DEFAULT 0;";

static const char *const migrations[] = {version_1, version_2, version_3, version_4, version_5,
                                         version_6, version_7, version_8, version_9};

static_assert(COUNT(migrations) == SCHEMA_VERSION, "a migration is missing");

enum err schema_migrate(struct sql *s, int version, struct why *why)
{
    assert(version < SCHEMA_VERSION);
    char stamp[96];
    snprintf(stamp, sizeof stamp, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             APPLICATION_ID, SCHEMA_VERSION);
    enum err err = sql_exec(s, "BEGIN IMMEDIATE;", why);
    for (int i = version; err == OK && i < SCHEMA_VERSION; i++)
        err = sql_exec(s, migrations[i], why);
    if (err == OK)
        err = sql_exec(s, stamp, why);
    if (err == OK)
        err = sql_exec(s, "COMMIT;", why);
    if (err != OK)
        sql_exec(s, "ROLLBACK;", NULL); /* SQLite may have done so already */
    return err;
}

enum err schema_vet(struct sql *s, int *version_out, struct why *why)
{
    int64_t tables_len = 0, application = 0, version = 0;
    *version_out = 0;
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
                       "%d): use the newer program",
                       (long long)version, SCHEMA_VERSION);
    assert(version >= 1);
    assert(version <= SCHEMA_VERSION);
    *version_out = (int)version;
    return OK;
}
