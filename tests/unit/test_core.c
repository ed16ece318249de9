/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tables and the first noun: parameters, flags, memory, recording. */
#include "../support/runner.h"
#include <check.h>
#include <dsp/flags.h>
#include <dsp/memory.h>
#include <dsp/params.h>
#include <dsp/phantom.h>
#include <dsp/protocol.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const dsp_param_row alpha_rows[] = {
    {"alpha.window_s", "s", 20, 5, 120, NULL, "A window.", "test"},
    {"alpha.pool", "", 1, 0, 2, "mean|best|first", "A choice.", "test"},
};
static const dsp_param_row beta_rows[] = {
    {"beta.gain", "", -0.5, -1, 1, NULL, "A gain.", "test"},
};
static const dsp_param_table alpha = {"alpha", alpha_rows, 2}, beta = {"beta", beta_rows, 1};
static const dsp_param_table *const tables[] = {&alpha, &beta, NULL};

static dsp_params *defaults(void) {
  dsp_params *params = dsp_params_new(tables);
  ck_assert_ptr_nonnull(params);
  return params;
}

START_TEST(params_begin_with_their_defaults) {
  dsp_params *params = defaults();
  double value = 0;
  const char *owner = NULL;
  ck_assert_ptr_eq(dsp_params_row(params, 2, &value, &owner), &beta_rows[0]);
  ck_assert_double_eq(value, -0.5);
  ck_assert_str_eq(owner, "beta");
  ck_assert_ptr_eq(dsp_params_row(params, 0, NULL, NULL), &alpha_rows[0]);
  ck_assert_ptr_null(dsp_params_row(params, 3, NULL, NULL));
  ck_assert_double_eq(dsp_params_values(params, &alpha)[0], 20);
  ck_assert_double_eq(dsp_params_values(params, &alpha)[1], 1);
  ck_assert_double_eq(dsp_params_values(params, &beta)[0], -0.5);
  dsp_params_free(params);
  dsp_params_free(NULL);
}
END_TEST

START_TEST(params_are_set_by_name) {
  dsp_params *params = defaults();
  ck_assert_int_eq(dsp_params_set(params, "alpha.window_s", "37.5", NULL), DSP_OK);
  ck_assert_int_eq(dsp_params_set(params, "beta.gain", "-1e-1", NULL), DSP_OK);
  ck_assert_int_eq(dsp_params_set(params, "alpha.pool", "first", NULL), DSP_OK);
  ck_assert_double_eq(dsp_params_values(params, &alpha)[0], 37.5);
  ck_assert_double_eq(dsp_params_values(params, &alpha)[1], 2);
  ck_assert_double_eq(dsp_params_values(params, &beta)[0], -0.1);
  /* both ends of the range are inside it */
  ck_assert_int_eq(dsp_params_set(params, "alpha.window_s", "5", NULL), DSP_OK);
  ck_assert_int_eq(dsp_params_set(params, "alpha.window_s", "120", NULL), DSP_OK);
  dsp_params_free(params);
}
END_TEST

static const struct {
  const char *name, *text, *expected; /* `expected`: what the message must tell */
} refused[] = {
    {"alpha.window_s", "4.999", "5 to 120 s"},
    {"alpha.window_s", "120.001", "5 to 120 s"},
    {"alpha.window_s", "", "5 to 120 s"},
    {"alpha.window_s", "20s", "5 to 120 s"},
    {"alpha.window_s", "20,5", "5 to 120 s"},
    {"alpha.window_s", "nan", "5 to 120 s"},
    {"alpha.window_s", "inf", "5 to 120 s"},
    {"alpha.pool", "bes", "mean|best|first"},
    {"alpha.pool", "best|first", "mean"},
    {"alpha.pool", "0", "mean|best|first"},
    {"alpha.windows", "20", "alpha.window_s"},
    {"beta.gian", "0", "beta.gain"},
    {"gain", "0", "beta.gain"},
    {"", "0", ""},
};
enum { REFUSED = sizeof refused / sizeof refused[0] };

START_TEST(params_refuse_and_tell_what_they_take) {
  dsp_params *params = defaults();
  dsp_error error = {0};
  ck_assert_int_eq(dsp_params_set(params, refused[_i].name, refused[_i].text, &error), DSP_BAD_OPTION);
  ck_assert_int_eq(error.status, DSP_BAD_OPTION);
  ck_assert_msg(strstr(error.expected, refused[_i].expected), "expected \"%s\" in \"%s\"", refused[_i].expected, error.expected);
  ck_assert_double_eq(dsp_params_values(params, &alpha)[0], 20);
  ck_assert_double_eq(dsp_params_values(params, &alpha)[1], 1);
  ck_assert_double_eq(dsp_params_values(params, &beta)[0], -0.5);
  dsp_params_free(params);
}
END_TEST

START_TEST(choices_have_words) {
  char word[16], narrow[4];
  static const char *const words[] = {"mean", "best", "first"};
  for (int i = 0; i < 3; i++) {
    dsp_param_choice(&alpha_rows[1], i, word, sizeof word);
    ck_assert_str_eq(word, words[i]);
  }
  dsp_param_choice(&alpha_rows[1], 2, narrow, sizeof narrow);
  ck_assert_str_eq(narrow, "fir");
  dsp_param_choice(&alpha_rows[0], 20, word, sizeof word);
  ck_assert_str_eq(word, "");
}
END_TEST

/* Rows are the documentation: none may be incomplete, contradict itself or share its name. */
static void check_rows(const dsp_param_table *table) {
  for (size_t i = 0; i < table->n; i++) {
    const dsp_param_row *row = &table->rows[i];
    ck_assert_msg(row->id && !strncmp(row->id, table->owner, strlen(table->owner)), "row %zu of %s: id", i, table->owner);
    ck_assert_msg(row->unit && row->help && *row->help && row->source && *row->source, "%s: incomplete", row->id);
    ck_assert_msg(row->min <= row->value && row->value <= row->max, "%s: default %g not in %g to %g", row->id, row->value, row->min,
                  row->max);
    for (size_t k = 0; k < i; k++) ck_assert_str_ne(row->id, table->rows[k].id);
    size_t words = row->choices != NULL;
    for (const char *at = row->choices; at && *at; at++) words += *at == '|';
    if (row->choices) ck_assert_msg(row->min == 0 && row->max == (double)(words - 1), "%s: %zu choices, max %g", row->id, words, row->max);
  }
}

START_TEST(every_parameter_row_is_whole) {
  for (size_t i = 0; dsp_protocols[i]; i++) check_rows(&dsp_protocols[i]->params);
  for (size_t i = 0; dsp_phantoms[i]; i++) check_rows(&dsp_phantoms[i]->params);
}
END_TEST

START_TEST(every_measure_row_is_whole) {
  static const char *const ids[] = {"V0", "VV", "VV.observed", "VFT90",   "VFI",    "VFI.fit", "T50",           "EV",
                                    "EF", "RV", "RVF",         "TREFILL", "PUMP.e", "PUMP.I",  "PUMP.capacity", "PUMP.sustained"};
  const dsp_protocol *protocol = dsp_protocol_find("apg.stand");
  ck_assert_ptr_nonnull(protocol);
  ck_assert_ptr_null(dsp_protocol_find("apg"));
  ck_assert_uint_eq(protocol->n_measures, sizeof ids / sizeof ids[0]);
  for (size_t i = 0; i < protocol->n_measures; i++) {
    const dsp_measure_row *row = &protocol->measures[i];
    size_t found = 0;
    for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) found += !strcmp(ids[k], row->id);
    ck_assert_msg(found == 1, "%s is no measure of the contract", row->id);
    ck_assert_msg(dsp_unit_find(row->unit, strlen(row->unit)) != NULL, "%s: unit %s", row->id, row->unit);
    ck_assert(*row->definition && *row->help && *row->source);
    for (size_t k = 0; k < i; k++) ck_assert_str_ne(row->id, protocol->measures[k].id);
  }
}
END_TEST

START_TEST(every_flag_row_is_whole) {
  ck_assert_uint_gt(dsp_flag_count, 0);
  for (size_t i = 0; i < dsp_flag_count; i++) {
    const dsp_flag_row *row = &dsp_flag_rows[i];
    ck_assert_msg(row->id && *row->id && strspn(row->id, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(row->id), "row %zu: id", i);
    ck_assert_msg(row->text && strlen(row->text) > 10 && row->text[strlen(row->text) - 1] == '.', "%s: text", row->id);
    ck_assert_msg(row->next && strlen(row->next) > 3 && row->next[strlen(row->next) - 1] == '.', "%s: next step", row->id);
    ck_assert_str_ne(dsp_severity_text(row->severity), "unknown");
    ck_assert_ptr_eq(dsp_flag_find(row->id), row); /* so no earlier row has this id */
  }
  ck_assert_ptr_null(dsp_flag_find("no_such_flag"));
  ck_assert_ptr_null(dsp_flag_find(""));
  ck_assert_str_eq(dsp_severity_text(DSP_INFO), "info");
  ck_assert_str_eq(dsp_severity_text(DSP_CAUTION), "caution");
  ck_assert_str_eq(dsp_severity_text(DSP_FATAL), "fatal");
}
END_TEST

START_TEST(flags_are_sets) {
  dsp_flags all = {0}, some = {0};
  for (size_t i = 0; i < dsp_flag_count; i++) {
    dsp_flags one = {0};
    ck_assert(!dsp_flags_has(&all, dsp_flag_rows[i].id));
    dsp_flags_add(&one, dsp_flag_rows[i].id);
    dsp_flags_add(&one, dsp_flag_rows[i].id);
    ck_assert_ptr_eq(dsp_flags_get(&one, 0), &dsp_flag_rows[i]);
    ck_assert_ptr_null(dsp_flags_get(&one, 1));
    for (size_t k = 0; k < dsp_flag_count; k++) ck_assert(dsp_flags_has(&one, dsp_flag_rows[k].id) == (k == i));
    dsp_flags_join(&all, &one);
  }
  for (size_t i = 0; i < dsp_flag_count; i++) ck_assert_ptr_eq(dsp_flags_get(&all, i), &dsp_flag_rows[i]);
  ck_assert_ptr_null(dsp_flags_get(&all, dsp_flag_count));
  ck_assert_ptr_null(dsp_flags_get(&some, 0));
  ck_assert(!dsp_flags_has(&all, "no_such_flag"));
  /* whatever the order of adding, the table's order comes out */
  dsp_flags_add(&some, dsp_flag_rows[5].id);
  dsp_flags_add(&some, dsp_flag_rows[2].id);
  ck_assert_ptr_eq(dsp_flags_get(&some, 0), &dsp_flag_rows[2]);
  ck_assert_ptr_eq(dsp_flags_get(&some, 1), &dsp_flag_rows[5]);
}
END_TEST

START_TEST(allocation_checks_its_product) {
  void *piece = dsp_alloc(0, 8);
  ck_assert_ptr_nonnull(piece);
  free(piece);
  ck_assert_ptr_null(dsp_alloc(SIZE_MAX / 8 + 2, 8)); /* the product wraps to 8 */
  ck_assert_ptr_null(dsp_zalloc(SIZE_MAX / 8 + 2, 8));
  unsigned char *zeros = dsp_zalloc(100, 7);
  ck_assert_ptr_nonnull(zeros);
  for (size_t i = 0; i < 700; i++) ck_assert_uint_eq(zeros[i], 0);
  free(zeros);
  zeros = dsp_zalloc(0, 0);
  ck_assert_ptr_nonnull(zeros);
  free(zeros);
}
END_TEST

START_TEST(arrays_grow_and_stay_on_failure) {
  double *v = NULL;
  size_t capacity = 0;
  for (size_t n = 1; n <= 1000; n++) {
    const size_t before = capacity;
    ck_assert_int_eq(dsp_grow(&v, &capacity, n, sizeof *v), DSP_OK);
    ck_assert_uint_ge(capacity, n);
    if (n <= before) ck_assert_uint_eq(capacity, before);
    v[n - 1] = (double)n;
  }
  for (size_t n = 1; n <= 1000; n++) ck_assert_double_eq(v[n - 1], (double)n);
  const double *const was = v;
  const size_t had = capacity;
  ck_assert_int_eq(dsp_grow(&v, &capacity, SIZE_MAX, sizeof *v), DSP_NO_MEMORY);
  ck_assert_int_eq(dsp_grow(&v, &capacity, SIZE_MAX / 8, sizeof *v), DSP_NO_MEMORY);
  ck_assert_ptr_eq(v, was);
  ck_assert_uint_eq(capacity, had);
  free(v);
}
END_TEST

START_TEST(arena_pieces_are_zeroed_aligned_and_apart) {
  dsp_arena *arena = dsp_arena_new();
  enum { PIECES = 300 };
  unsigned char *piece[PIECES];
  ck_assert_ptr_nonnull(arena);
  for (size_t i = 0; i < PIECES; i++) {
    const size_t size = i % 50 == 49 ? 9000 : 1 + i % 37;
    piece[i] = dsp_arena_alloc(arena, size, 1);
    ck_assert_ptr_nonnull(piece[i]);
    ck_assert_uint_eq((uintptr_t)piece[i] % _Alignof(max_align_t), 0);
    for (size_t k = 0; k < size; k++) ck_assert_uint_eq(piece[i][k], 0);
    memset(piece[i], (int)(i % 251) + 1, size);
  }
  for (size_t i = 0; i < PIECES; i++) {
    const size_t size = i % 50 == 49 ? 9000 : 1 + i % 37;
    for (size_t k = 0; k < size; k++) ck_assert_uint_eq(piece[i][k], i % 251 + 1);
  }
  ck_assert_ptr_null(dsp_arena_alloc(arena, SIZE_MAX / 2, 4));
  ck_assert_ptr_null(dsp_arena_alloc(arena, SIZE_MAX / 8 + 2, 8));
  ck_assert_ptr_null(dsp_arena_alloc(arena, SIZE_MAX, 1));
  ck_assert_ptr_null(dsp_arena_text(arena, "x", SIZE_MAX));
  ck_assert_str_eq(dsp_arena_text(arena, "calf left", 4), "calf");
  ck_assert_str_eq(dsp_arena_text(arena, "", 0), "");
  ck_assert_str_eq(dsp_arena_printf(arena, "%s-%06d", "sim", 42), "sim-000042");
  dsp_arena_free(arena);
  dsp_arena_free(NULL);
}
END_TEST

START_TEST(errors_keep_the_deepest_message) {
  dsp_error error = {0};
  ck_assert_int_eq(dsp_fail(&error, DSP_BAD_INPUT, "line 3", "a number", "\"%s\"", "abc"), DSP_BAD_INPUT);
  ck_assert_int_eq(dsp_fail(&error, DSP_NO_SOLUTION, "fit", "", "nothing"), DSP_NO_SOLUTION);
  ck_assert_int_eq(error.status, DSP_BAD_INPUT);
  ck_assert_str_eq(error.place, "line 3");
  ck_assert_str_eq(error.found, "\"abc\"");
  ck_assert_str_eq(error.expected, "a number");
  ck_assert_int_eq(dsp_fail(NULL, DSP_LIMIT, "", "", "x"), DSP_LIMIT);
  ck_assert_int_eq(dsp_fail_memory(NULL), DSP_NO_MEMORY);
  char endless[1000];
  memset(endless, 'x', sizeof endless - 1);
  endless[sizeof endless - 1] = '\0';
  error = (dsp_error){0};
  ck_assert_int_eq(dsp_fail(&error, DSP_BAD_INPUT, endless, endless, "%s", endless), DSP_BAD_INPUT);
  ck_assert_uint_eq(strlen(error.place), sizeof error.place - 1);
  ck_assert_uint_eq(strlen(error.found), sizeof error.found - 1);
  ck_assert_uint_eq(strlen(error.expected), sizeof error.expected - 1);
  for (int s = DSP_OK; s <= DSP_NO_SOLUTION; s++)
    for (int t = DSP_OK; t < s; t++) ck_assert_str_ne(dsp_status_text((dsp_status)s), dsp_status_text((dsp_status)t));
}
END_TEST

static double *samples(size_t n, double value) {
  double *x = dsp_alloc(n, sizeof *x);
  ck_assert_ptr_nonnull(x);
  for (size_t i = 0; i < n; i++) x[i] = value;
  return x;
}

START_TEST(recording_begins_unknown) {
  dsp_recording *r = dsp_recording_new();
  ck_assert_ptr_nonnull(r);
  ck_assert(isnan(r->room_temp_c) && isnan(r->doppler.f0_hz) && isnan(r->doppler.angle_deg));
  ck_assert(!r->t0 && !r->device && !r->subject_key && !r->ceap && !r->compression && !r->protocol && !r->doppler.vein);
  ck_assert_str_eq(r->sha256, "");
  ck_assert_double_eq(dsp_recording_duration_s(r), 0);
  double *x = samples(50, 1);
  x[3] = x[49] = NAN;
  char name[] = "APG";
  dsp_channel *channel = dsp_recording_add_channel(r, name, 20, x, 50);
  ck_assert_ptr_nonnull(channel);
  name[0] = 'X';
  ck_assert_str_eq(channel->name, "APG");
  ck_assert_int_eq(channel->role, DSP_ROLE_UNKNOWN);
  ck_assert_int_eq(channel->side, DSP_SIDE_UNKNOWN);
  ck_assert_int_eq(channel->polarity, 0);
  ck_assert(!channel->unit && !channel->unit_as_written && !channel->site && !channel->calibrated);
  ck_assert_double_eq(channel->scale, 1);
  ck_assert_uint_eq(channel->missing, 2);
  ck_assert_uint_eq(channel->n_segments, 1);
  ck_assert_double_eq_tol(dsp_recording_duration_s(r), 2.5, 1e-12);
  const dsp_segment parts[] = {{0, 0, 20}, {100, 20, 30}};
  ck_assert_int_eq(dsp_channel_set_segments(channel, parts, 2), DSP_OK);
  ck_assert_double_eq_tol(dsp_recording_duration_s(r), 101.5, 1e-12);
  dsp_recording_free(r);
  dsp_recording_free(NULL);
}
END_TEST

START_TEST(events_are_sorted_stably) {
  static const double times[] = {5, 1, 3, 1, 5, 0, 3, 1};
  static const char *const in_order[] = {"f", "b", "d", "h", "c", "g", "a", "e"};
  dsp_recording *r = dsp_recording_new();
  for (size_t i = 0; i < 8; i++) {
    char text[] = {(char)('a' + (int)i), '\0'};
    const dsp_event event = {.t_s = times[i], .text = text};
    ck_assert_int_eq(dsp_recording_add_event(r, &event), DSP_OK);
  }
  ck_assert_int_eq(dsp_recording_sort_events(r), DSP_OK);
  for (size_t i = 0; i < 8; i++) ck_assert_str_eq(r->events[i].text, in_order[i]);
  ck_assert_int_eq(dsp_recording_warn(r, "gap", "%d s missing", 12), DSP_OK);
  ck_assert_str_eq(r->warnings[0].code, "gap");
  ck_assert_str_eq(r->warnings[0].text, "12 s missing");
  dsp_recording_free(r);
}
END_TEST

START_TEST(words_go_there_and_back) {
  for (int i = DSP_ROLE_UNKNOWN; i <= DSP_ROLE_TIME; i++) {
    dsp_role role;
    ck_assert(dsp_role_find(dsp_role_text((dsp_role)i), &role) && (int)role == i);
  }
  for (int i = DSP_SIDE_UNKNOWN; i <= DSP_SIDE_RIGHT; i++) {
    dsp_side side;
    ck_assert(dsp_side_find(dsp_side_text((dsp_side)i), &side) && (int)side == i);
  }
  for (int i = DSP_EVENT_NOTE; i <= DSP_EVENT_CALIBRATION; i++) {
    dsp_event_kind kind;
    ck_assert(dsp_event_kind_find(dsp_event_kind_text((dsp_event_kind)i), &kind) && (int)kind == i);
  }
  for (int i = DSP_STEREO_UNKNOWN; i <= DSP_STEREO_MONO; i++) {
    dsp_stereo stereo;
    ck_assert(dsp_stereo_find(dsp_stereo_text((dsp_stereo)i), &stereo) && (int)stereo == i);
  }
  dsp_event_kind kind;
  dsp_role role;
  ck_assert(!dsp_event_kind_find("Stand", &kind) && !dsp_event_kind_find("", &kind) && !dsp_role_find("volumes", &role));
  ck_assert_str_eq(dsp_role_unit(DSP_ROLE_VOLUME)->ucum, "mL");
  ck_assert_ptr_null(dsp_role_unit(DSP_ROLE_PPG));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("core");
  TCase *t = tcase_create("tables");
  tcase_add_test(t, params_begin_with_their_defaults);
  tcase_add_test(t, params_are_set_by_name);
  tcase_add_loop_test(t, params_refuse_and_tell_what_they_take, 0, REFUSED);
  tcase_add_test(t, choices_have_words);
  tcase_add_test(t, every_parameter_row_is_whole);
  tcase_add_test(t, every_measure_row_is_whole);
  tcase_add_test(t, every_flag_row_is_whole);
  tcase_add_test(t, flags_are_sets);
  suite_add_tcase(suite, t);
  t = tcase_create("memory");
  tcase_add_test(t, allocation_checks_its_product);
  tcase_add_test(t, arrays_grow_and_stay_on_failure);
  tcase_add_test(t, arena_pieces_are_zeroed_aligned_and_apart);
  tcase_add_test(t, errors_keep_the_deepest_message);
  suite_add_tcase(suite, t);
  t = tcase_create("recording");
  tcase_add_test(t, recording_begins_unknown);
  tcase_add_test(t, events_are_sorted_stably);
  tcase_add_test(t, words_go_there_and_back);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
