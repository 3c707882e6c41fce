/* explain: the page of a rule, of a state or of a kind of problem of watching; or the list of all.
 */
#include "model/finding.h"
#include "options/help.h"
#include "rules/explain.h"
#include "scheduler/standing.h"
#include "ui/messages.h"
#include "verbs.h"

#include "base/buf.h"

#include <unistd.h>

#define EXPLAIN_PAGE_MAX (1u << 16)

/* The words for people lead to the same pages: "waiting for SES". */
static bool standing_page(struct text words, struct text *page)
{
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++)
        for (int t = 0; t < TENSES; t++)
            if (text_eq_nocase(words, text_of(standing_words((enum standing)s, (enum tense)t))))
                return state_page(text_of(outcome_name(standing_outcome((enum standing)s))), page);
    return false;
}

static void paragraph_print(struct buf *paragraph)
{
    struct text t = buf_text(paragraph);
    bool is_item = text_starts(t, TEXT("- "));
    if (is_item)
        fputs("- ", stdout);
    help_print(stdout, is_item ? 2 : 0, text_from(t, is_item ? 2 : 0));
    buf_reset(paragraph);
}

/* Pages are wider than a terminal may be: there their paragraphs and items are broken anew. */
static void page_print(struct text page)
{
    struct buf paragraph;
    if (!isatty(STDOUT_FILENO)) {
        fwrite(page.at, 1, page.len, stdout);
        return;
    }
    buf_init(&paragraph, EXPLAIN_PAGE_MAX);
    while (page.len) {
        struct text line = text_cut(&page, '\n'), words = text_trim(line);
        bool is_code = text_starts(line, TEXT("    ")), is_title = text_starts(line, TEXT("#"));
        bool begins = text_starts(line, TEXT("- "));
        if (line.len == 0 || is_code || is_title || begins)
            paragraph_print(&paragraph);
        if (line.len == 0 || is_code || is_title) {
            printf(TEXT_FMT "\n", TEXT_ARG(line));
            continue;
        }
        if (paragraph.len)
            buf_add_char(&paragraph, ' ');
        buf_add_text(&paragraph, words);
    }
    paragraph_print(&paragraph);
    buf_clear(&paragraph);
}

static void list_print(void)
{
    for (int f = 0; f < FINDINGS_LEN; f++) {
        const struct finding_rule *rule = finding_rule((enum finding)f);
        printf("%-22s %-8s %s\n", rule->name, severity_name(rule->severity), rule->summary);
    }
    printf("\nStates, and what programs call them:\n");
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++) {
        const char *words = standing_words((enum standing)s, TENSE_RUN);
        const char *name = outcome_name(standing_outcome((enum standing)s));
        bool is_same = text_eq(text_of(words), text_of(name));
        printf("  %-*s%s\n", is_same ? 0 : 22, words, is_same ? "" : name);
    }
    printf("\nStatuses of SES:\n ");
    for (size_t i = 0; state_name(i); i++) {
        enum outcome outcome;
        if (!outcome_parse(text_of(state_name(i)), &outcome))
            printf(" %s", state_name(i));
    }
    printf("\n\nProblems that watch tells:\n");
    for (int k = 0; k < WATCH_KINDS; k++)
        printf("  %s\n", watch_kind_name((enum watch_kind)k));
}

static const char *near_name(struct text word)
{
    const char *rule = finding_near(word);
    struct text_near near = {word, 4, NULL};
    for (int k = 0; !rule && k < WATCH_KINDS; k++)
        text_near_try(&near, watch_kind_name((enum watch_kind)k));
    return rule ? rule : near.word;
}

/* One rule, state or kind of problem; a word may be two of them. The words of a state may be given
 * one by one. */
int verb_explain(const struct options *o)
{
    enum finding finding;
    enum watch_kind kind;
    struct text pages[2], state;
    unsigned len = 0;
    struct buf joined;
    if (o->arguments_len == 0) {
        list_print();
        return EXIT_OK;
    }
    buf_init(&joined, EXPLAIN_PAGE_MAX);
    for (size_t i = 0; i < o->arguments_len; i++)
        buf_add_fmt(&joined, "%s%s", i ? " " : "", o->arguments[i]);
    struct text word = buf_text(&joined);
    if (finding_parse(word, &finding))
        pages[len++] = rule_page(finding);
    else if (state_page(word, &state) || standing_page(word, &state))
        pages[len++] = state;
    if (watch_kind_parse(word, &kind))
        pages[len++] = kind_page(kind);
    for (unsigned i = 0; i < len; i++) {
        printf("%s", i ? "\n" : "");
        page_print(pages[i]);
    }
    if (len == 0) {
        const char *near = near_name(word);
        message_error("there is no rule, state or problem \"" TEXT_FMT
                      "\"%s%s; mailfrom explain lists them",
                      TEXT_ARG(word), near ? ": did you mean " : "", near ? near : "");
    }
    buf_clear(&joined);
    return len ? EXIT_OK : EXIT_CANNOT_RUN;
}
