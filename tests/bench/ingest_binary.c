/* SPDX-License-Identifier: GPL-3.0-or-later
 * One round of reading a binary recording, each way timed by itself; prints a JSON object of seconds, the number of samples and their sum.
 * Ways: the bytes alone; our reader on bytes in memory; on the same file EDFlib, where it is built with it, or libsndfile. Sound is decoded
 * to floats, all of it, signals to doubles. usage: ingest_binary FILE [COMPANION] */
#include <fcntl.h>
#include <fmt/reader.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_EDFLIB
#include <edflib.h>
#endif

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double read_file(fmt_source *source, const char *path) {
  const double start = now_s();
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fmt_source_read(source, fd, FMT_CAP_FILE_BYTES, 0, NULL) != DSP_OK) exit(1);
  close(fd);
  return now_s() - start;
}

/* Seconds, or -1 where EDFlib is not there or does not open the file. */
static double read_edflib(const char *path, double *sum) {
  *sum = 0;
#ifdef HAVE_EDFLIB
  const double start = now_s();
  struct edf_hdr_struct *header = malloc(sizeof *header);
  if (!header || edfopen_file_readonly(path, header, EDFLIB_READ_ALL_ANNOTATIONS) != 0) {
    free(header);
    return -1;
  }
  for (int s = 0; s < header->edfsignals; s++) {
    const int n = (int)header->signalparam[s].smp_in_file;
    double *x = malloc((size_t)n * sizeof *x);
    if (!x || edfread_physical_samples(header->handle, s, n, x) != n) exit(1);
    *sum += x[n / 2];
    free(x);
  }
  edfclose_file(header->handle);
  free(header);
  return now_s() - start;
#else
  (void)path;
  return -1;
#endif
}

enum { BLOCK_FRAMES = 16384 };

/* All frames of sound, one after another, into one block. */
static void decode(const dsp_recording *r, double *sum) {
  const size_t n = r->channels[0].n, width = r->audio.n_channels;
  float *block = malloc(BLOCK_FRAMES * width * sizeof *block);
  if (!block) exit(1);
  for (size_t at = 0; at < n; at += BLOCK_FRAMES) {
    const size_t frames = n - at < BLOCK_FRAMES ? n - at : BLOCK_FRAMES;
    if (r->audio.read(r->audio.context, block, at, frames, NULL) != DSP_OK) exit(1);
    *sum += (double)block[0];
  }
  free(block);
}

/* Seconds, or -1 where libsndfile does not open the file. */
static double read_sndfile(const char *path, double *sum) {
  SF_INFO info = {0};
  const double start = now_s();
  SNDFILE *file = sf_open(path, SFM_READ, &info);
  if (!file) return -1;
  float *block = malloc((size_t)BLOCK_FRAMES * (size_t)info.channels * sizeof *block);
  if (!block) exit(1);
  *sum = 0;
  while (sf_readf_float(file, block, BLOCK_FRAMES) > 0) *sum += (double)block[0];
  sf_close(file);
  free(block);
  return now_s() - start;
}

static const char *base(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3) return 2;
  fmt_source source;
  fmt_file companion = {.name = argc == 3 ? base(argv[2]) : ""};
  double sum = 0, their_sum = 0, read_s = read_file(&source, argv[1]);
  if (argc == 3) read_s += read_file(&companion.source, argv[2]);
  const fmt_input input = {.source = &source, .name = base(argv[1]), .companions = &companion, .n_companions = argc == 3};
  const fmt_read_options options = {0};
  dsp_recording *recording = NULL;
  dsp_error error = {0};
  const double start = now_s();
  if (fmt_read(&recording, &input, &options, &error) != DSP_OK) {
    fprintf(stderr, "ingest_binary: %s: %s\n", error.place, error.found);
    return 1;
  }
  const bool sound = recording->audio.n_channels > 0;
  if (sound) decode(recording, &sum);
  const double ours_s = now_s() - start;
  size_t n = 0;
  for (size_t c = 0; c < recording->n_channels; c++) {
    n += recording->channels[c].n;
    if (!sound) sum += recording->channels[c].x[recording->channels[c].n / 2];
  }
  const double sndfile_s = sound ? read_sndfile(argv[1], &their_sum) : -1, edflib_s = sound ? -1 : read_edflib(argv[1], &their_sum);
  printf("{\"read\": %.6f, \"ours\": %.6f, \"edflib\": %.6f, \"sndfile\": %.6f, \"n\": %zu, \"sum\": %.9g, \"their_sum\": %.9g}\n", read_s,
         ours_s, edflib_s, sndfile_s, n, sum, their_sum);
  dsp_recording_free(recording);
  fmt_source_clear(&companion.source);
  fmt_source_clear(&source);
  return 0;
}
