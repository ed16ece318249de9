/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files in. O_NONBLOCK: a pipe without a writer must be refused, not waited for. */
#include "input.h"
#include <dsp/memory.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *input_base(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

static size_t before_dot(const char *base, size_t n) {
  const char *dot = memrchr(base, '.', n);
  return dot != NULL && dot != base ? (size_t)(dot - base) : n;
}

size_t input_stem(const char *base) {
  const size_t n = strlen(base), stem = before_dot(base, n);
  return n - stem == 3 && strcmp(base + stem, ".gz") == 0 ? before_dot(base, stem) : stem;
}

static dsp_status refuse_kind(mode_t mode, dsp_error *error) {
  if (S_ISREG(mode)) return DSP_OK;
  const char *kind = S_ISDIR(mode)                    ? "a folder"
                     : S_ISFIFO(mode)                 ? "a pipe"
                     : S_ISCHR(mode) || S_ISBLK(mode) ? "a device"
                                                      : "a special file";
  return dsp_fail(error, DSP_IO_ERROR, "", "a regular file", "%s", kind);
}

static dsp_status refuse_errno(int number, dsp_error *error) {
  const char *expected = number == ENOENT    ? "a file that exists"
                         : number == EACCES  ? "a file that this user may read"
                         : number == ELOOP   ? "a link that leads to a file"
                         : number == ENOTDIR ? "a folder before each / of the name"
                                             : "";
  return dsp_fail(error, DSP_IO_ERROR, "", expected, "cannot open: %s", strerrordesc_np(number));
}

static dsp_status open_regular(int *fd, const char *path, dsp_error *error) {
  struct stat facts;
  *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (*fd < 0) return refuse_errno(errno, error);
  const dsp_status status = fstat(*fd, &facts) == 0 ? refuse_kind(facts.st_mode, error) : refuse_errno(errno, error);
  if (status == DSP_OK) return DSP_OK;
  (void)close(*fd);
  *fd = -1;
  return status;
}

dsp_status input_source(fmt_source *source, const char *path, size_t cap_bytes, dsp_error *error) {
  int fd = -1;
  memset(source, 0, sizeof *source);
  dsp_status status = open_regular(&fd, path, error);
  if (status != DSP_OK) return status;
  status = fmt_source_read(source, fd, cap_bytes, 1, error);
  (void)close(fd);
  return status;
}

dsp_status input_sidecar(fmt_buffer *name, const char *path) {
  struct stat facts;
  const char *base = input_base(path);
  fmt_put_bytes(name, path, (size_t)(base - path) + input_stem(base));
  fmt_put(name, ".pleth.json");
  if (name->failed) return DSP_NO_MEMORY;
  if (lstat(name->bytes, &facts) != 0) fmt_buffer_clear(name);
  return DSP_OK;
}

static dsp_status choose_sidecar(fmt_buffer *name, const char *path, const char *given) {
  if (given == NULL) return input_sidecar(name, path);
  fmt_put(name, given);
  return name->failed ? DSP_NO_MEMORY : DSP_OK;
}

static dsp_status open_file(input_file *file, const char *path, const char *name, dsp_error *error) {
  file->name = dsp_alloc(strlen(name) + 1, 1);
  if (file->name == NULL) return dsp_fail_memory(error);
  memcpy(file->name, name, strlen(name) + 1);
  return open_regular(&file->fd, path, error);
}

/* A failure names the side-car as the place, since the message names the recording. */
static dsp_status open_sidecar(input_file *file, const char *path, const char *given, dsp_error *error) {
  fmt_buffer name = {0};
  dsp_error why = {0};
  dsp_status status = choose_sidecar(&name, path, given) == DSP_OK ? DSP_OK : dsp_fail_memory(error);
  if (status == DSP_OK && name.size > 0) {
    status = open_file(file, name.bytes, input_base(name.bytes), &why);
    if (status != DSP_OK) status = dsp_fail(error, status, name.bytes, why.expected, "%s", why.found);
  }
  fmt_buffer_clear(&name);
  return status;
}

/* The heads of all files that are open so far. */
typedef struct input_heads {
  fmt_source recording;
  fmt_file *companions;
  size_t n, capacity;
} input_heads;

static void clear_heads(input_heads *heads) {
  fmt_source_clear(&heads->recording);
  for (size_t i = 0; i < heads->n; i++) fmt_source_clear(&heads->companions[i].source);
  free(heads->companions);
}

/* A companion that is not there is the reader's to judge; one that is there and no regular file belongs to nobody. */
static dsp_status open_companion(input_set *set, input_heads *heads, const char *path, const char *name, dsp_error *error) {
  fmt_buffer beside = {0};
  input_file file = {-1, NULL};
  if (set->n_companions >= FMT_CAP_COMPANIONS)
    return dsp_fail(error, DSP_LIMIT, "", "fewer files", "more than %zu files that belong to the recording", FMT_CAP_COMPANIONS);
  if (dsp_grow(&set->companions, &set->capacity, set->n_companions + 1, sizeof *set->companions) != DSP_OK ||
      dsp_grow(&heads->companions, &heads->capacity, heads->n + 1, sizeof *heads->companions) != DSP_OK)
    return dsp_fail_memory(error);
  fmt_put_bytes(&beside, path, (size_t)(input_base(path) - path));
  fmt_put(&beside, name);
  dsp_status status = beside.failed ? dsp_fail_memory(error) : open_file(&file, beside.bytes, name, NULL);
  fmt_buffer_clear(&beside);
  if (status == DSP_IO_ERROR) {
    free(file.name);
    return DSP_OK;
  }
  if (status != DSP_OK) return dsp_fail_memory(error);
  set->companions[set->n_companions++] = file;
  fmt_file *head = &heads->companions[heads->n++];
  head->name = file.name;
  return fmt_source_head(&head->source, file.fd, FMT_CAP_HEAD_BYTES, error);
}

static dsp_status open_companions(input_set *set, const char *path, const input_options *options, dsp_error *error) {
  input_heads heads = {0};
  fmt_names names = {0};
  size_t done = 0;
  dsp_status status = fmt_source_head(&heads.recording, set->recording.fd, FMT_CAP_HEAD_BYTES, error);
  for (size_t round = 0; status == DSP_OK && round < FMT_CAP_COMPANION_ROUNDS; round++) {
    const fmt_input so_far = {
        .source = &heads.recording, .name = set->recording.name, .companions = heads.companions, .n_companions = heads.n};
    status = fmt_companion_names(&names, &so_far, options->format);
    if (status != DSP_OK) dsp_fail(error, status, "", "fewer files that belong to the recording", "%s", dsp_status_text(status));
    if (done == names.n) break;
    for (; status == DSP_OK && done < names.n; done++) status = open_companion(set, &heads, path, names.rows[done], error);
  }
  fmt_names_clear(&names);
  clear_heads(&heads);
  return status;
}

dsp_status input_open(input_set *set, const char *path, const input_options *options, dsp_error *error) {
  *set = (input_set){.recording.fd = -1, .sidecar.fd = -1};
  dsp_status status = open_file(&set->recording, path, input_base(path), error);
  if (status == DSP_OK) status = open_sidecar(&set->sidecar, path, options->sidecar, error);
  if (status == DSP_OK) status = open_companions(set, path, options, error);
  return status;
}

static void close_file(input_file *file) {
  if (file->fd >= 0) (void)close(file->fd);
  free(file->name);
  *file = (input_file){-1, NULL};
}

void input_close(input_set *set) {
  close_file(&set->recording);
  close_file(&set->sidecar);
  for (size_t i = 0; i < set->n_companions; i++) close_file(&set->companions[i]);
  free(set->companions);
  set->companions = NULL;
  set->n_companions = set->capacity = 0;
}

/* One file's bytes; a failure says which of several it is. The sum of all stays below the cap for one. */
static dsp_status read_file(fmt_source *source, const input_file *file, size_t cap_bytes, bool named, dsp_error *error) {
  dsp_error why = {0};
  const dsp_status status = fmt_source_read(source, file->fd, cap_bytes, 1, &why);
  if (status != DSP_OK) return dsp_fail(error, status, named ? file->name : why.place, why.expected, "%s", why.found);
  return DSP_OK;
}

static dsp_status read_companions(fmt_file *companions, const input_set *set, size_t used, dsp_error *error) {
  dsp_status status = DSP_OK;
  for (size_t i = 0; status == DSP_OK && i < set->n_companions; i++) {
    companions[i].name = set->companions[i].name;
    status = read_file(&companions[i].source, &set->companions[i], FMT_CAP_FILE_BYTES - used, true, error);
    used += companions[i].source.size;
  }
  return status;
}

dsp_status input_read(dsp_recording **recording, const input_set *set, const input_options *options, dsp_error *error) {
  fmt_source source = {0}, sidecar = {0};
  const bool beside = set->sidecar.fd >= 0;
  fmt_file *companions = dsp_zalloc(set->n_companions, sizeof *companions);
  *recording = NULL;
  if (companions == NULL) return dsp_fail_memory(error);
  dsp_status status = read_file(&source, &set->recording, FMT_CAP_FILE_BYTES, false, error);
  if (status == DSP_OK && beside) status = read_file(&sidecar, &set->sidecar, FMT_CAP_SIDECAR_BYTES, true, error);
  if (status == DSP_OK) status = read_companions(companions, set, source.size, error);
  if (status == DSP_OK) {
    const fmt_input input = {&source, set->recording.name, companions, set->n_companions, options->keep_identifiers};
    const fmt_read_options how = {options->format, beside ? &sidecar : NULL, set->sidecar.name, options->params};
    status = fmt_read(recording, &input, &how, error);
  }
  for (size_t i = 0; i < set->n_companions; i++) fmt_source_clear(&companions[i].source);
  free(companions);
  fmt_source_clear(&sidecar);
  fmt_source_clear(&source);
  return status;
}

dsp_status input_recording(dsp_recording **recording, const char *path, const input_options *options, dsp_error *error) {
  input_set set;
  *recording = NULL;
  dsp_status status = input_open(&set, path, options, error);
  if (status == DSP_OK) status = input_read(recording, &set, options, error);
  input_close(&set);
  return status;
}
