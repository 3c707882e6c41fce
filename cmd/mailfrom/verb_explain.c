/* explain: the page of a rule or of a state, or the list of all. */
#include "model/finding.h"
#include "rules/explain.h"
#include "ui/messages.h"
#include "verbs.h"

int verb_explain(const struct options *o)
{
    enum finding finding;
    struct text page;
    if (o->arguments_len == 0) {
        for (int f = 0; f < FINDINGS_LEN; f++) {
            const struct finding_rule *rule = finding_rule((enum finding)f);
            printf("%-22s %-8s %s\n", rule->name, severity_name(rule->severity), rule->summary);
        }
        printf("\nStates:");
        for (size_t i = 0; state_name(i); i++)
            printf("%s%s", i % 7 ? " " : "\n  ", state_name(i));
        printf("\n");
        return EXIT_OK;
    }
    if (o->arguments_len > 1) {
        message_error("explain: found %zu words, expected one rule or state at a time",
                      o->arguments_len);
        return EXIT_CANNOT_RUN;
    }
    struct text word = text_of(o->arguments[0]);
    if (finding_parse(word, &finding)) {
        page = rule_page(finding);
    } else if (!state_page(word, &page)) {
        const char *near = finding_near(word);
        message_error("there is no rule or state \"%s\"%s%s; mailfrom explain lists them",
                      o->arguments[0], near ? ": did you mean " : "", near ? near : "");
        return EXIT_CANNOT_RUN;
    }
    fwrite(page.at, 1, page.len, stdout);
    return EXIT_OK;
}
