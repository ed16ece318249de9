/* SPDX-License-Identifier: GPL-3.0-or-later
 * Records of a batch as text. The last line has the digest of those before it: a record that a kill or a full disk has cut is known by it,
 * and so is one that a worker has made up. */
#include "batch_record.h"
#include <dsp/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROOF_DIGITS = 16 };

void batch_put_cell(fmt_buffer *out, const char *text) {
  for (const char *c = text != NULL ? text : ""; *c != '\0'; c++) {
    if (*c == '\t')
      fmt_put(out, "\\t");
    else if (*c == '\n')
      fmt_put(out, "\\n");
    else if (*c == '\\')
      fmt_put(out, "\\\\");
    else
      fmt_put_bytes(out, c, 1);
  }
}

static void next_text(fmt_buffer *out, const char *text) {
  fmt_put(out, "\t");
  batch_put_cell(out, text);
}

static void next_number(fmt_buffer *out, double value) {
  fmt_put(out, "\t");
  fmt_put_number(out, value, "n/a");
}

static void next_flags(fmt_buffer *out, const dsp_flags *flags) {
  const dsp_flag_row *row = NULL;
  fmt_put(out, "\t");
  for (size_t i = 0; (row = dsp_flags_get(flags, i)) != NULL; i++) fmt_printf(out, "%s%s", i > 0 ? ";" : "", row->id);
}

static void put_measure(fmt_buffer *out, const dsp_test *test, const dsp_measure *m) {
  fmt_put(out, "M");
  next_text(out, test->protocol);
  fmt_put(out, "\t");
  if (test->trial > 0)
    fmt_printf(out, "%u", test->trial);
  else
    fmt_put(out, "pooled");
  next_text(out, test->channel);
  next_text(out, test->side == DSP_SIDE_UNKNOWN ? NULL : dsp_side_text(test->side));
  next_text(out, test->site);
  next_text(out, m->row->id);
  next_number(out, m->value);
  next_text(out, m->row->unit);
  next_number(out, m->lo);
  next_number(out, m->hi);
  next_text(out, m->valid ? "true" : "false");
  next_text(out, m->grade);
  next_text(out, m->guideline);
  next_text(out, m->definition);
  next_flags(out, &m->flags);
  fmt_put(out, "\n");
}

void batch_put_measures(fmt_buffer *out, const dsp_report *report) {
  for (size_t i = 0; i < report->n_tests; i++)
    for (size_t j = 0; j < report->tests[i].n_measures; j++) put_measure(out, &report->tests[i], &report->tests[i].measures[j]);
}

static void prove(char proof[65], const char *bytes, size_t size) {
  fmt_sha256(proof, bytes, size);
  proof[PROOF_DIGITS] = '\0';
}

void batch_put_record(fmt_buffer *out, const char *const cell[static REC_CELLS], const char *lines, size_t size) {
  const size_t from = out->size;
  char proof[65];
  fmt_put(out, "R");
  for (size_t i = 0; i < REC_CELLS; i++) next_text(out, cell[i]);
  fmt_put(out, "\n");
  fmt_put_bytes(out, lines, size);
  if (out->failed) return;
  prove(proof, out->bytes + from, out->size - from);
  fmt_printf(out, "E\t%s\n", proof);
}

void batch_cut_cell(char *cell) {
  char *to = cell;
  for (const char *from = cell; *from != '\0'; from++) {
    if (*from != '\\' || from[1] == '\0') {
      *to++ = *from;
      continue;
    }
    from++;
    *to = *from;
    if (*from == 't') *to = '\t';
    if (*from == 'n') *to = '\n';
    to++;
  }
  *to = '\0';
}

/* Exactly `n` cells behind the line's letter. */
static bool cut_line(const char **cell, size_t n, char letter, char *line) {
  if (line[0] != letter) return false;
  for (size_t i = 0; i < n; i++) {
    line = strchr(line, '\t');
    if (line == NULL) return false;
    *line++ = '\0';
    cell[i] = line;
  }
  if (strchr(line, '\t') != NULL) return false;
  for (size_t i = 0; i < n; i++) {
    char *text = (char *)(uintptr_t)cell[i];
    batch_cut_cell(text);
  }
  return true;
}

bool batch_record_read(batch_record *record, char *text, size_t size) {
  char proof[65];
  const size_t tail = PROOF_DIGITS + 3;
  record->n = 0;
  if (size < tail + 2 || strlen(text) != size || memcmp(text + size - tail, "E\t", 2) != 0 || text[size - 1] != '\n') return false;
  prove(proof, text, size - tail);
  if (memcmp(text + size - tail + 2, proof, PROOF_DIGITS) != 0) return false;
  text[size - tail] = '\0';
  char *rest = text, *line = strsep(&rest, "\n");
  if (line == NULL || !cut_line(record->cell, REC_CELLS, 'R', line)) return false;
  while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
    if (dsp_grow(&record->measures, &record->capacity, record->n + 1, sizeof *record->measures) != DSP_OK) return false;
    if (!cut_line(record->measures[record->n].cell, MEAS_CELLS, 'M', line)) return false;
    record->n++;
  }
  return true;
}

void batch_record_clear(batch_record *record) {
  free(record->measures);
  memset(record, 0, sizeof *record);
}

static bool asks_for_caution(const char *flag, size_t length) {
  for (size_t i = 0; i < dsp_flag_count; i++)
    if (strlen(dsp_flag_rows[i].id) == length && memcmp(dsp_flag_rows[i].id, flag, length) == 0)
      return dsp_flag_rows[i].severity != DSP_INFO;
  return true;
}

enum { CODES_TOLD = 3 };

/* Each flag once, the first few of them. */
static void note_code(const char **codes, size_t *lengths, size_t *n, const char *flag, size_t length) {
  for (size_t i = 0; i < *n && i < CODES_TOLD; i++)
    if (lengths[i] == length && memcmp(codes[i], flag, length) == 0) return;
  if (*n < CODES_TOLD) {
    codes[*n] = flag;
    lengths[*n] = length;
  }
  ++*n;
}

static bool has_flag(const char *flags, const char *code) {
  const size_t own = strlen(code);
  for (size_t length = 0; *flags != '\0'; flags += length + (flags[length] == ';')) {
    length = strcspn(flags, ";");
    if (length == own && memcmp(flags, code, own) == 0) return true;
  }
  return false;
}

/* The flags of one value. */
static void note_flags(batch_caution *caution, const char **codes, size_t *lengths, size_t *n, const char *flag) {
  for (size_t length = 0; *flag != '\0'; flag += length + (flag[length] == ';')) {
    length = strcspn(flag, ";");
    if (!asks_for_caution(flag, length)) continue;
    note_code(codes, lengths, n, flag, length);
    caution->flags++;
  }
}

bool batch_record_caution(batch_caution *caution, const batch_record *record) {
  const char *codes[CODES_TOLD];
  size_t lengths[CODES_TOLD], n = 0;
  fmt_buffer text = {0};
  memset(caution, 0, sizeof *caution);
  for (size_t i = 0; i < record->n; i++) {
    const char *const *cell = record->measures[i].cell;
    if (has_flag(cell[MEAS_FLAGS], "see_pooled")) continue; /* a trial's line of what only the whole test has */
    caution->measures++;
    caution->invalid += strcmp(cell[MEAS_VALID], "true") != 0;
    note_flags(caution, codes, lengths, &n, cell[MEAS_FLAGS]);
  }
  if (caution->invalid > 0)
    fmt_printf(&text, "%zu of %zu values missing", caution->invalid, caution->measures);
  else
    fmt_printf(&text, "%zu flag%s", caution->flags, caution->flags == 1 ? "" : "s");
  for (size_t i = 0; i < n && i < CODES_TOLD; i++) fmt_printf(&text, "%s%.*s", i == 0 ? ": " : ", ", (int)lengths[i], codes[i]);
  if (n > CODES_TOLD) fmt_put(&text, ", ...");
  (void)snprintf(caution->text, sizeof caution->text, "%s", text.failed ? "" : text.bytes);
  fmt_buffer_clear(&text);
  return caution->flags > 0;
}
