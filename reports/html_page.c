/* The first and the last lines of a page. */
#include "html_page.h"

#include "crypto/sha256.h"
#include "html_files.h"
#include "markup.h"

/* " 'sha256-...'" */
static void hash_add(struct buf *out, struct text script)
{
    char hash[SHA256_BASE64_LEN];
    bool is_made = sha256_base64(script, hash);
    if (is_made)
        buf_add_fmt(out, " 'sha256-%s'", hash);
    out->failed |= !is_made;
}

static void script_add(struct buf *out, struct text script)
{
    buf_add_str(out, "<script>");
    buf_add_text(out, script);
    buf_add_str(out, "</script>\n");
}

void html_page_begin(struct buf *out, struct text title, struct text style, struct text script)
{
    buf_add_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src 'unsafe-inline'; script-src");
    hash_add(out, html_files[HTML_TIME].text);
    if (script.len)
        hash_add(out, script);
    buf_add_str(out, "\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<title>");
    markup_add(out, title);
    buf_add_str(out, "</title>\n<style>\n");
    buf_add_text(out, html_files[HTML_STYLE].text);
    buf_add_text(out, style);
    buf_add_str(out, "</style>\n</head>\n<body>\n");
}

void html_page_end(struct buf *out, struct text footer, struct text script)
{
    if (footer.len) {
        buf_add_str(out, "<footer>");
        markup_add(out, footer);
        buf_add_str(out, "</footer>\n");
    }
    script_add(out, html_files[HTML_TIME].text);
    if (script.len)
        script_add(out, script);
    buf_add_str(out, "</body>\n</html>\n");
}
