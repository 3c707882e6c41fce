/*
 * Readers of the values of options, for the table of option_rows.c: of progress, of due, of
 * notifications, of watch, of work, of evidence, of rehearse, of CSV, of DKIM, of Terraform, of the
 * formats of discover and of the live page. Each is a `read` of struct option_row.
 */
#ifndef MF_OPTION_READERS_H
#define MF_OPTION_READERS_H

#include "options.h"

enum err read_progress(struct options *o, const char *value, struct why *why);
enum err read_ticker(struct options *o, const char *value, struct why *why);
enum err read_by(struct options *o, const char *value, struct why *why);
enum err read_hook(struct options *o, const char *value, struct why *why);
enum err read_webhook(struct options *o, const char *value, struct why *why);
enum err read_hook_timeout(struct options *o, const char *value, struct why *why);
enum err read_watch_format(struct options *o, const char *value, struct why *why);
enum err read_lanes(struct options *o, const char *value, struct why *why);
enum err read_max_lanes(struct options *o, const char *value, struct why *why);
enum err read_every(struct options *o, const char *value, struct why *why);
enum err read_dns_delay(struct options *o, const char *value, struct why *why);
enum err read_dns_published(struct options *o, const char *value, struct why *why);
enum err read_dmarc_reports(struct options *o, const char *value, struct why *why);
enum err read_since(struct options *o, const char *value, struct why *why);
enum err read_until(struct options *o, const char *value, struct why *why);
enum err read_detect_after(struct options *o, const char *value, struct why *why);
enum err read_csv_dialect(struct options *o, const char *value, struct why *why);
enum err read_csv_separator(struct options *o, const char *value, struct why *why);
enum err read_discover_format(struct options *o, const char *value, struct why *why);
enum err read_dkim(struct options *o, const char *value, struct why *why);
enum err read_no_dkim(struct options *o, const char *value, struct why *why);
enum err read_terraform_state(struct options *o, const char *value, struct why *why);
enum err read_listen_name(struct options *o, const char *value, struct why *why);

#endif
