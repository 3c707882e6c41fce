/* explain: the page of a rule, or the list of rules. */
#include "model/finding.h"
#include "rules/explain.h"
#include "ui/messages.h"
#include "verbs.h"

int verb_explain(const struct options *o)
{
    enum finding finding;
    if (o->arguments_len == 0) {
        for (int f = 0; f < FINDINGS_LEN; f++) {
            const struct finding_rule *rule = finding_rule((enum finding)f);
            printf("%-22s %-8s %s\n", rule->name, severity_name(rule->severity), rule->summary);
        }
        return EXIT_OK;
    }
    if (o->arguments_len > 1) {
        message_error("explain: found %zu rules, expected one at a time", o->arguments_len);
        return EXIT_CANNOT_RUN;
    }
    if (!finding_parse(text_of(o->arguments[0]), &finding)) {
        const char *near = finding_near(text_of(o->arguments[0]));
        message_error("there is no rule \"%s\"%s%s; mailfrom explain lists them", o->arguments[0],
                      near ? ": did you mean " : "", near ? near : "");
        return EXIT_CANNOT_RUN;
    }
    struct text page = rule_page(finding);
    fwrite(page.at, 1, page.len, stdout);
    return EXIT_OK;
}
