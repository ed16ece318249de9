/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a report's numbers depend on besides the recording: the effective parameters as one digest, and the libraries as they run. */
#include <fmt/writer.h>

#include <fftw3.h>
#include <hdf5.h>
#include <jansson.h>
#include <nettle/version.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

dsp_status fmt_config_sha256(char hex[65], const dsp_params *params) {
  fmt_buffer text = {0};
  const dsp_param_row *row = NULL;
  double value = 0.0;
  for (size_t i = 0; params && (row = dsp_params_row(params, i, &value, NULL)); i++) {
    fmt_put(&text, row->id);
    fmt_put(&text, "=");
    fmt_put_number(&text, value, "n/a");
    fmt_put(&text, "\n");
  }
  dsp_status status = text.failed ? DSP_NO_MEMORY : DSP_OK;
  if (status == DSP_OK) fmt_sha256(hex, text.bytes ? text.bytes : "", text.size);
  fmt_buffer_clear(&text);
  return status;
}

/* "fftw-3.3.10-sse2-avx" -> "3.3.10" */
static void fftw_number(char *text, size_t size) {
  const char *dash = strchr(fftw_version, '-');
  const char *number = dash ? dash + 1 : fftw_version;
  snprintf(text, size, "%.*s", (int)strcspn(number, "-"), number);
}

void fmt_libraries_prepare(void) {
  (void)H5open(); /* what it could not do now it will say when it is used */
}

dsp_status fmt_report_add_libraries(dsp_report *report) {
  char fftw[32], hdf5[32], nettle[32];
  unsigned major = 0, minor = 0, release = 0;
  fftw_number(fftw, sizeof fftw);
  if (H5get_libversion(&major, &minor, &release) < 0) return DSP_NO_MEMORY;
  snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
  snprintf(nettle, sizeof nettle, "%d.%d", nettle_version_major(), nettle_version_minor());
  const dsp_note rows[] = {{"fftw", fftw}, {"hdf5", hdf5}, {"jansson", jansson_version_str()}, {"nettle", nettle}, {"zlib", zlibVersion()}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (dsp_report_add_library(report, rows[i].key, rows[i].text) != DSP_OK) return DSP_NO_MEMORY;
  return DSP_OK;
}
