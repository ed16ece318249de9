/* SPDX-License-Identifier: GPL-3.0-or-later
 * pleth merge: the records of one or more batch folders as one pair of tables. Every recording of their lists exactly once: what is missing
 * is named; what was done twice must agree. */
#include "batch_list.h"
#include "batch_log.h"
#include "batch_tables.h"
#include "exits.h"
#include "json_out.h"
#include "message.h"
#include "output.h"
#include "verbs.h"
#include <dsp/memory.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AGREE_RELATIVE 1e-9
enum { NAMED_MAX = 10, CONFIGURATIONS_MAX = 16, PATH_BYTES = 4096 };

typedef struct merge_run {
  const cli_options *options;
  batch_list list;
  size_t *index;
  batch_place *places;
  batch_logs logs;
  size_t twice, bits, apart; /* recordings done twice; of these with other bits, with other values */
} merge_run;

static bool agree(const char *a, const char *b) {
  char *end_a = NULL, *end_b = NULL;
  const double x = strtod(a, &end_a), y = strtod(b, &end_b);
  if (end_a == a || *end_a != '\0' || end_b == b || *end_b != '\0') return false;
  return fabs(x - y) <= AGREE_RELATIVE * fmax(fabs(x), fabs(y));
}

/* 0 the same to the bit, 1 the same to 1e-9, 2 apart. */
static int difference(const batch_record *a, const batch_record *b) {
  int worst = 0;
  if (a->n != b->n) return 2;
  for (size_t i = 0; i < a->n; i++)
    for (size_t c = 0; c < MEAS_CELLS; c++) {
      const char *x = a->measures[i].cell[c], *y = b->measures[i].cell[c];
      if (strcmp(x, y) == 0) continue;
      if (!agree(x, y)) return 2;
      worst = 1;
    }
  return worst;
}

static bool settled(const char *status) {
  return strcmp(status, STATUS_ANALYSED) == 0 || strcmp(status, STATUS_FAILED) == 0;
}

/* A later record counts, unless it failed to settle what an earlier one had settled. Equal keys must have equal values. */
static int found(void *context, size_t line, const batch_record *record, const batch_place *place) {
  merge_run *run = context;
  batch_place *known = &run->places[line];
  fmt_buffer text = {0};
  batch_record before = {0};
  if (known->size > 0 && batch_logs_get(&run->logs, known, &text, &before)) {
    const bool same_key = known->key[0] != '\0' && strcmp(known->key, place->key) == 0;
    const int apart = same_key ? difference(&before, record) : 0;
    run->twice += same_key;
    run->bits += apart == 1;
    run->apart += apart == 2;
    if (apart > 0)
      message_error(run->list.paths[line], NULL, NULL,
                    apart == 1 ? "done twice, with a difference below 1e-9" : "done twice, with different values");
    if (settled(before.cell[REC_STATUS]) && !settled(record->cell[REC_STATUS])) place = known;
  }
  *known = *place;
  batch_record_clear(&before);
  fmt_buffer_clear(&text);
  return EXIT_DONE;
}

/* Lists of several folders may name the same recordings: shards that did not share a folder. */
static int unite(batch_list *list) {
  size_t *index = batch_list_index(list), n = 0;
  if (index == NULL) return message_memory();
  for (size_t i = 0; i < list->n; i++) {
    if (batch_list_find(list, index, list->paths[i]) == i) continue;
    free(list->paths[i]);
    list->paths[i] = NULL;
  }
  free(index);
  for (size_t i = 0; i < list->n; i++)
    if (list->paths[i] != NULL) list->paths[n++] = list->paths[i];
  list->n = n;
  return EXIT_DONE;
}

static int read_lists(merge_run *run) {
  const cli_options *o = run->options;
  int status = EXIT_DONE;
  for (size_t i = 0; status == EXIT_DONE && i < o->n_operands; i++) {
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/" BATCH_FOLDER "/inputs", o->operands[i]);
    status = batch_list_load(&run->list, path);
  }
  return status == EXIT_DONE ? unite(&run->list) : status;
}

static int read_records(merge_run *run) {
  run->index = batch_list_index(&run->list);
  run->places = dsp_zalloc(run->list.n, sizeof *run->places);
  int status = run->index != NULL && run->places != NULL ? EXIT_DONE : message_memory();
  for (size_t i = 0; status == EXIT_DONE && i < run->options->n_operands; i++)
    status = batch_logs_read(&run->logs, run->options->operands[i], &run->list, run->index, found, run);
  return status;
}

static void name_missing(const merge_run *run) {
  size_t named = 0;
  for (size_t i = 0; i < run->list.n && named < NAMED_MAX; i++) {
    if (run->places[i].size > 0) continue;
    message_error(run->list.paths[i], NULL, NULL, "no result");
    named++;
  }
}

/* Values of different parameters or versions do not belong into one table: shards were begun differently. */
static size_t count_configurations(const merge_run *run) {
  const char *known[CONFIGURATIONS_MAX];
  size_t n = 0;
  for (size_t i = 0; i < run->list.n && n < CONFIGURATIONS_MAX; i++) {
    const char *config = run->places[i].size > 0 ? run->logs.files[run->places[i].log].config : "";
    size_t k = 0;
    while (k < n && strcmp(known[k], config) != 0) k++;
    if (k == n && config[0] != '\0') known[n++] = config;
  }
  if (n > 1)
    message_hint(NULL, "do them again with one: pleth batch over the same folder does what differs",
                 "the results are of %zu%s configurations (parameters, protocol, guideline, version)", n,
                 n < CONFIGURATIONS_MAX ? "" : " or more");
  return n;
}

static int conclude(merge_run *run, const char *target) {
  batch_tally tally;
  fmt_buffer out = {0}, json = {0};
  int status = batch_tables_write(&tally, target, &run->list, run->places, &run->logs);
  if (status != EXIT_DONE) return status;
  name_missing(run);
  const size_t configurations = count_configurations(run);
  if (run->options->given[OPT_JSON]) {
    fmt_printf(
        &json,
        "{\"schema\": \"pleth-merge/1\", \"recordings\": %zu, \"analysed\": %zu, \"failed\": %zu, \"missing\": %zu, \"measures\": %zu, "
        "\"twice\": %zu, \"twice_other_bits\": %zu, \"twice_apart\": %zu, \"configurations\": %zu}\n",
        tally.n, tally.analysed, tally.failed, tally.missing, tally.measures, run->twice, run->bits, run->apart, configurations);
    status = json_write(run->options, &json);
  }
  if (!run->options->given[OPT_QUIET] && !json_alone(run->options))
    fmt_printf(&out, "%zu recordings: %zu analysed (%zu of them flagged), %zu failed, %zu missing; %zu were done twice\n", tally.n,
               tally.analysed, tally.flagged, tally.failed, tally.missing, run->twice);
  if (!out.failed && out.size > 0) output_write(out.bytes, out.size);
  fmt_buffer_clear(&out);
  fmt_buffer_clear(&json);
  if (status != EXIT_DONE) return status;
  return run->apart > 0 || (tally.missing > 0 && !run->options->given[OPT_ALLOW_MISSING]) ? EXIT_PART : EXIT_DONE;
}

/* Where the tables go: --output, which is made, or the only folder. */
static int choose_target(const char **target, const cli_options *options) {
  *target = options->given[OPT_OUTPUT] ? options->value[OPT_OUTPUT] : options->operands[0];
  if (!options->given[OPT_OUTPUT] && options->n_operands > 1) {
    message_error("--output", NULL, "-o DIR, since there are several folders", "option missing");
    return EXIT_USAGE;
  }
  if (!options->given[OPT_OUTPUT] || mkdir(*target, 0777) == 0 || errno == EEXIST) return EXIT_DONE;
  message_error(*target, NULL, "a folder that this user may write to", "cannot create: %s", strerrordesc_np(errno));
  return EXIT_OUTPUT;
}

int verb_merge(const cli_options *options) {
  merge_run run = {.options = options};
  const char *target = NULL;
  int status = json_check(options);
  if (status == EXIT_DONE) status = choose_target(&target, options);
  if (status == EXIT_DONE) status = read_lists(&run);
  if (status == EXIT_DONE) status = read_records(&run);
  if (status == EXIT_DONE) status = conclude(&run, target);
  batch_logs_clear(&run.logs);
  batch_list_clear(&run.list);
  free(run.index);
  free(run.places);
  return status;
}
