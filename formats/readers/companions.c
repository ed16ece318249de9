/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files that belong together: which names a reader may ask for, and how it finds them again. */
#include <fmt/reader.h>
#include <stdlib.h>
#include <string.h>

/* A bare name, or one in a folder above: nothing that leads elsewhere, and no control characters. */
static bool legal(const char *name, size_t length) {
  size_t up = 0;
  while (length >= 3 && memcmp(name, "../", 3) == 0) {
    if (++up > FMT_CAP_STEPS_UP) return false;
    name += 3;
    length -= 3;
  }
  if (length == 0 || length > FMT_CAP_NAME_BYTES || (length == 1 && name[0] == '.') || (length == 2 && memcmp(name, "..", 2) == 0))
    return false;
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)name[i] < ' ' || name[i] == '/' || name[i] == 127) return false;
  return true;
}

dsp_status fmt_names_add(fmt_names *names, const char *name, size_t length) {
  if (!legal(name, length)) return DSP_OK;
  for (size_t i = 0; i < names->n; i++)
    if (strlen(names->rows[i]) == length && memcmp(names->rows[i], name, length) == 0) return DSP_OK;
  if (names->n >= FMT_CAP_COMPANION_NAMES) return DSP_LIMIT;
  if (dsp_grow(&names->rows, &names->capacity, names->n + 1, sizeof *names->rows) != DSP_OK) return DSP_NO_MEMORY;
  char *copy = dsp_alloc(length + 1, 1);
  if (!copy) return DSP_NO_MEMORY;
  memcpy(copy, name, length);
  copy[length] = '\0';
  names->rows[names->n++] = copy;
  return DSP_OK;
}

void fmt_names_clear(fmt_names *names) {
  for (size_t i = 0; i < names->n; i++) free(names->rows[i]);
  free(names->rows);
  *names = (fmt_names){0};
}

const fmt_source *fmt_companion(const fmt_input *input, const char *name) {
  for (size_t i = 0; i < input->n_companions; i++)
    if (strcmp(input->companions[i].name, name) == 0) return &input->companions[i].source;
  return NULL;
}

dsp_status fmt_companion_names(fmt_names *names, const fmt_input *so_far, const char *format) {
  for (size_t i = 0; fmt_readers[i]; i++) {
    if (!fmt_readers[i]->wants || (format && strcmp(format, fmt_readers[i]->id) != 0)) continue;
    const dsp_status status = fmt_readers[i]->wants(names, so_far);
    if (status != DSP_OK) return status;
  }
  return DSP_OK;
}
