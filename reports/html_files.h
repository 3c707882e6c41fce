/*
 * For html.c: html_style.css and html_script.js as the build embeds them.
 */
#ifndef MF_HTML_FILES_H
#define MF_HTML_FILES_H

#include "base/page.h"

enum { HTML_STYLE, HTML_SCRIPT }; /* the order in CMakeLists.txt */
extern const struct page html_files[];

#endif
