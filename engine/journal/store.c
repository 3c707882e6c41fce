/*
 * The columns of a store's tables, in the order in which the journal writes and reads them. Their
 * codecs are in head_rows.c, fleet_rows.c, record_rows.c, publish_rows.c, lane_rows.c,
 * order_rows.c, rule_rows.c, watch_rows.c, loss.c and written_rows.c.
 */
#include "store.h"

#include "model/policy.h"

/* With a comma before each, so the first two characters are cut off. */
#define COLUMN(setting, member, column, key, type, most, usual) ", " column
#define POLICY_COLUMNS                                          &(POLICY_LIST(COLUMN))[2]

const struct store_columns store_columns[STORE_VIEWS] = {
    [TABLE_RUN] = {"run",
                   "verb, state, parent, started, stopped, last, seed, jobs, options, version,"
                   " digest, max_failures, max_failures_percent, guarded, undigested, last_record,"
                   " last_digest",
                   17},
    [TABLE_WAVE] = {"wave", "value, percent", 2},
    [TABLE_ACCOUNT] = {"account",
                       "name, profile, role_arn, external_id, source_profile, account_id, rate", 7},
    [TABLE_LANE] = {"lane",
                    "account, region, caller_account, caller_partition, caller_arn, begun_with", 6},
    [TABLE_POLICY] = {"policy", POLICY_COLUMNS, POLICY_FIELDS},
    [TABLE_FILE] = {"file", "name", 1},
    [TABLE_CHOICE] = {"choice", "identity, mail_from, lane, policy, file, type, guarded, line, col",
                      9},
    [TABLE_EXPECTED] = {"expected", "mail_from, behavior, status, or_mail_from, or_behavior", 5},
    [TABLE_PROVIDER] = {"provider",
                        "kind, zones, account, endpoint_url, token_env, server, key_file, key_name,"
                        " key_algorithm, key_secret_env, file, line, col",
                        13},
    [TABLE_TARGET] = {"target",
                      "name, fleet_row, ttl, mx_preference, mx_exchange, txt, with_mx, with_txt",
                      8},
    [TABLE_RECORD] = {"record",
                      "job, at, kind, from_state, write_mail_from, write_behavior, state, action,"
                      " outcome, reason, before_known, mail_from_before, behavior_before,"
                      " seen_known, mail_from_seen, behavior_seen, status_seen, mx, spf, dmarc,"
                      " findings, findings_json, writes, calls, restarts, attempts, first_seen,"
                      " finished, deadline, verification, accepted, wave, dkim, digest",
                      34},
    [TABLE_PUBLISHED] = {"published",
                         "target, at, kind, from_state, state, zone, zone_id, reason, change,"
                         " mx_changed, txt_changed, txt_before, txt_after,"
                         " calls",
                         14},
    [TABLE_LANE_NOTE] = {"lane_note", "lane, at, reason", 3},
    [TABLE_ORDER] = {"control", "kind, at, rate, user, uid, pid, host", 7},
    [TABLE_RULE] = {"rule", "name", 1},
    [TABLE_ASKED] = {"asked", "name, type, state, at", 4},
    [TABLE_WATCHED] = {"watched",
                       "account, account_number, region, identity, mail_from, was_success, looked,"
                       " verified, dkim, dkim_asked",
                       10},
    [TABLE_WATCH_PROBLEM] = {"watch_problem",
                             "watched, kind, level, told, since, began, well_since, looks", 8},
    [TABLE_LOST] = {"lost", "kept, what", 2},
    [VIEW_OUTLINE] = {"record", "job, has_notes", 2},
    [VIEW_MOVES] = {"record", "job, at, kind, from_state, state, outcome", 6},
    [VIEW_SENT] = {"record",
                   "run, account, account_id, caller_account, region, identity, at, kind, state,"
                   " outcome, accepted, write_mail_from, write_behavior, mail_from_seen,"
                   " behavior_seen, mail_from_before, behavior_before",
                   17},
};
