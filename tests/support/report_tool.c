/* SPDX-License-Identifier: GPL-3.0-or-later
 * For the tests of the writers: `make KIND OUT.h5 OUT.json` builds a report of known content (KIND: one, two, empty, odd, noname; small and
 * chunked are seeds for fuzzing), `check|svg|csv FILE.h5` prints what the library makes of a file. Status 1 when the library refuses. */
#include <dsp/protocol.h>
#include <fmt/writer.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RATE_HZ 25.0
#define SAMPLES 17500

static const dsp_measure_row rows[] = {
    {"V0", "mL", "apg.V0.median", "", ""},
    {"VV", "mL", "apg.VV.plateau", "", ""},
    {"VV.observed", "mL", "apg.VV.observed", "", ""},
    {"VFT90", "s", "apg.VFT90.lasting", "", ""},
    {"VFI", "mL/s", "apg.VFI.mean90", "", ""},
    {"VFI.fit", "mL/s", "apg.VFI.fit", "", ""},
    {"T50", "s", "apg.T50.lasting", "", ""},
    {"EV", "mL", "apg.EV.min", "", ""},
    {"EF", "%", "apg.EF.ratio", "", ""},
    {"RV", "mL", "apg.RV.min", "", ""},
    {"RVF", "%", "apg.RVF.ratio", "", ""},
    {"TREFILL", "s", "apg.TREFILL.90", "", ""},
};
static const dsp_protocol protocol = {.id = "apg.stand", .title = "Standing air-plethysmography", .measures = rows, .n_measures = 12};
static const dsp_param_row param_rows[] = {{"apg.stand.plateau_window_s", "s", 10.0, 1.0, 60.0, NULL, "", ""},
                                           {"apg.stand.vfi", "", 1.0, 0.0, 1.0, "fit|mean90", "", ""},
                                           {"apg.stand.third", "1", 1.0 / 3.0, 0.0, 1.0, NULL, "", ""}};
static const dsp_param_table param_table = {"apg.stand", param_rows, 3};
static const dsp_param_table *const param_tables[] = {&param_table, NULL};

/* A standing recording in outline: baseline, filling, tiptoe, series, refill, return. */
static double volume_ml(double t_s, double vv_ml, double tau_s) {
  double filled = t_s < 60.0 ? 0.0 : t_s > 640.0 ? vv_ml * exp(-(t_s - 640.0) / 4.0) : vv_ml * (1.0 - exp(-(t_s - 60.0) / tau_s));
  if (t_s > 290.0 && t_s < 640.0) filled -= 0.6 * vv_ml * exp(-(t_s - 290.0) / tau_s);
  for (int i = 0; i < 10; i++)
    if (t_s > 450.0 + i && t_s < 640.0) filled -= 0.08 * vv_ml * exp(-(t_s - 450.0 - i) / tau_s);
  return filled + 0.8 * sin(2.0 * 3.141592653589793 * 0.25 * t_s) + 0.3 * sin(7.1 * t_s);
}

/* A small picture with a hole. */
static dsp_status add_spectrogram(dsp_test *t) {
  enum { COLUMNS = 70, BINS = 8 };
  double *x = calloc((size_t)COLUMNS * BINS, sizeof *x);
  if (!x) return DSP_NO_MEMORY;
  for (size_t i = 0; i < (size_t)COLUMNS * BINS; i++) x[i] = i == 9 ? (double)NAN : (double)(i % 31);
  if (dsp_test_add_series(t, "spectrogram", "dB", 10.0, 0.0, x, COLUMNS)) return DSP_NO_MEMORY;
  dsp_series *series = &t->series[t->n_series - 1];
  series->bins = BINS;
  series->bin0 = -35.0;
  series->bin_step = 10.0;
  series->bin_unit = "cm/s";
  return DSP_OK;
}

static void fill_grade(dsp_measure *m, const char *grade, double limit) {
  m->grade = grade;
  m->guideline = "apg.classic";
  m->limit = limit;
  m->limit_distance = m->value - limit;
}

static void fill_measures(dsp_test *t, double vv_ml, double vfi) {
  const double value[] = {1.25, vv_ml, vv_ml - 0.5, 0.9 * vv_ml / vfi, vfi, vfi * 1.03, 17.2, 0.62 * vv_ml, 62.0 + 1.0 / 3.0, 30.1, 26.5};
  for (size_t i = 0; i < sizeof value / sizeof *value; i++)
    dsp_measure_set(&t->measures[i], value[i], value[i] * 0.02, 60.0, 60.0 + 7.0 * (double)i);
  fill_grade(&t->measures[1], vv_ml > 150.0 ? "large" : "normal", 150.0);
  fill_grade(&t->measures[3], "normal", 25.0);
  fill_grade(&t->measures[4], vfi > 2.0 ? "mild" : "normal", 2.0);
  fill_grade(&t->measures[8], "normal", 60.0);
  dsp_flags_add(&t->measures[1].flags, "extrapolated");
  dsp_flags_add(&t->measures[4].flags, "extrapolated");
  dsp_flags_add(&t->measures[9].flags, "bulge_removed");
  dsp_measure_null(&t->measures[11], "no_refill");
}

static bool add_leg(dsp_report *report, const dsp_channel *channel, unsigned trial, double vv_ml, double tau_s, size_t n) {
  dsp_test *t = dsp_report_add_test(report, &protocol, channel, trial, "tiptoe");
  double *x = calloc(n, sizeof *x), *fit = calloc(300, sizeof *fit);
  if (!t || !x || !fit) {
    free(x);
    free(fit);
    return false;
  }
  fill_measures(t, vv_ml, 0.9 * vv_ml / (2.303 * tau_s));
  for (size_t i = 0; i < n; i++) x[i] = i >= 5000 && i < 5100 ? (double)NAN : volume_ml((double)i / RATE_HZ, vv_ml, tau_s);
  for (size_t i = 0; i < 300; i++) fit[i] = vv_ml * (1.0 - exp(-(double)i / tau_s));
  t->quality = 0.93;
  dsp_flags_add(&t->flags, "drift_unknown");
  dsp_status bad = dsp_test_add_series(t, "conditioned", "mL", RATE_HZ, 0.0, x, n);
  bad |= dsp_test_add_series(t, "fit", "mL", 1.0, 60.0, fit, n < 300 ? n : 300);
  bad |= add_spectrogram(t);
  bad |= dsp_test_add_landmark(t, "stand_onset", 60.02, 59.9, 60.1, "event");
  bad |= dsp_test_add_landmark(t, "vft90", 60.0 + 2.303 * tau_s, NAN, NAN, "detected");
  bad |= dsp_test_add_landmark(t, "tiptoe", 290.1, 290.0, 290.2, "event");
  bad |= dsp_test_add_landmark(t, "series_start", 450.1, NAN, NAN, "event");
  bad |= dsp_test_add_landmark(t, "series_end", 459.6, NAN, NAN, "detected");
  bad |= dsp_test_add_landmark(t, "return_supine", 640.0, NAN, NAN, "detected");
  bad |= dsp_test_add_phase(t, "supine", 0.0, 60.02, 0.0);
  bad |= dsp_test_add_phase(t, "filling", 60.02, 250.0, NAN);
  bad |= dsp_test_add_phase(t, "plateau", 250.0, 290.0, vv_ml);
  bad |= dsp_test_add_phase(t, "tiptoe", 290.0, 292.0, 0.4 * vv_ml);
  bad |= dsp_test_add_phase(t, "series", 450.0, 460.0, 0.25 * vv_ml);
  bad |= dsp_test_add_phase(t, "refill", 460.0, 640.0, NAN);
  bad |= dsp_test_add_phase(t, "return", 640.0, 700.0, 0.0);
  bad |= dsp_test_add_detail(t, "cadence", "/s", 1.02);
  bad |= dsp_test_add_detail(t, "contractions", "1", 10.0);
  return bad == DSP_OK;
}

static bool fill_recording(dsp_recording *r, bool odd) {
  r->name = odd ? "a<b>&\"c\" \xC3\xA4\xFF=1.csv" : "normal_leg.csv";
  r->format = "csv";
  memset(r->sha256, 'a', 64);
  r->condition_label = "after \"treatment\"";
  r->device = "Volumeter 3";
  r->t0 = "2024-03-02T10:00:00+01:00";
  r->room_temp_c = 23.5;
  double *x = calloc(SAMPLES, sizeof *x);
  if (!dsp_recording_add_channel(r, "APG L calf", RATE_HZ, x, SAMPLES)) return false;
  const dsp_event events[] = {{.t_s = 60.0, .kind = DSP_EVENT_STAND, .volume_ml = NAN, .percent = NAN, .source = "side-car"},
                              {.t_s = 450.0,
                               .dur_s = 10.0,
                               .kind = DSP_EVENT_TIPTOE,
                               .count = 10,
                               .volume_ml = NAN,
                               .percent = NAN,
                               .text = "ten \x01 <tiptoes>",
                               .source = "side-car"}};
  return dsp_recording_add_event(r, &events[0]) == DSP_OK && dsp_recording_add_event(r, &events[1]) == DSP_OK;
}

static dsp_report *make(const char *kind, const dsp_params *params) {
  bool odd = !strcmp(kind, "odd");
  const size_t n = !strcmp(kind, "small") ? 20 : !strcmp(kind, "chunked") ? 520 : SAMPLES;
  dsp_recording *r = dsp_recording_new();
  if (!r || !fill_recording(r, odd)) return NULL;
  dsp_report *report = dsp_report_new(r, params);
  dsp_channel left = r->channels[0], right = left;
  left.side = DSP_SIDE_LEFT;
  left.site = "calf";
  left.name = odd ? "Vol<&>\x02" : "APG L calf";
  right.side = DSP_SIDE_RIGHT;
  right.site = "calf";
  right.name = "APG R calf";
  bool done = report && dsp_report_warn(report, "time_unknown", "no \"time\" of day; <none>") == DSP_OK;
  if (done && strcmp(kind, "empty") != 0) done = add_leg(report, &left, 0, 142.0, 70.0, n);
  if (done && !strcmp(kind, "two")) {
    done = add_leg(report, &left, 1, 140.0, 69.0, n) && add_leg(report, &left, 2, 144.0, 71.0, n) &&
           add_leg(report, &right, 0, 205.0, 12.0, n);
  }
  done = done && fmt_config_sha256(report->config_sha256, params) == DSP_OK && fmt_report_add_libraries(report) == DSP_OK;
  dsp_recording_free(r);
  return done ? report : NULL;
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int make_files(const char *kind, const char *h5_path, const char *json_path) {
  dsp_params *params = dsp_params_new(param_tables);
  dsp_report *report = params ? make(kind, params) : NULL;
  fmt_buffer h5 = {0}, json = {0}, warm = {0};
  dsp_error error = {0};
  const fmt_write_options options = {.no_name = !strcmp(kind, "noname")};
  bool done = report && fmt_report_hdf5(&warm, report, &options, &error) == DSP_OK;
  double start = now_ms();
  done = done && fmt_report_hdf5(&h5, report, &options, &error) == DSP_OK;
  double made = now_ms();
  done = done && fmt_report_json(&json, report, &options, &error) == DSP_OK &&
         fmt_write_file(h5_path, h5.bytes, h5.size, &error) == DSP_OK && fmt_write_file(json_path, json.bytes, json.size, &error) == DSP_OK;
  if (done)
    printf("%zu bytes of HDF5 in %.2f ms, %zu of JSON\n", h5.size, made - start, json.size);
  else
    fprintf(stderr, "%s: %s\n", error.found, error.expected);
  fmt_buffer_clear(&h5);
  fmt_buffer_clear(&json);
  fmt_buffer_clear(&warm);
  dsp_report_free(report);
  dsp_params_free(params);
  return done ? 0 : 1;
}

static int show(const char *what, const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  fmt_source file = {0};
  fmt_buffer out = {0};
  dsp_error error = {0};
  dsp_status status = fd < 0 ? DSP_IO_ERROR : fmt_source_read(&file, fd, FMT_CAP_FILE_BYTES, 0, &error);
  if (status == DSP_OK && !strcmp(what, "check")) status = fmt_check_report(&out, &file, &error);
  if (status == DSP_OK && !strcmp(what, "svg")) status = fmt_report_svg(&out, &file, &error);
  if (status == DSP_OK && !strcmp(what, "csv")) status = fmt_report_csv(&out, &file, &error);
  if (out.size > 0) fwrite(out.bytes, 1, out.size, stdout);
  if (status != DSP_OK) fprintf(stderr, "refused: %s: %s; %s\n", error.place, error.found, error.expected);
  fmt_buffer_clear(&out);
  fmt_source_clear(&file);
  if (fd >= 0) close(fd);
  return status == DSP_OK ? 0 : 1;
}

int main(int argc, char **argv) {
  if (argc == 5 && !strcmp(argv[1], "make")) return make_files(argv[2], argv[3], argv[4]);
  if (argc == 3) return show(argv[1], argv[2]);
  return 2;
}
