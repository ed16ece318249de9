/* SPDX-License-Identifier: GPL-3.0-or-later
 * One round of CSV ingest on one file, each way timed by itself; prints a JSON object of seconds, and of what the ways have read: the
 * number of samples (the first of several columns is time) and the sum of their bit patterns, which must be equal. Ways: read the bytes;
 * read and digest; the CSV reader on bytes in memory; strtod over the same bytes; a bare scan for newlines.
 * usage: ingest FILE [PARAMETER VALUE] */
#include <dsp/protocol.h>
#include <fcntl.h>
#include <fmt/reader.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int die(const char *what, const dsp_error *error) {
  fprintf(stderr, "ingest: %s: %s: %s; %s\n", what, error->place, error->found, error->expected);
  return 1;
}

static double read_file(fmt_source *source, const char *path, int digest, dsp_error *error) {
  double start = now_s();
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fmt_source_read(source, fd, FMT_CAP_FILE_BYTES, digest, error) != DSP_OK) exit(die(path, error));
  close(fd);
  return now_s() - start;
}

/* Lines are found by memchr, as any reader must at least do. */
static double scan_lines(const fmt_source *source, size_t *lines) {
  double start = now_s();
  const unsigned char *p = source->bytes, *end = p + source->size;
  for (*lines = 0; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++) ++*lines;
  return now_s() - start;
}

/* The sum of the bit patterns: equal sums of equal counts, whatever the order, mean equal numbers to the last bit. */
static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static double parse_strtod(const fmt_source *source, size_t columns, size_t *n, uint64_t *bits) {
  double start = now_s();
  const char *p = memchr(source->bytes, '\n', source->size), *end = (const char *)source->bytes + source->size;
  size_t room = source->size / 2 + 1, n_all = 0;
  double *values = malloc(room * sizeof *values);
  if (!p || !values) exit(1);
  for (p++; p < end; p++) {
    char *stop;
    values[n_all++] = strtod(p, &stop);
    p = stop;
  }
  double took = now_s() - start;
  *n = 0;
  *bits = 0;
  for (size_t i = 0; i < n_all; i++) {
    if (columns > 1 && i % columns == 0) continue;
    *bits += bits_of(values[i]);
    ++*n;
  }
  free(values);
  return took;
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 4) return 2;
  dsp_error error = {0};
  fmt_source plain, digested;
  double read_s = read_file(&plain, argv[1], 0, &error);
  double read_digest_s = read_file(&digested, argv[1], 1, &error);
  fmt_source_clear(&digested);

  size_t n_tables = 0;
  while (fmt_readers[n_tables]) n_tables++;
  const dsp_param_table **tables = calloc(n_tables + 1, sizeof *tables);
  if (!tables) return 1;
  for (size_t i = 0; i < n_tables; i++) tables[i] = &fmt_readers[i]->params;
  dsp_params *params = dsp_params_new(tables);
  if (!params) return 1;
  if (argc == 4 && dsp_params_set(params, argv[2], argv[3], &error) != DSP_OK) return die("parameter", &error);

  dsp_recording *recording = NULL;
  double start = now_s();
  const fmt_input input = {.source = &plain, .name = "bench.csv"};
  if (fmt_read(&recording, &input, &(fmt_read_options){.format = "csv", .params = params}, &error) != DSP_OK)
    return die("fmt_read", &error);
  double ours_s = now_s() - start;

  size_t n = 0, lines, n_strtod;
  uint64_t bits = 0, bits_strtod;
  for (size_t c = 0; c < recording->n_channels; c++) {
    const dsp_channel *channel = &recording->channels[c];
    for (size_t i = 0; i < channel->n; i++) bits += bits_of(channel->x[i]);
    n += channel->n;
  }
  const size_t time_columns = argc == 2; /* who states the rate has no clock */
  double strtod_s = parse_strtod(&plain, recording->n_channels + time_columns, &n_strtod, &bits_strtod);
  double scan_s = scan_lines(&plain, &lines);
  printf("{\"read\": %.6f, \"read_digest\": %.6f, \"ours\": %.6f, \"strtod\": %.6f, \"scan\": %.6f, \"bytes\": %zu, \"lines\": %zu, \"n\": "
         "%zu, "
         "\"bits\": %" PRIu64 ", \"n_strtod\": %zu, \"bits_strtod\": %" PRIu64 "}\n",
         read_s, read_digest_s, ours_s, strtod_s, scan_s, plain.size, lines, n, bits, n_strtod, bits_strtod);
  dsp_recording_free(recording);
  dsp_params_free(params);
  free(tables);
  fmt_source_clear(&plain);
  return 0;
}
