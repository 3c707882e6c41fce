/*
 * For html.c and live_document.c: styles and scripts as the build embeds them.
 */
#ifndef MF_HTML_FILES_H
#define MF_HTML_FILES_H

#include "base/page.h"

enum {
    HTML_STYLE,
    HTML_SCRIPT,
    HTML_TIME,
    HTML_LIVE_STYLE,
    HTML_LIVE_SCRIPT
}; /* the order in CMakeLists.txt */
extern const struct page html_files[];

#endif
