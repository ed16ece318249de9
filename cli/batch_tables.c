/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tables of a batch, in two passes over the records: the first finds the widths of texts, the second writes. One record is in memory at
 * a time. Both files appear whole, under temporary names until then. */
#include "batch_tables.h"
#include "exits.h"
#include "message.h"
#include <dirent.h>
#include <errno.h>
#include <fmt/batch.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char heading[] =
    "recording,sha256,status,protocol,trial,channel,side,site,id,value,unit,lo,hi,valid,grade,guideline,definition,flags,reason\n";

typedef struct tables {
  batch_tally *tally;
  fmt_batch_widths widths;
  fmt_batch *h5; /* NULL: the first pass */
  FILE *csv;
  fmt_buffer line;
  unsigned n_recordings, n_measures;
} tables;

static double number(const char *text) {
  char *end = NULL;
  const double value = strtod(text, &end); /* the program runs in the C locale */
  return end != text && *end == '\0' ? value : (double)NAN;
}

static const char *or_null(const char *text) {
  return text[0] != '\0' ? text : NULL;
}

/* --- batch.h5 --- */

static void put_flags(tables *t, const char *flags) {
  while (*flags != '\0') {
    char code[128];
    const size_t length = strcspn(flags, ";");
    (void)snprintf(code, sizeof code, "%.*s", (int)length, flags);
    const fmt_batch_flag line = {t->n_measures, code};
    if (t->h5 != NULL)
      fmt_batch_add_flag(t->h5, &line);
    else
      fmt_batch_see_flag(&t->widths, &line);
    flags += length + (flags[length] == ';');
  }
}

static void put_h5(tables *t, const batch_record *r) {
  const fmt_batch_recording line = {r->cell[REC_NAME],   r->cell[REC_SHA256], r->cell[REC_STATUS],           r->cell[REC_REASON],
                                    r->cell[REC_FORMAT], r->cell[REC_REPORT], number(r->cell[REC_DURATION]), (unsigned)r->n};
  if (t->h5 != NULL)
    fmt_batch_add_recording(t->h5, &line);
  else
    fmt_batch_see_recording(&t->widths, &line);
  for (size_t i = 0; i < r->n; i++, t->n_measures++) {
    const char *const *c = r->measures[i].cell;
    const fmt_batch_measure measure = {.recording = t->n_recordings,
                                       .protocol = c[MEAS_PROTOCOL],
                                       .channel = c[MEAS_CHANNEL],
                                       .side = or_null(c[MEAS_SIDE]),
                                       .site = or_null(c[MEAS_SITE]),
                                       .id = c[MEAS_ID],
                                       .unit = c[MEAS_UNIT],
                                       .grade = or_null(c[MEAS_GRADE]),
                                       .guideline = or_null(c[MEAS_GUIDELINE]),
                                       .definition = or_null(c[MEAS_DEFINITION]),
                                       .trial = (unsigned)strtoul(c[MEAS_TRIAL], NULL, 10),
                                       .value = number(c[MEAS_VALUE]),
                                       .lo = number(c[MEAS_LO]),
                                       .hi = number(c[MEAS_HI]),
                                       .valid = strcmp(c[MEAS_VALID], "true") == 0};
    if (t->h5 != NULL)
      fmt_batch_add_measure(t->h5, &measure);
    else
      fmt_batch_see_measure(&t->widths, &measure);
    put_flags(t, c[MEAS_FLAGS]);
  }
}

/* --- summary.csv --- */

static void next(fmt_buffer *line, const char *text) {
  fmt_put_csv_text(line, text);
  fmt_put(line, ",");
}

static void put_csv(tables *t, const batch_record *r) {
  static const bool is_number[MEAS_CELLS] = {[MEAS_VALUE] = true, [MEAS_LO] = true, [MEAS_HI] = true};
  fmt_buffer *line = &t->line;
  line->size = 0;
  for (size_t i = 0; i < (r->n > 0 ? r->n : 1); i++) {
    next(line, r->cell[REC_NAME]);
    next(line, r->cell[REC_SHA256]);
    next(line, r->cell[REC_STATUS]);
    for (size_t c = 0; c < MEAS_CELLS; c++) {
      if (is_number[c]) {
        fmt_put(line, r->n > 0 ? r->measures[i].cell[c] : "n/a");
        fmt_put(line, ",");
      } else {
        next(line, r->n > 0 ? r->measures[i].cell[c] : "");
      }
    }
    fmt_put_csv_text(line, r->cell[REC_REASON]);
    fmt_put(line, "\n");
  }
  if (!line->failed) (void)fwrite(line->bytes, 1, line->size, t->csv); /* a failure stays with the stream */
}

/* --- both --- */

/* The worst first: failures in their order, then the most flags. */
static void note_worst(batch_tally *tally, size_t line, size_t flags, const char *text) {
  size_t at = tally->n_worst;
  while (at > 0 && tally->worst[at - 1].flags != 0 && (flags == 0 || tally->worst[at - 1].flags < flags)) at--;
  if (at == BATCH_WORST) return;
  if (tally->n_worst < BATCH_WORST) tally->n_worst++;
  memmove(&tally->worst[at + 1], &tally->worst[at], (tally->n_worst - 1 - at) * sizeof *tally->worst);
  tally->worst[at] = (struct batch_worst){.line = line, .flags = flags};
  (void)snprintf(tally->worst[at].text, sizeof tally->worst[at].text, "%s", text);
}

static void count(batch_tally *tally, size_t line, const batch_record *r) {
  batch_caution caution;
  if (strcmp(r->cell[REC_STATUS], STATUS_ANALYSED) != 0) {
    tally->failed++;
    note_worst(tally, line, 0, r->cell[REC_REASON]);
    return;
  }
  tally->analysed++;
  tally->measures += r->n;
  if (batch_record_caution(&caution, r)) {
    tally->flagged++;
    note_worst(tally, line, caution.flags, caution.text);
  }
  tally->invalid += caution.invalid;
  tally->empty += caution.invalid == caution.measures;
}

static int pass(tables *t, const batch_list *list, const batch_place *places, batch_logs *logs) {
  fmt_buffer text = {0};
  batch_record record = {0};
  int status = EXIT_DONE;
  t->n_recordings = t->n_measures = 0;
  for (size_t i = 0; status == EXIT_DONE && i < list->n; i++) {
    if (places[i].size == 0) {
      if (t->h5 == NULL) t->tally->missing++;
      continue;
    }
    if (!batch_logs_get(logs, &places[i], &text, &record)) {
      message_error(logs->files[places[i].log].path, NULL, "the record that was written there", "the record of %s is gone", list->paths[i]);
      status = EXIT_OUTPUT;
      break;
    }
    put_h5(t, &record);
    t->n_recordings++;
    if (t->h5 != NULL)
      put_csv(t, &record);
    else
      count(t->tally, i, &record);
  }
  fmt_buffer_clear(&text);
  batch_record_clear(&record);
  return status;
}

static int fail(const char *path, const dsp_error *error) {
  message_failure(path, error);
  return EXIT_OUTPUT;
}

/* The second pass, into files of temporary names. */
static int write_files(tables *t, const char *csv, const char *h5, const batch_list *list, const batch_place *places, batch_logs *logs) {
  dsp_error error = {0};
  t->csv = fopen(csv, "we");
  if (t->csv == NULL) {
    message_error(csv, NULL, "a folder that this user may write to", "cannot create: %s", strerrordesc_np(errno));
    return EXIT_OUTPUT;
  }
  (void)fputs(heading, t->csv);
  t->h5 = fmt_batch_new(h5, &t->widths, &error);
  int status = t->h5 != NULL ? pass(t, list, places, logs) : fail(h5, &error);
  if (t->h5 != NULL && fmt_batch_finish(t->h5, &error) != DSP_OK && status == EXIT_DONE) status = fail(h5, &error);
  if (t->line.failed && status == EXIT_DONE) status = message_memory();
  errno = 0;
  const bool bad = ferror(t->csv) != 0;
  if ((fclose(t->csv) != 0 || bad) && status == EXIT_DONE) {
    message_error(csv, NULL, "free space for the output", "cannot write: %s", strerrordesc_np(errno != 0 ? errno : EIO));
    status = EXIT_OUTPUT;
  }
  return status;
}

static int is_temporary(const struct dirent *entry) {
  return fnmatch(".pleth-*-summary.csv.tmp", entry->d_name, 0) == 0 || fnmatch(".pleth-*-batch.h5.tmp", entry->d_name, 0) == 0;
}

void batch_tables_tidy(const char *folder) {
  struct dirent **entries = NULL;
  char path[4096];
  const int n = scandir(folder, &entries, is_temporary, NULL);
  for (int i = 0; i < n; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    (void)unlink(path);
    free(entries[i]);
  }
  if (n >= 0) free(entries);
}

int batch_tables_write(batch_tally *tally, const char *folder, const batch_list *list, const batch_place *places, batch_logs *logs) {
  static const char *const names[] = {"summary.csv", "batch.h5"};
  char temporary[2][4096], target[4096];
  dsp_error error = {0};
  tables t = {.tally = tally};
  memset(tally, 0, sizeof *tally);
  tally->n = list->n;
  for (size_t i = 0; i < 2; i++)
    (void)snprintf(temporary[i], sizeof temporary[i], "%s/.pleth-%ld-%s.tmp", folder, (long)getpid(), names[i]);
  int status = pass(&t, list, places, logs);
  if (status == EXIT_DONE) status = write_files(&t, temporary[0], temporary[1], list, places, logs);
  for (size_t i = 0; status == EXIT_DONE && i < 2; i++) {
    (void)snprintf(target, sizeof target, "%s/%s", folder, names[i]);
    if (fmt_commit_file(temporary[i], target, &error) != DSP_OK) status = fail(target, &error);
  }
  for (size_t i = 0; status != EXIT_DONE && i < 2; i++) (void)unlink(temporary[i]);
  fmt_buffer_clear(&t.line);
  return status;
}
