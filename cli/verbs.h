/* SPDX-License-Identifier: GPL-3.0-or-later
 * A verb is one file and one row of main.c's table. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "options.h"

/** Each returns an exit status and has said what went wrong. */
int verb_info(const cli_options *options);
int verb_analyze(const cli_options *options);
int verb_report(const cli_options *options);
int verb_convert(const cli_options *options);
int verb_simulate(const cli_options *options);
int verb_check(const cli_options *options);
int verb_merge(const cli_options *options);
int verb_qa(const cli_options *options);
int verb_batch(const cli_options *options);
int verb_config(const cli_options *options);
int verb_list(const cli_options *options);

#endif
