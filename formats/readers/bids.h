/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the parts of the BIDS reader share. */
#ifndef READERS_BIDS_H
#define READERS_BIDS_H

#include "csv.h"
#include <fmt/reader.h>
#include <jansson.h>

/* `sub-01_task-rest_physio.tsv.gz`: entities, suffix, extension. */
enum { BIDS_ENTITIES_MAX = 8 };
typedef struct bids_name {
  csv_span entities[BIDS_ENTITIES_MAX];
  size_t n_entities;
  csv_span suffix; /* "physio" */
} bids_name;

/* bids_names.c */
/* False: not a .tsv or .tsv.gz with a suffix behind `_` (or more entities than anybody uses). */
bool bids_parse(bids_name *name, const char *file_name);
bool bids_suffix_is(const bids_name *name, const char *suffix);
dsp_status bids_wants(fmt_names *names, const fmt_input *so_far);
/* The facts that apply to files of `suffix` with these entities: the side-cars from the data set's root down to the file's folder, the
 * nearer ones on top. *root is NULL when there is none; json_decref it. */
dsp_status bids_inherit(json_t **root, dsp_recording *recording, const fmt_input *input, const bids_name *name, const char *suffix,
                        dsp_error *error);
/* The companion with these entities (`recording-` left out when asked to), that suffix and `.tsv.gz` or `.tsv`, and its name; *found is
 * NULL when there is none. */
dsp_status bids_table(const fmt_source **found, const char **file_name, const fmt_input *input, const bids_name *name, const char *suffix,
                      bool without_recording, dsp_error *error);

/* bids_facts.c: what a side-car states. Its errors name the side-car. */
typedef struct bids_facts {
  double rate_hz, start_s;
  const json_t *root, *columns;
} bids_facts;
dsp_status bids_facts_take(bids_facts *facts, dsp_recording *recording, const json_t *root, dsp_error *error);

/* bids_events.c: physioevents and events beside the recording, whose channels are there. */
dsp_status bids_events(dsp_recording *recording, const fmt_input *input, const bids_name *name, const bids_facts *facts, dsp_error *error);

#endif
