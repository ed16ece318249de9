/* SPDX-License-Identifier: GPL-3.0-or-later
 * EDF and BDF as EDFlib writes them: every sample, both as the whole number in the file and in its unit, the marks and the start. */
#include "../support/reading.h"
#include <edflib.h>
#include <fcntl.h>
#include <fmt/writer.h>
#include <unistd.h>

enum { SIGNALS = 3, RECORDS = 7 };
static const int per_record[SIGNALS] = {50, 1, 256};
static const double physical[SIGNALS][2] = {{-50, 200}, {300, -17.5}, {-0.001, 0.001}};
static const char *const labels[SIGNALS] = {"APG L calf", "Cuff", "ECG"}, *const units[SIGNALS] = {"mL", "mmHg", "mV"};
static char path[64];
static int *digital[SIGNALS];

static void write_file(int kind, int low, int high) {
  snprintf(path, sizeof path, "/tmp/pleth_edf_XXXXXX");
  const int made = mkstemp(path);
  ck_assert_int_ge(made, 0);
  close(made);
  const int file = edfopen_file_writeonly(path, kind, SIGNALS);
  ck_assert_int_ge(file, 0);
  uint64_t state = 1;
  for (int s = 0; s < SIGNALS; s++) {
    ck_assert_int_eq(edf_set_samplefrequency(file, s, per_record[s]), 0);
    ck_assert_int_eq(edf_set_physical_minimum(file, s, physical[s][0]), 0);
    ck_assert_int_eq(edf_set_physical_maximum(file, s, physical[s][1]), 0);
    ck_assert_int_eq(edf_set_digital_minimum(file, s, low), 0);
    ck_assert_int_eq(edf_set_digital_maximum(file, s, high), 0);
    ck_assert_int_eq(edf_set_label(file, s, labels[s]), 0);
    ck_assert_int_eq(edf_set_physical_dimension(file, s, units[s]), 0);
    digital[s] = malloc(sizeof(int) * per_record[s] * RECORDS);
    for (int i = 0; i < per_record[s] * RECORDS; i++) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      digital[s][i] = low + (int)((state >> 33) % ((uint64_t)high - low + 1));
    }
    digital[s][0] = low;
    digital[s][per_record[s] * RECORDS - 1] = high;
  }
  ck_assert_int_eq(edf_set_equipment(file, "Volumeter"), 0);
  ck_assert_int_eq(edf_set_subsecond_starttime(file, 1234000), 0);
  for (int r = 0; r < RECORDS; r++)
    for (int s = 0; s < SIGNALS; s++) ck_assert_int_eq(edfwrite_digital_samples(file, digital[s] + (ptrdiff_t)r * per_record[s]), 0);
  ck_assert_int_eq(edfwrite_annotation_utf8(file, 15000, 20000, "stand"), 0);
  ck_assert_int_eq(edfwrite_annotation_utf8(file, 60000, -1, "Zehenstand \xC3\xBC"), 0);
  ck_assert_int_eq(edfclose_file(file), 0);
}

static dsp_recording *read_back(const char *format) {
  fmt_source source;
  dsp_error error = {0};
  dsp_recording *recording = NULL;
  const int fd = open(path, O_RDONLY);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(fmt_source_read(&source, fd, FMT_CAP_FILE_BYTES, 0, NULL), DSP_OK);
  close(fd);
  const fmt_input input = {.source = &source, .name = "oracle"};
  const fmt_read_options options = {0};
  ck_assert_msg(fmt_read(&recording, &input, &options, &error) == DSP_OK, "%s: %s", error.place, error.found);
  ck_assert_str_eq(recording->format, format);
  fmt_source_clear(&source);
  return recording;
}

static void compare_signal(const dsp_channel *channel, int handle, int s) {
  const size_t n = (size_t)per_record[s] * RECORDS;
  double *theirs = malloc(n * sizeof *theirs);
  ck_assert_int_eq(edfread_physical_samples(handle, s, (int)n, theirs), (int)n);
  ck_assert_uint_eq(channel->n, n);
  ck_assert_str_eq(channel->name, labels[s]);
  ck_assert_str_eq(channel->unit_as_written, units[s]);
  ck_assert_double_eq(channel->rate_hz, per_record[s]);
  const double range = fabs(physical[s][1] - physical[s][0]);
  for (size_t i = 0; i < n; i++) {
    ck_assert_int_eq((int)lround((channel->x[i] - channel->offset) / channel->scale), digital[s][i]);
    ck_assert_double_eq_tol(channel->x[i], theirs[i], 1e-12 * range);
  }
  free(theirs);
}

/* The recording as our writer has it, read by EDFlib: the same whole numbers, limits, marks and start. */
static void compare_ours(dsp_recording *r, const char *format) {
  fmt_parts parts = {0};
  struct edf_hdr_struct *header = malloc(sizeof *header);
  struct edf_annotation_struct mark;
  ck_assert_int_eq(fmt_convert(&parts, r, format, NULL), DSP_OK);
  ck_assert_msg(parts.notes.size == 0, "%s", parts.notes.bytes);
  const int fd = open(path, O_WRONLY | O_TRUNC);
  ck_assert_int_eq(write(fd, parts.rows[0].bytes.bytes, parts.rows[0].bytes.size), (ssize_t)parts.rows[0].bytes.size);
  close(fd);
  fmt_parts_clear(&parts);
  ck_assert_msg(edfopen_file_readonly(path, header, EDFLIB_READ_ALL_ANNOTATIONS) == 0, "EDFlib: %d", header->filetype);
  ck_assert_int_eq(header->edfsignals, SIGNALS);
  for (int s = 0; s < SIGNALS; s++) {
    const int n = per_record[s] * RECORDS;
    int *theirs = malloc(sizeof(int) * (size_t)n);
    ck_assert_int_eq(header->signalparam[s].smp_in_file, n);
    ck_assert_int_eq(edfread_digital_samples(header->handle, s, n, theirs), n);
    ck_assert_mem_eq(theirs, digital[s], sizeof(int) * (size_t)n);
    const double scale = (header->signalparam[s].phys_max - header->signalparam[s].phys_min) /
                         ((double)header->signalparam[s].dig_max - header->signalparam[s].dig_min);
    ck_assert_double_eq_tol(scale / r->channels[s].scale, 1, 1e-9);
    free(theirs);
  }
  ck_assert_int_eq(header->starttime_subsecond, 1234000);
  ck_assert_int_eq(header->annotations_in_file, 2);
  ck_assert_int_eq(edf_get_annotation(header->handle, 1, &mark), 0);
  ck_assert_str_eq(mark.annotation, "Zehenstand \xC3\xBC");
  ck_assert_int_eq(mark.onset, 60000000);
  edfclose_file(header->handle);
  free(header);
}

static void compare(int kind, int low, int high, const char *format) {
  write_file(kind, low, high);
  struct edf_hdr_struct *header = malloc(sizeof *header);
  ck_assert_int_eq(edfopen_file_readonly(path, header, EDFLIB_READ_ALL_ANNOTATIONS), 0);
  dsp_recording *r = read_back(format);
  ck_assert_uint_eq(r->n_channels, SIGNALS);
  for (int s = 0; s < SIGNALS; s++) compare_signal(&r->channels[s], header->handle, s);
  ck_assert_double_eq_tol(r->t_origin_s, 0.1234, 1e-12);
  ck_assert_str_eq(r->device, "Volumeter");
  ck_assert_uint_eq(r->n_events, 2);
  ck_assert_int_eq(r->events[0].kind, DSP_EVENT_STAND);
  ck_assert_double_eq_tol(r->events[0].t_s, 1.5, 1e-9);
  ck_assert_double_eq_tol(r->events[0].dur_s, 2, 1e-9);
  ck_assert_str_eq(r->events[1].text, "Zehenstand \xC3\xBC");
  ck_assert_uint_eq(r->n_warnings, 0);
  edfclose_file(header->handle);
  free(header);
  compare_ours(r, format);
  for (int s = 0; s < SIGNALS; s++) free(digital[s]);
  dsp_recording_free(r);
  unlink(path);
}

START_TEST(edf_plus) {
  compare(EDFLIB_FILETYPE_EDFPLUS, -32768, 32767, "edf");
}
END_TEST

START_TEST(bdf_plus) {
  compare(EDFLIB_FILETYPE_BDFPLUS, -8388608, 8388607, "bdf");
}
END_TEST

START_TEST(part_of_the_range) {
  compare(EDFLIB_FILETYPE_EDFPLUS, -5, 2047, "edf");
}
END_TEST

int main(void) {
  const TTest *const tests[] = {edf_plus, bdf_plus, part_of_the_range};
  return run_case("edf_oracle", tests, sizeof tests / sizeof tests[0]);
}
