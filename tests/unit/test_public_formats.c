/* SPDX-License-Identifier: GPL-3.0-or-later
 * Binary recordings by others, of which it is known what a correct reader gets. */
#include "../support/public.h"

/* pyedflib's generator: 5 Hz sine, 13 Hz square wave and 7 Hz ramp of amplitude 1000 uV. */
START_TEST(bdf_generator) {
  dsp_recording *r = public_good("edf/test_generator.bdf");
  ck_assert_str_eq(r->format, "bdf");
  ck_assert_uint_eq(r->n_channels, 5);
  const dsp_channel *sine = channel_named(r, "sine 5Hz"), *square = channel_named(r, "square 13Hz"), *ramp = channel_named(r, "ramp 7Hz");
  ck_assert_double_eq(sine->rate_hz, 1000);
  ck_assert_double_eq(square->rate_hz, 800);
  ck_assert_uint_eq(sine->n, 30000);
  ck_assert_str_eq(sine->unit->ucum, "uV");
  const double step = 6000.0 / 16777215; /* of the converter */
  for (size_t i = 0; i < sine->n; i++)
    ck_assert_double_eq_tol(sine->x[i], 1000 * sin(2 * 3.14159265358979323846 * 5 * (double)(i + 1) / 1000), step);
  for (size_t i = 0; i < square->n; i++) ck_assert_double_eq_tol(fabs(square->x[i]), 1000, step);
  size_t falls = 0;
  for (size_t i = 1; i < ramp->n; i++) falls += ramp->x[i] < ramp->x[i - 1];
  ck_assert_uint_eq(falls, 210);
  ck_assert_double_eq_tol(ramp->x[0], -1000 + 2000 * 7 * (4 / 3.0) / 500, step);
  dsp_recording_free(r);
  r = public_good("edf/test_generator_datarec_generator_2.bdf"); /* records of 2 s: half the rates */
  ck_assert_double_eq(channel_named(r, "sine 2.5Hz")->rate_hz, 500);
  ck_assert_double_eq(dsp_recording_duration_s(r), 30);
  dsp_recording_free(r);
}
END_TEST

START_TEST(edf_clinical) {
  dsp_recording *r = public_good("edf/test_subsecond.edf");
  const dsp_channel *lead = channel_named(r, "Fp1");
  ck_assert_double_eq(r->t_origin_s, 0.3945312);
  ck_assert_uint_eq(lead->n, 698UL * 128);
  ck_assert_uint_eq(lead->n_segments, 1);
  ck_assert_double_lt(lead->scale, 0); /* physical minimum above the maximum */
  ck_assert_uint_eq(r->n_events, 4);
  ck_assert_double_eq_tol(r->events[0].t_s, 1.9511719, 1e-9);
  ck_assert_str_eq(r->events[1].text, "Clip Note");
  ck_assert(warned(r, "identifiers_dropped") && !r->subject_key && !r->t0);
  dsp_recording_free(r);
  r = public_good("edf/test_utf8.edf");
  ck_assert_str_eq(r->events[2].text, "\xE4\xB8\xAD\xE6\x96\x87\xE6\xB5\x8B\xE8\xAF\x95\xE5\x85\xAB\xE4\xB8\xAA\xE5\xAD\x97");
  dsp_recording_free(r);
}
END_TEST

/* Each header states the first value and the checksum of each signal; a difference would be a warning. */
START_TEST(wfdb_formats) {
  dsp_recording *r = public_good("wfdb/binformats.hea");
  ck_assert_uint_eq(r->n_channels, 10);
  for (size_t i = 0; i < r->n_channels; i++) {
    ck_assert_uint_eq(r->channels[i].n, 499);
    ck_assert_double_eq(r->channels[i].rate_hz, 200);
  }
  ck_assert(!warned(r, "checksum_mismatch"));
  ck_assert_double_eq_tol(channel_named(r, "sig 9, fmt 32")->x[0], -2147483638 / 200.0, 1e-6);
  ck_assert_double_eq_tol(channel_named(r, "sig 6, fmt 310")->x[0], -505 / 200.0, 1e-12);
  dsp_recording_free(r);
  r = public_good("wfdb/v102s.hea");
  const dsp_channel *pulse = channel_named(r, "PLETH");
  ck_assert_uint_eq(pulse->n, 75000);
  ck_assert_double_eq_tol(pulse->x[0], -46 / 1250.0, 1e-12);
  ck_assert(!warned(r, "checksum_mismatch") && dsp_recording_duration_s(r) == 300);
  dsp_recording_free(r);
}
END_TEST

/* Arterial occlusion at 2101.1 s, release at 2400.3 s, as the file's own marks say; its clock skips a few samples. */
START_TEST(mat_occlusion) {
  dsp_recording *r = public_good("mat/ldf_full_occlusion.mat");
  const dsp_channel *flow = channel_named(r, "X");
  double before = 0, during = 0;
  ck_assert_double_eq_tol(flow->rate_hz, 15.15, 0.01);
  ck_assert_double_eq_tol(dsp_recording_duration_s(r), 2700, 1);
  const size_t start = (size_t)(2101.1 * flow->rate_hz), end = (size_t)(2400.3 * flow->rate_hz), more = (size_t)(60 * flow->rate_hz);
  for (size_t i = 1; i <= more; i++) before += flow->x[start - i] / (double)more;
  for (size_t i = start + more; i < end; i++) during += flow->x[i] / (double)(end - start - more);
  ck_assert_double_lt(during, before / 2);
  dsp_recording_free(r);
}
END_TEST

/* Whole arrays without a clock, broken ones, and one of HDF5: a line each. */
START_TEST(mat_refused) {
  static const char *const files[][2] = {{"bad_miuint32", "byte"},
                                         {"big_endian", "floats (2 by 2)"},
                                         {"corrupted_zlib_checksum", "compressed"},
                                         {"corrupted_zlib_data", "byte 222"},
                                         {"malformed1", "byte 128"},
                                         {"testdouble_4.2c_SOL2", "testdouble (1 by 9)"},
                                         {"testdouble_7.4_GLNX86", "testdouble (1 by 9)"},
                                         {"testhdf5_7.4_GLNX86", "HDF5"},
                                         {"testmatrix_6.1_SOL2", "testmatrix (3 by 5)"}};
  const fmt_read_options options = {0};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char name[100], message[700];
    snprintf(name, sizeof name, "mat/%s.mat", files[i][0]);
    reading result = public_read(name, &options);
    snprintf(message, sizeof message, "%s: %s", result.error.place, result.error.found);
    ck_assert_msg(result.status == DSP_BAD_INPUT && strstr(message, files[i][1]), "%s: %s", name, message);
    ck_assert_ptr_null(result.recording);
  }
}
END_TEST

/* A palette image of 800 by 350 pixels whose regions reach below it; one has its reference pixel far outside. Of the others there is
 * nothing to read: whole, big-endian, cut. */
START_TEST(dicom_regions) {
  dsp_recording *r = public_good("dicom/examples_palette.dcm");
  ck_assert_uint_eq(r->n_channels, 0);
  ck_assert(warned(r, "image_region") && warned(r, "image_region_outside") && warned(r, "image_reference_outside"));
  ck_assert_ptr_nonnull(strstr(r->warnings[2].text, "reference pixel (-176, -522)"));
  dsp_recording_free(r);
  static const char *const others[] = {"dicom/CT_small.dcm", "dicom/ExplVR_BigEnd.dcm", "dicom/MR_truncated.dcm"};
  const fmt_read_options options = {0};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    reading result = public_read(others[i], &options);
    ck_assert_int_eq(result.status, DSP_BAD_INPUT);
    ck_assert_msg(strstr(result.error.found, "a DICOM object of class 1.2.840.10008.5.1.4.1.1."), "%s", result.error.found);
  }
}
END_TEST

int main(void) {
  if (!public_folder()) return PUBLIC_SKIPPED;
  const TTest *const tests[] = {bdf_generator, edf_clinical, wfdb_formats, mat_occlusion, mat_refused, dicom_regions};
  return run_case("public_formats", tests, sizeof tests / sizeof tests[0]);
}
