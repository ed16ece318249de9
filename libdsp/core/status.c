/* SPDX-License-Identifier: GPL-3.0-or-later
 * Status words and the one way to fill an error. */
#include <dsp/status.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

dsp_status dsp_fail(dsp_error *error, dsp_status status, const char *place, const char *expected, const char *found, ...) {
  assert(status != DSP_OK);
  if (!error || error->status != DSP_OK) return status;
  error->status = status;
  snprintf(error->place, sizeof error->place, "%s", place ? place : "");
  snprintf(error->expected, sizeof error->expected, "%s", expected ? expected : "");
  va_list args;
  va_start(args, found);
  vsnprintf(error->found, sizeof error->found, found, args);
  va_end(args);
  return status;
}

void dsp_error_memory(dsp_error *error) {
  (void)dsp_fail(error, DSP_NO_MEMORY, "", "more memory, or a shorter recording", "out of memory");
}

const char *dsp_status_text(dsp_status status) {
  switch (status) {
  case DSP_OK:
    return "ok";
  case DSP_NO_MEMORY:
    return "out of memory";
  case DSP_BAD_INPUT:
    return "bad input";
  case DSP_BAD_OPTION:
    return "bad option";
  case DSP_NOT_APPLICABLE:
    return "not applicable";
  case DSP_LIMIT:
    return "limit exceeded";
  case DSP_IO_ERROR:
    return "input or output error";
  case DSP_NO_SOLUTION:
    return "no solution found";
  }
  return "unknown status";
}
