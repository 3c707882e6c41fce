/*
 * For html.c, live_document.c and evidence_html.c: styles and scripts as the build embeds them.
 */
#ifndef MF_HTML_FILES_H
#define MF_HTML_FILES_H

#include "base/page.h"

enum {
    HTML_STYLE,
    HTML_SCRIPT,
    HTML_TIME,
    HTML_LIVE_STYLE,
    HTML_LIVE_SCRIPT,
    HTML_EVIDENCE_STYLE
}; /* the order in CMakeLists.txt */
extern const struct page html_files[];

#endif
