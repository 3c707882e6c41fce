/*
 * Writes a report of a made-up fleet, for judges that are no C programs:
 * report_driver ROWS plain|hostile FORMAT FILE
 * Plain fleets look like real ones; hostile ones have the same outcomes and findings, and texts
 * that try to be something else than text.
 */
#include "report_kit.h"

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
    enum err err = report_write(argv[3], argv[4], &kit_head, &k.fleet, &source, &why);
    if (err != OK)
        fprintf(stderr, "%s\n", why.text);
    kit_clear(&k);
    return err == OK ? 0 : 1;
}
