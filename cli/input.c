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

dsp_status input_adopt(input_set *set, int fd, const char *name, dsp_error *error) {
  char *copy = strdup(name);
  if (copy == NULL || dsp_grow(&set->files, &set->capacity, set->n + 1, sizeof *set->files) != DSP_OK) {
    free(copy);
    if (fd >= 0) (void)close(fd);
    return dsp_fail_memory(error);
  }
  input_file *file = &set->files[set->n++];
  file->fd = fd;
  file->name = copy;
  return DSP_OK;
}

static dsp_status add_file(input_set *set, const char *path, const char *name, dsp_error *error) {
  struct stat facts;
  const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return refuse_errno(errno, error);
  const dsp_status status = fstat(fd, &facts) == 0 ? refuse_kind(facts.st_mode, error) : refuse_errno(errno, error);
  if (status != DSP_OK) {
    (void)close(fd);
    return status;
  }
  set->bytes += (size_t)facts.st_size;
  return input_adopt(set, fd, name, error);
}

dsp_status input_open_file(input_set *set, const char *path, dsp_error *error) {
  return add_file(set, path, input_base(path), error);
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

/* A failure names the file as the place, since the message names the recording. */
static dsp_status add_named(input_set *set, const char *name, dsp_error *error) {
  dsp_error why = {0};
  const dsp_status status = name != NULL ? add_file(set, name, input_base(name), &why) : input_adopt(set, -1, "", &why);
  if (status != DSP_OK) (void)dsp_fail(error, status, name, why.expected, "%s", why.found);
  return status;
}

static dsp_status add_sidecar(input_set *set, const char *path, const char *given, dsp_error *error) {
  fmt_buffer beside = {0};
  if (given == NULL && input_sidecar(&beside, path) != DSP_OK) return dsp_fail_memory(error);
  const dsp_status status = add_named(set, given == NULL ? beside.bytes : given[0] != '\0' ? given : NULL, error);
  fmt_buffer_clear(&beside);
  return status;
}

dsp_status input_open(input_set *set, const char *path, const char *sidecar, const char *map, dsp_error *error) {
  dsp_status status = input_open_file(set, path, error);
  if (status == DSP_OK) status = add_sidecar(set, path, sidecar, error);
  return status == DSP_OK ? add_named(set, map, error) : status;
}

/* A companion that is not there is the reader's to judge; one that is there and no regular file belongs to nobody. */
dsp_status input_open_companion(input_set *set, const char *path, const char *name, dsp_error *error) {
  fmt_names checked = {0};
  fmt_buffer beside = {0};
  if (set->n >= INPUT_COMPANIONS + FMT_CAP_COMPANIONS)
    return dsp_fail(error, DSP_LIMIT, "", "fewer files", "more than %zu files that belong to the recording", FMT_CAP_COMPANIONS);
  dsp_status status = fmt_names_add(&checked, name, strlen(name));
  const bool legal = checked.n == 1;
  fmt_names_clear(&checked);
  if (status != DSP_OK || !legal) return status;
  fmt_put_bytes(&beside, path, (size_t)(input_base(path) - path));
  fmt_put(&beside, name);
  status = beside.failed ? DSP_NO_MEMORY : add_file(set, beside.bytes, name, NULL);
  fmt_buffer_clear(&beside);
  return status == DSP_NO_MEMORY ? dsp_fail_memory(error) : DSP_OK;
}

void input_close(input_set *set) {
  for (size_t i = 0; i < set->n; i++) {
    if (set->files[i].fd >= 0) (void)close(set->files[i].fd);
    free(set->files[i].name);
  }
  free(set->files);
  memset(set, 0, sizeof *set);
}

/* One file's bytes; a failure says which of several it is. The sum of all stays below the cap for one. */
static dsp_status read_file(fmt_source *source, const input_file *file, size_t cap_bytes, bool named, dsp_error *error) {
  dsp_error why = {0};
  const dsp_status status = fmt_source_read(source, file->fd, cap_bytes, 1, &why);
  if (status != DSP_OK) return dsp_fail(error, status, named ? file->name : why.place, why.expected, "%s", why.found);
  return DSP_OK;
}

dsp_status input_source(fmt_source *source, const input_set *set, dsp_error *error) {
  return read_file(source, &set->files[INPUT_RECORDING], FMT_CAP_FILE_BYTES, false, error);
}

/* Heads of the recording and of the companions that are there. */
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

static dsp_status read_heads(input_heads *heads, const input_set *set, dsp_error *error) {
  const size_t n = set->n - INPUT_COMPANIONS;
  dsp_status status = dsp_grow(&heads->companions, &heads->capacity, n, sizeof *heads->companions);
  if (status != DSP_OK) return dsp_fail_memory(error);
  while (status == DSP_OK && heads->n < n) {
    const input_file *file = &set->files[INPUT_COMPANIONS + heads->n];
    fmt_file *head = &heads->companions[heads->n++];
    *head = (fmt_file){.name = file->name};
    status = fmt_source_head(&head->source, file->fd, FMT_CAP_HEAD_BYTES, error);
  }
  return status;
}

/* What readers want beside the recording, by the heads of what is there: fetched, and asked again, since an opened header may name more. */
static dsp_status fetch_companions(input_set *set, const input_options *options, dsp_error *error) {
  input_heads heads = {0};
  fmt_names names = {0};
  size_t done = 0;
  dsp_status status = fmt_source_head(&heads.recording, set->files[INPUT_RECORDING].fd, FMT_CAP_HEAD_BYTES, error);
  for (size_t round = 0; status == DSP_OK && round < FMT_CAP_COMPANION_ROUNDS; round++) {
    const fmt_input so_far = {
        .source = &heads.recording, .name = set->files[INPUT_RECORDING].name, .companions = heads.companions, .n_companions = heads.n};
    status = fmt_companion_names(&names, &so_far, options->format);
    if (status != DSP_OK) dsp_fail(error, status, "", "fewer files that belong to the recording", "%s", dsp_status_text(status));
    if (status != DSP_OK || done == names.n) break;
    if (set->fetch == NULL || !set->fetch(set, &names, done)) status = dsp_fail_memory(error);
    if (status == DSP_OK) status = read_heads(&heads, set, error);
    done = names.n;
  }
  fmt_names_clear(&names);
  clear_heads(&heads);
  return status;
}

static dsp_status read_companions(input_sources *sources, const input_set *set, dsp_error *error) {
  dsp_status status = DSP_OK;
  size_t used = sources->recording.size;
  for (size_t i = INPUT_COMPANIONS; status == DSP_OK && i < set->n; i++) {
    fmt_file *companion = &sources->companions[sources->n++];
    companion->name = set->files[i].name;
    status = read_file(&companion->source, &set->files[i], FMT_CAP_FILE_BYTES - used, true, error);
    used += companion->source.size;
  }
  return status;
}

dsp_status input_load(input_sources *sources, input_set *set, const input_options *options, dsp_error *error) {
  memset(sources, 0, sizeof *sources);
  dsp_status status = fetch_companions(set, options, error);
  if (status != DSP_OK) return status;
  const input_file *beside = &set->files[INPUT_SIDECAR], *map = &set->files[INPUT_MAP];
  sources->set = set;
  sources->companions = dsp_zalloc(set->n - INPUT_COMPANIONS, sizeof *sources->companions);
  if (sources->companions == NULL) return dsp_fail_memory(error);
  status = input_source(&sources->recording, set, error);
  if (status == DSP_OK && beside->fd >= 0) status = read_file(&sources->sidecar, beside, FMT_CAP_SIDECAR_BYTES, true, error);
  if (status == DSP_OK && map->fd >= 0) status = read_file(&sources->map, map, FMT_CAP_SIDECAR_BYTES, true, error);
  if (status == DSP_OK) status = read_companions(sources, set, error);
  return status;
}

void input_sources_clear(input_sources *sources) {
  for (size_t i = 0; i < sources->n; i++) fmt_source_clear(&sources->companions[i].source);
  free(sources->companions);
  fmt_source_clear(&sources->map);
  fmt_source_clear(&sources->sidecar);
  fmt_source_clear(&sources->recording);
  memset(sources, 0, sizeof *sources);
}

dsp_status input_parse(dsp_recording **recording, const input_sources *sources, const input_options *options, dsp_error *error) {
  const input_file *files = sources->set->files;
  const bool beside = files[INPUT_SIDECAR].fd >= 0;
  const fmt_input input = {&sources->recording, files[INPUT_RECORDING].name, sources->companions, sources->n, options->keep_identifiers};
  const fmt_read_options how = {.format = options->format,
                                .sidecar = beside ? &sources->sidecar : NULL,
                                .sidecar_name = files[INPUT_SIDECAR].name,
                                .params = options->params,
                                .map = files[INPUT_MAP].fd >= 0 ? &sources->map : NULL,
                                .map_name = files[INPUT_MAP].name};
  return fmt_read(recording, &input, &how, error);
}

dsp_status input_read(dsp_recording **recording, input_set *set, const input_options *options, dsp_error *error) {
  input_sources sources;
  *recording = NULL;
  dsp_status status = input_load(&sources, set, options, error);
  if (status == DSP_OK) status = input_parse(recording, &sources, options, error);
  input_sources_clear(&sources);
  return status;
}
