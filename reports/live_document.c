/*
 * The page around the parts: it is the same as long as a server lives, and has an element for each
 * part (live_parts.c) that its script (live_script.js) fills.
 */
#include "live_parts.h"

#include "base/bounds.h"
#include "base/count.h"
#include "html_files.h"
#include "published_internal.h"
#include "scheduler/standing.h"

static void option_add(struct buf *out, const char *value, const char *words)
{
    buf_add_fmt(out, "<option value=\"%s\">%s</option>", value, words);
}

/* What the rows can be narrowed to: the words of ?state=. */
static void states_add(struct buf *out, enum live_kind kind)
{
    buf_add_str(out, "<select id=\"state\" aria-label=\"state\">");
    option_add(out, "", kind == LIVE_WATCH ? "every level" : "every outcome");
    for (int s = STANDING_UNCHANGED; s < STANDINGS && kind == LIVE_RUN; s++)
        option_add(out, standing_class((enum standing)s),
                   standing_words((enum standing)s, TENSE_RUN));
    for (int i = 0; i < PUBLISHED_OUTCOMES && kind == LIVE_PUBLISHING; i++)
        option_add(out, published_outcome_name((enum published_outcome)i),
                   published_outcome_name((enum published_outcome)i));
    for (int l = WATCH_PAGE; l >= WATCH_WELL && kind == LIVE_WATCH; l--)
        option_add(out, watch_level_name((enum watch_level)l),
                   watch_level_name((enum watch_level)l));
    if (kind == LIVE_WATCH)
        option_add(out, "unconfirmed", "unconfirmed");
    buf_add_str(out, "</select>\n");
}

static void rows_section(struct buf *out, enum live_kind kind)
{
    static const char *const titles[] = {"Identities", "All record sets", "The fleet"};
    static const char *const columns[][8] = {
        {"identity", "outcome", "action", "MAIL FROM", "account", "Region", "source",
         "passes DMARC by"},
        {"name", "outcome", "type", "value", "zone", "provider", "source", ""},
        {"identity", "level", "problem", "what was found", "account", "Region", "", ""}};
    buf_add_fmt(
        out,
        "<section class=\"fleet kind-%d\">\n<h2 id=\"search\" tabindex=\"-1\">%s</h2>\n"
        "<form class=\"tools\" id=\"tools\" role=\"search\">\n"
        "<input id=\"words\" type=\"search\" placeholder=\"Search names, reasons, accounts\" "
        "aria-label=\"search\" autocomplete=\"off\" spellcheck=\"false\">\n",
        (int)kind, titles[kind]);
    states_add(out, kind);
    buf_add_str(
        out, "<button id=\"clear\" type=\"button\">Clear</button>\n"
             "<output id=\"shown\"></output>\n</form>\n<div class=\"head\" aria-hidden=\"true\">");
    for (size_t i = 0; i < COUNT(columns[kind]); i++)
        if (*columns[kind][i])
            buf_add_fmt(out, "<span>%s</span>", columns[kind][i]);
    buf_add_str(out, "</div>\n<div id=\"rows\"></div>\n"
                     "<nav class=\"pages\" id=\"pages\" aria-label=\"pages of rows\" hidden>\n"
                     "<button id=\"before\" type=\"button\">Previous</button>\n"
                     "<span id=\"page\"></span>\n"
                     "<button id=\"after\" type=\"button\">Next</button>\n</nav>\n</section>\n");
}

static void places_add(struct buf *out, enum live_kind kind)
{
    static const char *const of_run[] = {"notice", "reasons", "waiting",   "time",
                                         "lanes",  "sets",    "standings", "findings"};
    static const char *const of_publishing[] = {"notice", "sets"};
    static const char *const of_watch[] = {"problems"};
    static const struct {
        const char *const *names;
        size_t len;
    } places[] = {{of_run, COUNT(of_run)},
                  {of_publishing, COUNT(of_publishing)},
                  {of_watch, COUNT(of_watch)}};
    for (size_t i = 0; i < places[kind].len; i++)
        buf_add_fmt(out, "<div id=\"%s\"></div>\n", places[kind].names[i]);
}

enum err live_document_make(struct live_document *d, enum live_kind kind, struct why *why)
{
    struct buf *out = &d->index;
    *d = (struct live_document){.index = {.len = 0}};
    buf_init(&d->style, REPORT_CHUNK_MAX);
    buf_init(&d->script, REPORT_CHUNK_MAX);
    buf_init(&d->index, REPORT_CHUNK_MAX);
    buf_add_text(&d->script, html_files[HTML_TIME].text);
    buf_add_text(&d->script, html_files[HTML_LIVE_SCRIPT].text);
    buf_add_text(&d->style, html_files[HTML_STYLE].text);
    buf_add_text(&d->style, html_files[HTML_LIVE_STYLE].text);
    buf_add_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<title id=\"title\">mailfrom</title>\n<style>");
    buf_add_text(out, buf_text(&d->style));
    buf_add_str(
        out,
        "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#search\">To the search</a>\n"
        "<div class=\"bar\" role=\"region\" aria-label=\"connection and orders\">\n"
        "<p id=\"link\" class=\"link waits\"><i class=\"dot\" aria-hidden=\"true\"></i>"
        "<span id=\"link-words\">Connecting</span></p>\n"
        "<div id=\"controls\" class=\"controls\"></div>\n<output id=\"answer\"></output>\n</div>\n"
        "<p id=\"said\" class=\"unseen\" role=\"status\" aria-live=\"polite\"></p>\n"
        "<div id=\"verdict\"><noscript><header><h1>This page follows a run, which it cannot "
        "without "
        "its script.</h1><p>The same is at <a href=\"api/status\">api/status</a> as JSON.</p>"
        "</header></noscript></div>\n<main>\n");
    places_add(out, kind);
    rows_section(out, kind);
    buf_add_str(out, "</main>\n<footer>All instants are UTC. For programs: <a href=\"api/status\">"
                     "api/status</a>.</footer>\n<script>");
    buf_add_text(out, buf_text(&d->script));
    buf_add_str(out, "</script>\n</body>\n</html>\n");
    return d->style.failed || d->script.failed || d->index.failed
               ? why_set(why, ERR_NOMEM, "out of memory")
               : OK;
}

void live_document_clear(struct live_document *d)
{
    buf_clear(&d->index);
    buf_clear(&d->style);
    buf_clear(&d->script);
}
