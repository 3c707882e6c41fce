/*
 * The page's counted tables. Texts from outside go through markup_add() only.
 */
#include "html_internal.h"

#include "base/bounds.h"
#include "base/plural.h"
#include "markup.h"

#include <stdio.h>

#define LANES_OPEN_MAX 40 /* a longer table is folded away */

void scroll_begin(struct buf *out, const char *class, const char *label)
{
    buf_add_fmt(out, "<div class=\"%s\" role=\"group\" aria-label=\"%s\" tabindex=\"0\">", class,
                label);
}

void scroll_end(struct buf *out)
{
    buf_add_str(out, "</div>\n");
}

/* class: "short", "long" or "name" */
static void cell_add(struct buf *out, const char *class, struct text t)
{
    buf_add_fmt(out, "<td class=\"%s\">", class);
    markup_add_told(out, t);
    buf_add_str(out, "</td>");
}

static void number_add(struct buf *out, uint32_t n)
{
    buf_add_fmt(out, "<td class=\"number%s\">%u</td>", n ? "" : " zero", n);
}

/* A pace: calls, those throttled, a second, what is left of them. */
static void pace_add(struct buf *out, const struct lane_pace *p)
{
    char left[WHEN_LEN];
    buf_add_fmt(out,
                "<td class=\"number\">%llu</td><td class=\"number%s\">%llu</td>"
                "<td class=\"number\">%.2g</td><td class=\"short\">",
                (unsigned long long)p->calls, p->throttled ? "" : " zero",
                (unsigned long long)p->throttled, p->per_s);
    if (p->trouble.len)
        markup_add(out, p->trouble);
    else if (p->left)
        buf_add_str(out, span_format(p->left, left));
    buf_add_str(out, "</td>");
}

/* "sets the pace to 0.5 calls a second". */
static void order_words(const struct order *o, char out[64])
{
    static const char *const words[ORDER_KINDS] = {
        [ORDER_PAUSE] = "pauses the run",       [ORDER_RESUME] = "lets the run go on",
        [ORDER_PACE] = "sets the pace",         [ORDER_STOP] = "stops the run",
        [ORDER_LEAVE] = "ends the run at once",
    };
    if (o->kind == ORDER_PACE)
        snprintf(out, 64, "sets the pace to %g calls a second", o->rate_per_s);
    else
        snprintf(out, 64, "%s", words[o->kind]);
}

void orders_add(struct buf *out, const struct report_head *head)
{
    char when[WHEN_LEN], who[ORDER_GIVER_MAX], words[64];
    if (!head->orders_len)
        return;
    buf_add_str(out, "<section>\n<h2>Orders</h2>\n");
    scroll_begin(out, "scroll", "orders");
    buf_add_str(out, "<table>\n<thead><tr><th scope=\"col\">when</th><th scope=\"col\">who</th>"
                     "<th scope=\"col\">what</th></tr></thead>\n<tbody>\n");
    for (uint32_t i = 0; i < head->orders_len; i++) {
        const struct order *o = &head->orders[i];
        order_words(o, words);
        buf_add_str(out, "<tr>");
        cell_add(out, "short", text_of(when_format(o->at, when)));
        cell_add(out, "long", text_of(order_giver(o, who)));
        cell_add(out, "long", text_of(words));
        buf_add_str(out, "</tr>\n");
    }
    buf_add_str(out, "</tbody>\n</table>\n");
    scroll_end(out);
    buf_add_str(out, "</section>\n");
}

static void lane_add(struct buf *out, const struct fleet *fleet, const struct report_sum *sum,
                     uint32_t i, const struct lane_pace *pace)
{
    const struct lane *lane = &fleet->lanes[i];
    uint32_t whole = 0;
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++)
        whole += sum->by_lane[i].by_standing[s];
    buf_add_str(out, "<tr>");
    cell_add(out, "short", names_text(&fleet->names, fleet->accounts[lane->account].name));
    cell_add(out, "short", names_text(&fleet->names, lane->region));
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++)
        if (sum->by_standing[s])
            number_add(out, sum->by_lane[i].by_standing[s]);
    number_add(out, whole);
    if (pace)
        pace_add(out, pace);
    buf_add_str(out, "</tr>\n");
}

static bool lane_is_open(const struct report_sum *sum, uint32_t i)
{
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++)
        if (sum->by_lane[i].by_standing[s] &&
            outcome_is_unfinished(standing_outcome((enum standing)s)))
            return true;
    return false;
}

void lanes_add(struct buf *out, const struct fleet *fleet, const struct report_sum *sum,
               const struct lane_pace *paces, uint32_t most)
{
    const bool all = fleet->lanes_len <= most, folded = all && fleet->lanes_len > LANES_OPEN_MAX;
    uint32_t shown = 0;
    buf_add_str(out, "<section>\n<h2>Accounts and Regions</h2>\n");
    if (folded)
        buf_add_fmt(out, "<details><summary>%u accounts and Regions</summary>\n", fleet->lanes_len);
    scroll_begin(out, "scroll", "accounts and Regions");
    buf_add_str(out,
                "<table>\n<thead><tr><th scope=\"col\">account</th><th scope=\"col\">Region</th>");
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++)
        if (sum->by_standing[s])
            buf_add_fmt(out, "<th scope=\"col\" class=\"number\">%s</th>",
                        standing_words((enum standing)s, sum->tense));
    buf_add_str(out, "<th scope=\"col\" class=\"number\">identities</th>");
    if (paces)
        buf_add_str(out, "<th scope=\"col\" class=\"number\">calls</th>"
                         "<th scope=\"col\" class=\"number\">throttled</th>"
                         "<th scope=\"col\" class=\"number\">calls/s</th>"
                         "<th scope=\"col\">calls left, or trouble</th>");
    buf_add_str(out, "</tr></thead>\n<tbody>\n");
    /* Those with open rows, and then the others; of few lanes all in their order. */
    for (int open = !all; open >= 0; open--)
        for (uint32_t i = 0; i < fleet->lanes_len && shown < most; i++)
            if (all || lane_is_open(sum, i) == open) {
                lane_add(out, fleet, sum, i, paces ? &paces[i] : NULL);
                shown++;
            }
    buf_add_str(out, "</tbody>\n</table>");
    scroll_end(out);
    if (shown < fleet->lanes_len)
        buf_add_fmt(out, "<p class=\"note\">And %u more accounts and Regions.</p>\n",
                    fleet->lanes_len - shown);
    buf_add_fmt(out, "%s</section>\n", folded ? "</details>" : "");
}

static bool is_told(const struct group *g, enum row_alarm alarm)
{
    bool is_over = g->outcome == OUTCOME_DONE || g->outcome == OUTCOME_UNCHANGED;
    return g->alarm == alarm && (alarm != ALARM_NONE || !is_over);
}

/* "warning <b>overwrites-custom</b>: the custom ..." */
static void warning_add(struct buf *out, struct text rules, struct text sentence)
{
    buf_add_str(out, "<p class=\"warning\">warning <b>");
    markup_add(out, rules);
    buf_add_str(out, sentence.len ? "</b>: " : "</b>");
    markup_add(out, sentence);
    buf_add_str(out, "</p>");
}

/* The names of the warnings, or of a single row their sentences. */
static void warnings_add(struct buf *out, const struct groups *groups, const struct group *g)
{
    struct text told = names_text(&groups->names, g->examples[0].warned);
    if (g->warnings && g->kind_count > 1) {
        struct buf rules;
        buf_init(&rules, NAME_LEN_MAX);
        group_warnings(g, &rules);
        warning_add(out, buf_text(&rules), TEXT_NONE);
        buf_spend(&rules, out);
    }
    while (g->warnings && g->kind_count == 1 && told.len) {
        struct text line = text_cut(&told, '\n');
        size_t colon = text_find_text(line, TEXT(": "));
        warning_add(out, text_slice(line, 0, colon), text_from(line, colon + 2));
    }
}

static void kind_places_add(struct buf *out, const struct groups *groups, uint32_t i)
{
    struct buf accounts, regions;
    buf_init(&accounts, NAME_LEN_MAX);
    buf_init(&regions, NAME_LEN_MAX);
    kind_accounts_add(groups, i, &accounts);
    kind_regions_add(groups, i, &regions);
    cell_add(out, "short", buf_text(&accounts));
    cell_add(out, "short", buf_text(&regions));
    buf_spend(&accounts, out);
    buf_spend(&regions, out);
}

/* The rule before its sentence, so that its page can be asked for. */
static void rule_name_add(struct buf *out, const struct group *g)
{
    struct text rule = group_rule(g);
    if (rule.len)
        buf_add_fmt(out, "<b>" TEXT_FMT "</b>: ", TEXT_ARG(rule));
}

/* Without a reason the change itself says what is to be said, of a kind that of its first row. */
static void change_add(struct buf *out, const struct fleet *fleet, const struct groups *groups,
                       const struct group *g)
{
    struct text before = names_text(&groups->names, g->examples[0].before);
    struct text after = fleet_mail_from(fleet, g->examples[0].row);
    if (!text_eq(before, after)) {
        markup_add(out, before.len ? before : TEXT("default"));
        buf_add_str(out, " &rarr; ");
    }
    markup_add(out, after.len ? after : TEXT("default"));
}

void groups_table_add(struct buf *out, const struct fleet *fleet, const struct groups *groups,
                      enum row_alarm alarm, enum tense tense)
{
    const char *title = alarm                ? row_alarm_title(alarm)
                        : tense == TENSE_RUN ? "Not done, by reason"
                                             : "What would be done and what not, by reason";
    uint32_t told = 0, shown = 0;
    for (uint32_t i = 0; i < groups->len; i += groups_of_kind(groups, i))
        told += is_told(&groups->list[i], alarm);
    if (told == 0)
        return;
    buf_add_fmt(out, "<section>\n<h2>%s</h2>\n", title);
    scroll_begin(out, "scroll", title);
    buf_add_str(out, "<table class=\"stack\">\n"
                     "<thead><tr><th scope=\"col\">outcome</th><th scope=\"col\" "
                     "class=\"number\">identities</th>"
                     "<th scope=\"col\">account</th><th scope=\"col\">Region</th><th "
                     "scope=\"col\">action</th><th scope=\"col\">reason</th>"
                     "<th scope=\"col\">for example</th></tr></thead>\n<tbody>\n");
    for (uint32_t i = 0; i < groups->len && shown < HTML_GROUPS_MAX;
         i += groups_of_kind(groups, i)) {
        if (!is_told(&groups->list[i], alarm))
            continue;
        const struct group *g = &groups->list[i];
        buf_add_str(out, "<tr>");
        buf_add_fmt(out, "<td><span class=\"pill %s\">%s</span></td>", standing_class(g->standing),
                    standing_words(g->standing, tense));
        number_add(out, g->kind_count);
        kind_places_add(out, groups, i);
        buf_add_fmt(out, "<td class=\"short\">%s%s</td>", action_name(g->action),
                    g->rejects ? ", REJECT_MESSAGE" : "");
        buf_add_str(out, "<td class=\"long\">");
        rule_name_add(out, g);
        if (g->reason)
            markup_add(out, group_reason(groups, g));
        else
            change_add(out, fleet, groups, g);
        warnings_add(out, groups, g);
        buf_add_str(out, "</td>");
        buf_add_str(out, "<td class=\"name\">");
        identity_add_html(out, fleet_identity(fleet, g->examples[0].row));
        buf_add_str(out, "</td>");
        buf_add_str(out, "</tr>\n");
        shown++;
    }
    buf_add_str(out, "</tbody>\n</table>");
    scroll_end(out);
    if (shown < told)
        buf_add_fmt(out, "<p class=\"note\">And %u more %s.</p>\n", told - shown,
                    plural(told - shown, "kind", "kinds"));
    if (groups->without_group && alarm == ALARM_NONE)
        buf_add_fmt(out, "<p class=\"note\">%u %s of further kinds.</p>\n", groups->without_group,
                    plural(groups->without_group, "identity is", "identities are"));
    buf_add_str(out, "</section>\n");
}

static void rule_add(struct buf *out, enum finding f, uint32_t count)
{
    const struct finding_rule *rule = finding_rule(f);
    const char *severity = severity_name(rule->severity);
    buf_add_fmt(out,
                "<tr><td><span class=\"pill %s\">%s</span></td><td class=\"short\"><b>%s</b></td>",
                severity, severity, rule->name);
    number_add(out, count);
    cell_add(out, "long", text_of(rule->summary));
    buf_add_fmt(out, "<td class=\"short\"><code>mailfrom explain %s</code></td></tr>\n",
                rule->name);
}

void rules_add(struct buf *out, const struct report_sum *sum)
{
    uint32_t found = 0;
    for (int f = 0; f < FINDINGS_LEN; f++)
        found += sum->by_finding[f] > 0;
    if (found == 0)
        return;
    buf_add_str(out, "<section>\n<h2>Findings</h2>\n");
    scroll_begin(out, "scroll", "findings");
    buf_add_str(out, "<table class=\"stack\">\n<thead><tr>"
                     "<th scope=\"col\">severity</th><th scope=\"col\">finding</th><th "
                     "scope=\"col\" class=\"number\">identities</th>"
                     "<th scope=\"col\">what it says</th><th scope=\"col\">what it means, how to "
                     "mend it</th></tr></thead>\n"
                     "<tbody>\n");
    for (int severity = SEVERITY_ERROR; severity >= SEVERITY_INFO; severity--)
        for (int f = 0; f < FINDINGS_LEN; f++)
            if (sum->by_finding[f] && (int)finding_rule((enum finding)f)->severity == severity)
                rule_add(out, (enum finding)f, sum->by_finding[f]);
    buf_add_str(out, "</tbody>\n</table>");
    scroll_end(out);
    buf_add_str(out, "</section>\n");
}

static void left_add(struct buf *out, instant_us deadline, instant_us now)
{
    char left[WHEN_LEN];
    if (now == 0 || deadline == WHEN_NEVER)
        return;
    if (deadline > now)
        buf_add_fmt(out, " (%s left)", span_format(deadline - now, left));
    else
        buf_add_str(out, " (is over)");
}

void waiting_add(struct buf *out, const struct fleet *fleet, const struct waiting *waiting,
                 instant_us now)
{
    uint32_t shown = waiting->len < WAITING_SHOWN ? waiting->len : WAITING_SHOWN;
    if (shown == 0)
        return;
    buf_add_str(out, "<section>\n<h2>Who still has to publish what</h2>\n");
    scroll_begin(out, "scroll", "domains whose records are waited for");
    buf_add_str(
        out,
        "<table class=\"stack\">\n"
        "<thead><tr><th scope=\"col\">domain</th><th scope=\"col\">owner</th>"
        "<th scope=\"col\" class=\"number\">identities</th><th scope=\"col\">waited for since</th>"
        "<th scope=\"col\">deadline</th></tr></thead>\n<tbody>\n");
    for (uint32_t i = 0; i < shown; i++) {
        const struct waiting_zone *zone = &waiting->list[i];
        name_id owner = fleet_policy_of(fleet, zone->oldest)->owner;
        buf_add_str(out, "<tr><td>");
        markup_add(out, waiting_name(waiting, zone));
        buf_add_str(out, "</td><td>");
        markup_add(out, names_text(&fleet->names, owner));
        buf_add_fmt(out, "</td><td class=\"number\">%u</td><td class=\"since\">", zone->rows);
        markup_add_instant(out, zone->since);
        buf_add_str(out, "</td><td class=\"until\">");
        markup_add_instant(out, zone->deadline);
        left_add(out, zone->deadline, now);
        buf_add_str(out, "</td></tr>\n");
    }
    buf_add_str(out, "</tbody>\n</table>");
    scroll_end(out);
    if (shown < waiting->len)
        buf_add_fmt(out,
                    "<p>These are the oldest and largest of %u domains; mailfrom due has all, "
                    "with their zones as DNS cuts them.</p>\n",
                    waiting->len);
    buf_add_str(out, "</section>\n");
}
