/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files in. O_NONBLOCK: a pipe without a writer must be refused, not waited for. */
#include "input.h"
#include <dsp/memory.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/reader.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *input_base(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

size_t input_stem(const char *base) {
  const char *dot = strrchr(base, '.');
  return dot != NULL && dot != base ? (size_t)(dot - base) : strlen(base);
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

dsp_status input_source(fmt_source *source, const char *path, size_t cap_bytes, dsp_error *error) {
  struct stat facts;
  memset(source, 0, sizeof *source);
  const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return refuse_errno(errno, error);
  dsp_status status = fstat(fd, &facts) == 0 ? refuse_kind(facts.st_mode, error) : refuse_errno(errno, error);
  if (status == DSP_OK) status = fmt_source_read(source, fd, cap_bytes, 1, error);
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

/* The side-car's bytes; a failure names it as the place, since the message names the recording. */
static dsp_status read_sidecar(fmt_source *sidecar, const char *name, dsp_error *error) {
  dsp_error why = {0};
  const dsp_status status = input_source(sidecar, name, FMT_CAP_SIDECAR_BYTES, &why);
  if (status != DSP_OK) return dsp_fail(error, status, name, why.expected, "%s", why.found);
  return DSP_OK;
}

dsp_status input_recording(dsp_recording **recording, const char *path, const input_options *options, dsp_error *error) {
  fmt_source source = {0}, sidecar = {0};
  fmt_buffer name = {0};
  *recording = NULL;
  dsp_status status = input_source(&source, path, FMT_CAP_FILE_BYTES, error);
  if (status == DSP_OK) status = choose_sidecar(&name, path, options->sidecar) == DSP_OK ? DSP_OK : dsp_fail_memory(error);
  const bool beside = status == DSP_OK && name.size > 0;
  if (beside) status = read_sidecar(&sidecar, name.bytes, error);
  if (status == DSP_OK)
    status = fmt_read(recording, &source, input_base(path), options->format, beside ? &sidecar : NULL,
                      beside ? input_base(name.bytes) : NULL, options->params, error);
  fmt_buffer_clear(&name);
  fmt_source_clear(&sidecar);
  fmt_source_clear(&source);
  return status;
}
