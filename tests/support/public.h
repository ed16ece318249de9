/* SPDX-License-Identifier: GPL-3.0-or-later
 * Recordings by others, which are not part of this repository: PLETH_DATA names their folder; without them a test is skipped. */
#ifndef SUPPORT_PUBLIC_H
#define SUPPORT_PUBLIC_H

#include "reading.h"
#include <fcntl.h>
#include <unistd.h>

enum { PUBLIC_SKIPPED = 77, PUBLIC_FILES_MAX = 64 };

/* The folder, or NULL (and says so) when it is not there. */
static inline const char *public_folder(void) {
  static char folder[2000];
  const char *data = getenv("PLETH_DATA"), *project = getenv("PLETH_SOURCE");
  if (data)
    snprintf(folder, sizeof folder, "%s", data);
  else
    snprintf(folder, sizeof folder, "%s/../shared/data", project ? project : ".");
  if (access(folder, R_OK) == 0) return folder;
  printf("skipped: no public recordings in %s\n", folder);
  return NULL;
}

static inline bool public_source(fmt_source *source, const char *path) {
  const int fd = open(path, O_RDONLY);
  if (fd < 0) return false;
  const dsp_status status = fmt_source_read(source, fd, FMT_CAP_FILE_BYTES, 0, NULL);
  close(fd);
  return status == DSP_OK;
}

/* Reads `name` below the folder with the files that belong to it. */
static inline reading public_read(const char *name, const fmt_read_options *options) {
  char path[2400];
  reading result = {0};
  fmt_source source;
  fmt_file files[PUBLIC_FILES_MAX];
  fmt_names names = {0};
  const char *slash = strrchr(name, '/');
  const int folder_length = slash ? (int)(slash - name) : 0;
  fmt_input input = {.source = &source, .name = slash ? slash + 1 : name, .companions = files};
  snprintf(path, sizeof path, "%s/%s", public_folder(), name);
  ck_assert_msg(public_source(&source, path), "%s", path);
  for (int round = 0; round < 3; round++) {
    ck_assert_int_eq(fmt_companion_names(&names, &input, options->format), DSP_OK);
    for (size_t i = 0; i < names.n && input.n_companions < PUBLIC_FILES_MAX; i++) {
      fmt_file *file = &files[input.n_companions];
      snprintf(path, sizeof path, "%s/%.*s/%s", public_folder(), folder_length, name, names.rows[i]);
      if (!fmt_companion(&input, names.rows[i]) && public_source(&file->source, path)) {
        file->name = names.rows[i];
        input.n_companions++;
      }
    }
  }
  result.status = fmt_read(&result.recording, &input, options, &result.error);
  for (size_t i = 0; i < input.n_companions; i++) fmt_source_clear(&files[i].source);
  fmt_names_clear(&names);
  fmt_source_clear(&source);
  return result;
}

static inline dsp_recording *public_good(const char *name) {
  const fmt_read_options options = {0};
  reading result = public_read(name, &options);
  ck_assert_msg(result.status == DSP_OK, "%s: %s: %s; %s", name, result.error.place, result.error.found, result.error.expected);
  return result.recording;
}

#endif
