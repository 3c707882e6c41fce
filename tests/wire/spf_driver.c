/*
 * check_host() over standard input, for comparison with another implementation. Lines with tabs:
 *
 *   record NAME TYPE VALUE     adds to the zone
 *   check ADDRESS SENDER HELO  answers RESULT LOOKUPS VOID-LOOKUPS REASON, then empties the zone
 */
#include "paper_zone.h"
#include "rules/spf.h"

#include <stdio.h>
#include <stdlib.h>

static void check(struct paper_zone *zone, struct text line)
{
    struct spf_check check;
    struct spf_mail mail = {0};
    struct dns_question question;
    struct dns_reply reply;
    uint32_t number;
    if (!spf_address_parse(text_cut(&line, '\t'), &mail.client))
        exit(2);
    mail.sender = text_cut(&line, '\t');
    mail.helo = line;
    spf_check_init(&check);
    spf_check_start(&check, &mail);
    while (spf_check_next(&check, &question, &number)) {
        paper_zone_answer(zone, &question, &reply);
        spf_check_reply(&check, number, &reply);
    }
    printf("%s\t%u\t%u\t" TEXT_FMT "\n", spf_result_name(check.walk.result), check.walk.lookups,
           check.walk.void_lookups, TEXT_ARG(check.walk.reason));
    fflush(stdout);
    spf_check_clear(&check);
}

int main(void)
{
    char buffer[65536];
    struct paper_zone zone;
    paper_zone_init(&zone);
    while (fgets(buffer, sizeof buffer, stdin)) {
        struct text line = text_of(buffer);
        line.len -= line.len && line.at[line.len - 1] == '\n';
        struct text verb = text_cut(&line, '\t');
        if (text_eq(verb, TEXT("check"))) {
            check(&zone, line);
            paper_zone_clear(&zone);
        } else if (text_eq(verb, TEXT("record"))) {
            struct text name = text_cut(&line, '\t'), type = text_cut(&line, '\t');
            paper_zone_add(&zone, name, type, line);
        } else {
            return 2;
        }
    }
    paper_zone_clear(&zone);
    return 0;
}
