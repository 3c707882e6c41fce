/*
 * Writes a report of a made-up fleet, for judges that are no C programs:
 * report_driver ROWS plain|hostile FORMAT FILE
 * Plain fleets look like real ones; hostile ones have the same outcomes and findings, and texts
 * that try to be something else than text. FORMAT sets, due: the pages of what was published and of
 * what is due. FORMAT live-run, live-watch, live-sets: the document of
 * a live page, its parts and its rows, as one object of JSON.
 */
#include "report_kit.h"

#include "base/json_out.h"
#include "reports/due.h"
#include "reports/live_copy.h"
#include "reports/live_parts.h"

/* What is said of the MAIL FROM of a row. */
static const char *const reasons[OUTCOMES] = {
    [OUTCOME_REFUSED] = " has the MX mx.example.org, which is not an SES feedback host",
    [OUTCOME_FAILED] = " is still FAILED at the deadline",
    [OUTCOME_EXPIRED] = " has no MX yet (NXDOMAIN: the name does not exist)",
    [OUTCOME_DRIFTED] = " is not what the plan was made on",
    [OUTCOME_WAITING_DNS] = " has no MX yet (NXDOMAIN: the name does not exist)",
};

/* Most are done, as in life. */
static enum outcome outcome_of(uint32_t i)
{
    return i % 5 ? OUTCOME_DONE : (enum outcome)(1 + i / 5 % (OUTCOMES - 1));
}

static struct text keep(struct kit *k, const char *text)
{
    return names_text(&k->fleet.names, kit_name(k, text_of(text)));
}

static void add_plain(struct kit *k, uint32_t i, struct job_row job)
{
    char identity[64], mail_from[80], reason[256] = "";
    snprintf(identity, sizeof identity, "customer-%05u.example", i);
    snprintf(mail_from, sizeof mail_from, "bounce.%s", identity);
    if (reasons[job.outcome])
        snprintf(reason, sizeof reason, "%s%s", mail_from, reasons[job.outcome]);
    job.reason = keep(k, reason);
    job.mx = MX_STATUS_OK;
    if (job.outcome == OUTCOME_DONE) {
        job.seen_known = job.before_known = true;
        job.mail_from_seen = keep(k, mail_from);
        job.status_seen = MAIL_FROM_SUCCESS;
        job.accepted = 1;
    }
    job.spf = job.findings ? SPF_STATUS_MISSING : SPF_STATUS_OK;
    job.dmarc = i % 11 ? DMARC_STATUS_OK : DMARC_STATUS_MISSING;
    job.dkim = i % 3 ? DKIM_SUCCESS : (enum dkim_status)(i / 3 % DKIM_STATUSES);
    static const struct finding_note note = {SPF_MISSING, SEVERITY_WAIT, false,
                                             TEXT("there is no SPF record yet")};
    if (job.findings)
        job.notes = (struct finding_notes){&note, 1, true};
    kit_add(k, text_of(identity), text_of(mail_from), job);
}

static void add_hostile(struct kit *k, uint64_t *seed, struct job_row job)
{
    char texts[4][512];
    struct text t[4];
    for (int n = 0; n < 4; n++) {
        t[n] = kit_hostile(seed, texts[n], 500);
        t[n] = names_text(&k->fleet.names, kit_name(k, t[n].len ? t[n] : TEXT("x")));
    }
    job.reason = reasons[job.outcome] ? t[2] : TEXT("");
    job.mail_from_before = t[3];
    job.before_known = true;
    job.mx = MX_STATUS_FOREIGN;
    static const struct finding_note note = {SPF_MISSING, SEVERITY_WAIT, false,
                                             TEXT("</script><script>alert(1)</script>")};
    if (job.findings)
        job.notes = (struct finding_notes){&note, 1, true};
    kit_add(k, t[0], t[1], job);
}

static void fill(struct kit *k, uint32_t rows, bool hostile)
{
    uint64_t seed = 99;
    for (uint32_t i = 0; i < rows; i++) {
        struct job_row job = {.state = JOB_DONE,
                              .outcome = outcome_of(i),
                              .action = ACTION_SET,
                              .findings = i % 5 ? 0 : FINDING_BIT(SPF_MISSING),
                              .writes = 1,
                              .calls = 4,
                              .first_seen = kit_head.started,
                              .finished = kit_head.started + SPAN_MS(i * 10)};
        if (hostile)
            add_hostile(k, &seed, job);
        else
            add_plain(k, i, job);
    }
}

/* ---- live pages ---- */

#define LIVE_NOW (kit_head.started + SPAN_H(3))

static void document_write(struct json_out *j, enum live_kind kind)
{
    struct live_document d;
    struct why why;
    assert_int_equal(live_document_make(&d, kind, &why), OK);
    json_add_text(j, "index", buf_text(&d.index));
    live_document_clear(&d);
}

static void parts_write(struct json_out *j, const struct live_parts *parts)
{
    json_add_object(j, "parts");
    for (uint32_t i = 0; i < parts->len; i++)
        json_add_text(j, parts->at[i].name, parts->at[i].html);
    json_end(j);
    json_add_raw(j, "status", text_trim(text_slice(parts->status, 0, parts->status.len - 1)));
}

static void row_write(struct json_out *j, const char *state, struct buf *html)
{
    json_add_object(j, NULL);
    json_add_word(j, "state", state);
    json_add_text(j, "html", buf_text(html));
    json_end(j);
    buf_reset(html);
}

static void run_write(struct kit *k, struct json_out *j)
{
    struct arena arena;
    struct live_parts parts;
    struct live_copy copy;
    struct why why;
    struct buf html;
    const struct report_source of_kit = {k, kit_rows, kit_moves};
    const struct lane_pace pace = {
        .calls = 1234, .throttled = 3, .per_s = 0.97, .left = SPAN_M(42)};
    struct report_head head = kit_head;
    head.state = TEXT("running");
    head.goes_on = true;
    head.stopped = 0;
    assert_true(live_copy_init(&copy, k->len, 0));
    assert_int_equal(live_copy_read(&copy, &of_kit, &why), OK);
    const struct report_source source = live_copy_source(&copy);
    const struct live_run run = {.head = &head,
                                 .fleet = &k->fleet,
                                 .source = &source,
                                 .paces = &pace,
                                 .takes_orders = true,
                                 .now = LIVE_NOW};
    arena_init(&arena, SIZE_MAX);
    buf_init(&html, 1u << 20);
    document_write(j, LIVE_RUN);
    assert_int_equal(live_run_parts(&parts, &run, &arena, &why), OK);
    parts_write(j, &parts);
    json_add_array(j, "rows");
    for (uint32_t i = 0; i < k->len; i++) {
        live_row_add(&html, &run, i, copy.rows[i] ? &copy.rows[i]->record.row : NULL);
        row_write(j, standing_class(outcome_standing(k->jobs[i].outcome)), &html);
    }
    json_end(j);
    buf_clear(&html);
    live_copy_clear(&copy);
    arena_clear(&arena);
}

/* A problem of every tenth identity. */
static void watch_write(struct kit *k, struct json_out *j)
{
    struct arena arena;
    struct live_parts parts;
    struct why why;
    struct buf html;
    uint32_t len = k->len / 10;
    struct live_problem *problems = calloc(len + 1u, sizeof *problems);
    struct live_watch watch = {.problems = problems,
                               .problems_len = len,
                               .identities = k->len,
                               .with_problems = len,
                               .by_level = {[WATCH_WELL] = k->len - len},
                               .last_sweep = LIVE_NOW - SPAN_S(100),
                               .took = SPAN_S(12),
                               .next_sweep = LIVE_NOW + SPAN_M(13),
                               .calls = 105,
                               .now = LIVE_NOW};
    assert_non_null(problems);
    for (uint32_t i = 0; i < len; i++) {
        struct live_problem *p = &problems[i];
        *p = (struct live_problem){.level = i < len / 5   ? WATCH_PAGE
                                            : i < len / 2 ? WATCH_CRITICAL
                                                          : WATCH_WARNING,
                                   .kind = (enum watch_kind)(i % WATCH_KINDS),
                                   .account = fleet_account_name(&k->fleet, i * 10),
                                   .region = fleet_region(&k->fleet, i * 10),
                                   .identity = fleet_identity(&k->fleet, i * 10),
                                   .reason = k->jobs[i * 10].reason,
                                   .mend = TEXT("mailfrom apply fleet.yaml --only 'customer-*'"),
                                   .since = LIVE_NOW - SPAN_M(7 * i + 11),
                                   .deadline = i % 3 ? WHEN_NEVER : LIVE_NOW + SPAN_H(i % 70)};
        watch.by_level[p->level]++;
    }
    arena_init(&arena, SIZE_MAX);
    buf_init(&html, 1u << 20);
    document_write(j, LIVE_WATCH);
    assert_int_equal(live_watch_parts(&parts, &watch, &arena, &why), OK);
    parts_write(j, &parts);
    json_add_array(j, "rows");
    for (uint32_t i = 0; i < len; i++) {
        live_problem_add(&html, &problems[i], LIVE_NOW);
        row_write(j, watch_level_name(problems[i].level), &html);
    }
    json_end(j);
    buf_clear(&html);
    arena_clear(&arena);
    free(problems);
}

static void set_at(void *ctx, size_t i, struct published_row *row)
{
    const struct kit *k = ctx;
    uint32_t n = (uint32_t)i / 2;
    *row =
        (struct published_row){.zone = fleet_identity(&k->fleet, n),
                               .name = fleet_mail_from(&k->fleet, n),
                               .type = i % 2 ? RECORDS_TXT : RECORDS_MX,
                               .value = {.preference = 10,
                                         .data = i % 2 ? TEXT("v=spf1 include:amazonses.com ~all")
                                                       : TEXT("feedback.example")},
                               .ttl_s = 300,
                               .provider = TEXT("route53"),
                               .outcome = (enum published_outcome)(n % PUBLISHED_OUTCOMES),
                               .reason = k->jobs[n].reason,
                               .identity = fleet_identity(&k->fleet, n),
                               .source = TEXT("fleet.yaml:7")};
}

static void sets_write(struct kit *k, struct json_out *j)
{
    struct arena arena;
    struct live_parts parts;
    struct why why;
    struct buf html;
    struct report_head head = kit_head;
    struct published_list list = {.ctx = k, .len = 2 * (size_t)k->len, .at = set_at, .run = 7};
    head.verb = list.verb = TEXT("publish");
    head.state = list.state = TEXT("running");
    for (size_t i = 0; i < list.len; i++)
        list.counts[i / 2 % PUBLISHED_OUTCOMES]++;
    const struct live_run run = {
        .head = &head, .fleet = &k->fleet, .sets = &list, .publishes = true, .now = LIVE_NOW};
    arena_init(&arena, SIZE_MAX);
    buf_init(&html, 1u << 20);
    document_write(j, LIVE_PUBLISHING);
    assert_int_equal(live_run_parts(&parts, &run, &arena, &why), OK);
    parts_write(j, &parts);
    json_add_array(j, "rows");
    for (size_t i = 0; i < list.len; i++) {
        struct published_row row;
        set_at(k, i, &row);
        live_set_add(&html, &row);
        row_write(j, published_outcome_name(row.outcome), &html);
    }
    json_end(j);
    buf_clear(&html);
    arena_clear(&arena);
}

static enum err published_page(struct kit *k, const char *path, struct why *why)
{
    struct published_list list = {.ctx = k, .len = 2 * (size_t)k->len, .at = set_at, .run = 7};
    list.verb = TEXT("publish");
    list.started = kit_head.started;
    for (size_t i = 0; i < list.len; i++)
        list.counts[i / 2 % PUBLISHED_OUTCOMES]++;
    return published_write(TEXT("html"), path, &list, false, why);
}

static void due_set_at(void *ctx, size_t i, struct records_set *set)
{
    static const struct records_value there = {.preference = 20, .data = {"old.example", 11}};
    const struct kit *k = ctx;
    *set = (struct records_set){.there = &there,
                                .there_len = 1,
                                .zone = fleet_identity(&k->fleet, (uint32_t)i),
                                .name = fleet_mail_from(&k->fleet, (uint32_t)i),
                                .type = RECORDS_MX,
                                .action = RECORDS_ADD,
                                .wanted = {.preference = 10, .data = TEXT("feedback.example")},
                                .reason = k->jobs[i].reason};
}

/* A zone for each row, with one record. */
static enum err due_page(struct kit *k, const char *path, struct why *why)
{
    struct due_zone *zones = calloc(k->len + 1u, sizeof *zones);
    struct due_item *items = calloc(k->len + 1u, sizeof *items);
    struct due_list list = {.by = DUE_BY_OWNER,
                            .now = kit_head.started,
                            .zones = zones,
                            .items = items,
                            .zones_len = k->len,
                            .zones_due = k->len,
                            .sets = {k, k->len, due_set_at}};
    const struct due_style style = {.ttl_s = 300};
    assert_true(zones && items && freopen(path, "w", stdout));
    for (uint32_t i = 0; i < k->len; i++) {
        enum due_state state = (enum due_state)(i % DUE_STATES);
        items[i] = (struct due_item){i, state, kit_head.started - SPAN_H(i), kit_head.started};
        zones[i] = (struct due_zone){.zone = fleet_identity(&k->fleet, i),
                                     .owner = k->jobs[i].reason,
                                     .first = i,
                                     .len = 1,
                                     .since = items[i].since,
                                     .deadline = kit_head.stopped};
        zones[i].counts[state] = 1;
        list.counts[state]++;
    }
    enum err err = due_write(TEXT("html"), &list, &style, why);
    free(zones);
    free(items);
    return err;
}

static void live_write(struct kit *k, const char *kind, const char *path)
{
    struct buf out;
    struct json_out j;
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    buf_init(&out, SIZE_MAX);
    json_init(&j, &out);
    json_add_object(&j, NULL);
    if (strcmp(kind, "run") == 0)
        run_write(k, &j);
    else if (strcmp(kind, "watch") == 0)
        watch_write(k, &j);
    else
        sets_write(k, &j);
    json_end(&j);
    assert_false(out.failed);
    assert_int_equal(fwrite(out.at, 1, out.len, file), out.len);
    assert_int_equal(fclose(file), 0);
    buf_clear(&out);
}

int main(int argc, char **argv)
{
    struct kit k;
    struct why why;
    struct report_source source = {&k, kit_rows, kit_moves};
    if (argc != 5)
        return 2;
    bool hostile = strcmp(argv[2], "hostile") == 0;
    kit_init(&k, hostile ? TEXT("</td><script>") : TEXT("main"), TEXT("fleet.yaml"));
    fill(&k, (uint32_t)strtoul(argv[1], NULL, 10), hostile);
    enum err err = OK;
    if (strncmp(argv[3], "live-", 5) == 0)
        live_write(&k, argv[3] + 5, argv[4]);
    else if (strcmp(argv[3], "sets") == 0)
        err = published_page(&k, argv[4], &why);
    else if (strcmp(argv[3], "due") == 0)
        err = due_page(&k, argv[4], &why);
    else
        err = report_write(argv[3], argv[4], &kit_head, &k.fleet, &source, &why);
    if (err != OK)
        fprintf(stderr, "%s\n", why.text);
    kit_clear(&k);
    return err == OK ? 0 : 1;
}
