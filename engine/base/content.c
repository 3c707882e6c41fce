/* Kinds of files by what they begin with. The words are those of this program's own writers. */
#include "content.h"

#include "count.h"

static bool begins(struct text t, const char *word)
{
    struct text w = text_of(word);
    return t.len >= w.len && text_eq_nocase(text_slice(t, 0, w.len), w);
}

static bool has(struct text t, const char *word)
{
    return text_find_text(t, text_of(word)) < t.len;
}

/* Plan files and JSON reports begin alike: the second line tells them apart. */
static enum content json_kind(struct text t)
{
    if (has(t, "\"terraform_version\"") && has(t, "\"serial\""))
        return CONTENT_STATE;
    if (has(t, "\"AWSTemplateFormatVersion\"") || has(t, "\"Type\": \"AWS::") ||
        has(t, "\"Type\":\"AWS::"))
        return CONTENT_TEMPLATE;
    if (has(t, "sarif"))
        return CONTENT_REPORT_SARIF;
    if (!begins(t, "{\"format_version\":"))
        return CONTENT_OTHER;
    if (has(t, "\"run\":") || has(t, "\"identities\":"))
        return CONTENT_REPORT_JSON;
    return has(t, "\"version\":") ? CONTENT_PLAN : CONTENT_OTHER;
}

enum content content_of(struct text head)
{
    static const struct {
        const char *word;
        enum content kind;
    } kinds[] = {{"SQLite format 3", CONTENT_JOURNAL},
                 {"account,region,identity,identity_type,action,outcome", CONTENT_REPORT_CSV},
                 {"account;region;identity;identity_type;action;outcome", CONTENT_REPORT_CSV},
                 {"account\tregion\tidentity\tidentity_type\taction\toutcome", CONTENT_REPORT_CSV},
                 {"## mailfrom ", CONTENT_REPORT_MARKDOWN},
                 {"<!DOCTYPE html", CONTENT_HTML},
                 {"<html", CONTENT_HTML},
                 {"<?xml", CONTENT_XML}};
    struct text t = head;
    if (text_starts(t, TEXT("\xef\xbb\xbf")))
        t = text_from(t, 3);
    while (t.len && (t.at[0] == ' ' || t.at[0] == '\t' || t.at[0] == '\r' || t.at[0] == '\n'))
        t = text_from(t, 1);
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (begins(t, kinds[i].word))
            return kinds[i].kind;
    return begins(t, "{") ? json_kind(t) : CONTENT_OTHER;
}

const char *content_name(enum content kind)
{
    static const char *const names[] = {
        [CONTENT_PLAN] = "a plan file",
        [CONTENT_JOURNAL] = "an SQLite database, such as a journal",
        [CONTENT_REPORT_CSV] = "a CSV report",
        [CONTENT_REPORT_JSON] = "a JSON report",
        [CONTENT_REPORT_SARIF] = "a SARIF report",
        [CONTENT_REPORT_MARKDOWN] = "a Markdown report",
        [CONTENT_HTML] = "an HTML page, such as a report",
        [CONTENT_XML] = "an XML file, such as a JUnit report",
        [CONTENT_STATE] = "a Terraform state",
        [CONTENT_TEMPLATE] = "a CloudFormation template",
    };
    return names[kind];
}
