/* SPDX-License-Identifier: GPL-3.0-or-later
 * BIDS physiological recordings: inheritance, compression, events; one composed data set a trap. */
#include "../support/reading.h"
#include <zlib.h>

enum { FILES_MAX = 8, PACKED_MAX = 1 << 20 };

/* A data set: the table and what lies beside and above it. Texts; names that end in .gz are compressed on the way. */
typedef struct entry {
  const char *name, *text;
} entry;

static void pack(fmt_source *source, const char *text, size_t size) {
  unsigned char *packed = malloc(PACKED_MAX);
  z_stream stream = {.next_in = (unsigned char *)(uintptr_t)text, .avail_in = (uInt)size, .next_out = packed, .avail_out = PACKED_MAX};
  ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
  ck_assert_int_eq(fmt_source_from_memory(source, packed, PACKED_MAX - stream.avail_out, NULL), DSP_OK);
  deflateEnd(&stream);
  free(packed);
}

static void make(fmt_source *source, const entry *file) {
  const size_t n = strlen(file->name);
  if (n > 3 && strcmp(file->name + n - 3, ".gz") == 0)
    pack(source, file->text, strlen(file->text));
  else
    ck_assert_int_eq(fmt_source_from_memory(source, file->text, strlen(file->text), NULL), DSP_OK);
}

/* files[0] is the recording; the others are there only if the reader asks for their names. */
static reading read_set(const entry *files, size_t n) {
  fmt_source source;
  fmt_file companions[FILES_MAX];
  fmt_names names = {0};
  size_t n_companions = 0;
  make(&source, &files[0]);
  fmt_input input = {.source = &source, .name = files[0].name};
  ck_assert_int_eq(fmt_companion_names(&names, &input, NULL), DSP_OK);
  for (size_t i = 1; i < n; i++)
    for (size_t k = 0; k < names.n; k++)
      if (strcmp(names.rows[k], files[i].name) == 0) {
        companions[n_companions].name = files[i].name;
        make(&companions[n_companions++].source, &files[i]);
      }
  input.companions = companions;
  input.n_companions = n_companions;
  const reading result = read_input(&input, NULL, NULL);
  for (size_t i = 0; i < n_companions; i++) fmt_source_clear(&companions[i].source);
  fmt_names_clear(&names);
  fmt_source_clear(&source);
  return result;
}
#define READ(...) read_set((const entry[]){__VA_ARGS__}, sizeof((const entry[]){__VA_ARGS__}) / sizeof(entry))

#define TABLE "sub-01_task-rest_run-01_physio.tsv.gz"
#define FACTS "{\"SamplingFrequency\": 50, \"StartTime\": -2.5, \"Columns\": [\"volume\", \"cuff\"], \"volume\": {\"Units\": \"mL\"}}"

START_TEST(a_pair) {
  dsp_recording *r = must_read(READ({TABLE, "1.5\t6\n1.75\tn/a\n2\t8\n"}, {"sub-01_task-rest_run-01_physio.json", FACTS}));
  ck_assert_str_eq(r->format, "bids");
  ck_assert_double_eq(r->t_origin_s, -2.5);
  ck_assert(r->n_channels == 2 && r->n_warnings == 0 && r->channels[0].rate_hz == 50);
  expect_samples(channel_named(r, "volume"), (const double[]){1.5, 1.75, 2}, 3);
  expect_samples(channel_named(r, "cuff"), (const double[]){6, (double)NAN, 8}, 3);
  ck_assert_str_eq(channel_named(r, "volume")->unit->ucum, "mL");
  ck_assert_ptr_null(channel_named(r, "cuff")->unit_as_written);
  dsp_recording_free(r);
}
END_TEST

START_TEST(inheritance) {
  /* nearer folders go over farther ones, key by key; what has other entities does not apply */
  dsp_recording *r = must_read(
      READ({TABLE, "1\n2\n"}, {"../../task-rest_physio.json", "{\"SamplingFrequency\": 10, \"StartTime\": 1, \"Columns\": [\"a\"]}"},
           {"../sub-01_physio.json", "{\"SamplingFrequency\": 20}"}, {"../sub-02_physio.json", "{\"SamplingFrequency\": 30}"},
           {"task-move_physio.json", "{\"SamplingFrequency\": 40}"}, {"../../dataset_description.json", "{}"}));
  ck_assert(r->channels[0].rate_hz == 20 && r->t_origin_s == 1);
  dsp_recording_free(r);
  /* nothing from above the data set's root */
  r = must_read(READ({TABLE, "1\n2\n"}, {"../../physio.json", "{\"SamplingFrequency\": 10}"},
                     {"../physio.json", "{\"SamplingFrequency\": 20, \"Columns\": [\"a\"]}"}, {"../dataset_description.json", "{}"}));
  ck_assert(r->channels[0].rate_hz == 20 && warned(r, "header_irregular")); /* no StartTime */
  dsp_recording_free(r);
  r = must_read(READ({TABLE, "1\n2\n"}, {"run-01_physio.json", "{\"SamplingFrequency\": 10, \"StartTime\": 0, \"Columns\": [\"a\"]}"},
                     {"sub-01_run-01_physio.json", "{\"SamplingFrequency\": 20}"}));
  ck_assert(r->channels[0].rate_hz == 20 && warned(r, "header_irregular")); /* two in one folder */
  dsp_recording_free(r);
  expect_refused(READ({TABLE, "1\n2\n"}, {"sub-02_physio.json", FACTS}), DSP_BAD_INPUT, "bids", "no physio.json that applies");
}
END_TEST

START_TEST(events_of_the_recording) {
  dsp_recording *r = must_read(READ(
      {TABLE, "1\t6\n2\t7\n3\t8\n"}, {"physio.json", FACTS}, {"sub-01_task-rest_run-01_physioevents.tsv.gz", "1\t2\tstand\n2\tn/a\tx y\n"},
      {"sub-01_physioevents.json", "{\"Columns\": [\"onset\", \"duration\", \"trial_type\"], \"OnsetSource\": \"n/a\"}"}));
  ck_assert_uint_eq(r->n_events, 2);
  ck_assert(r->events[0].t_s == 0.02 && r->events[0].dur_s == 0.04 && r->events[0].kind == DSP_EVENT_STAND);
  ck_assert(r->events[1].t_s == 0.04 && r->events[1].dur_s == 0);
  ck_assert_str_eq(r->events[1].text, "x y");
  dsp_recording_free(r);
  /* onsets in the values of a column */
  r = must_read(READ({TABLE, "100\t6\n200\t7\n300\t8\n400\t9\n"}, {"physio.json", FACTS},
                     {"sub-01_task-rest_run-01_physioevents.tsv", "200\t150\tstand\n900\t0\tlate\n"},
                     {"sub-01_physioevents.json", "{\"Columns\": [\"onset\", \"duration\", \"message\"], \"OnsetSource\": \"volume\"}"}));
  ck_assert_uint_eq(r->n_events, 1);
  ck_assert(r->events[0].t_s == 0.02 && fabs(r->events[0].dur_s - 0.04) < 1e-12);
  dsp_recording_free(r);
  r = must_read(READ({TABLE, "1\t6\n2\t7\n"}, {"physio.json", FACTS}, {"sub-01_task-rest_run-01_physioevents.tsv", "1\n"},
                     {"physioevents.json", "{\"Columns\": [\"onset\"], \"OnsetSource\": \"n/a\"}"}));
  ck_assert(r->n_events == 1 && r->events[0].kind == DSP_EVENT_NOTE); /* an event without a word */
  dsp_recording_free(r);
  expect_refused(READ({TABLE, "1\t6\n"}, {"physio.json", FACTS}, {"sub-01_task-rest_run-01_physioevents.tsv", "1\n"},
                      {"physioevents.json", "{\"Columns\": [\"onset\"], \"OnsetSource\": \"eye\"}"}),
                 DSP_BAD_INPUT, "OnsetSource", "eye");
}
END_TEST

START_TEST(events_of_the_task) {
  dsp_recording *r = must_read(READ({"sub-01_task-rest_recording-leg_physio.tsv", "1\t6\n2\t7\n3\t8\n"}, {"physio.json", FACTS},
                                    {"sub-01_task-rest_events.tsv", "onset\tduration\ttrial_type\n-2.48\t0.02\tsupine\n"}));
  ck_assert_uint_eq(r->n_events, 1);
  ck_assert_double_eq_tol(r->events[0].t_s, 0.02, 1e-12);
  ck_assert(r->events[0].kind == DSP_EVENT_SUPINE && r->events[0].dur_s == 0.02);
  dsp_recording_free(r);
  expect_refused(READ({TABLE, "1\t6\n"}, {"physio.json", FACTS}, {"sub-01_task-rest_run-01_events.tsv", "onset\tduration\nsoon\t1\n"}),
                 DSP_BAD_INPUT, "events.tsv line 2", "soon");
}
END_TEST

START_TEST(tables_that_break_the_rules) {
  dsp_recording *r = must_read(READ({TABLE, "volume\tcuff\n1\t6\n2\t7\n"}, {"physio.json", FACTS}));
  ck_assert(r->channels[0].n == 2 && warned(r, "header_irregular"));
  dsp_recording_free(r);
  expect_refused(READ({TABLE, "1\t6\t7\n"}, {"physio.json", FACTS}), DSP_BAD_INPUT, "bids: line 1", "3 columns for 2 names");
  expect_refused(READ({TABLE, "1\t6\nx\t7\n"}, {"physio.json", FACTS}), DSP_BAD_INPUT, "bids: line 2, column 1", "x");
  expect_refused(READ({TABLE, "1\t6\n"}, {"physio.json", "{\"Columns\": [\"a\"]}"}), DSP_BAD_INPUT, "physio.json", "no sampling rate");
  expect_refused(READ({TABLE, "1\t6\n"}, {"physio.json", "{\"SamplingFrequency\": 50}"}), DSP_BAD_INPUT, "physio.json", "no names");
  expect_refused(READ({TABLE, "1\t6\n"}, {"physio.json", "{\"SamplingFrequency\": \"fast\", \"Columns\": [\"a\"]}"}), DSP_BAD_INPUT,
                 "physio.json: SamplingFrequency", "a text");
  expect_refused(READ({TABLE, "1\t6\n"}, {"physio.json", "{\"SamplingFrequency\": 0, \"Columns\": [\"a\"]}"}), DSP_BAD_INPUT,
                 "physio.json: SamplingFrequency", "0");
  expect_refused(READ({TABLE, "1\t6\n"}, {"physio.json", "{,}"}), DSP_BAD_INPUT, "physio.json line 1", "");
  expect_refused(READ({TABLE, "1\t6\n"}, {"physio.json", "[]"}), DSP_BAD_INPUT, "physio.json", "another type");
  expect_refused(READ({TABLE, ""}, {"physio.json", FACTS}), DSP_BAD_INPUT, "bids", "no rows");
}
END_TEST

static reading read_packed(const fmt_source *source) {
  const fmt_file facts = {.name = "physio.json", .source = {.bytes = (unsigned char *)(uintptr_t)FACTS, .size = sizeof FACTS - 1}};
  return read_input(&(fmt_input){.source = source, .name = TABLE, .companions = &facts, .n_companions = 1}, NULL, NULL);
}

START_TEST(compressed_data) {
  fmt_source one, two, both;
  pack(&one, "1\t2\n", 4);
  pack(&two, "3\t4\n", 4);
  unsigned char joined[200];
  memcpy(joined, one.bytes, one.size);
  memcpy(joined + one.size, two.bytes, two.size);
  ck_assert_int_eq(fmt_source_from_memory(&both, joined, one.size + two.size, NULL), DSP_OK);
  dsp_recording *r = must_read(read_packed(&both)); /* two members in one file */
  expect_samples(&r->channels[0], (const double[]){1, 3}, 2);
  dsp_recording_free(r);
  for (size_t n = 18; n < one.size; n++) { /* cut off anywhere */
    fmt_source cut = {one.bytes, n, ""};
    ck_assert_int_eq(read_packed(&cut).status, DSP_BAD_INPUT);
  }
  one.bytes[one.size - 5] ^= 1; /* the checksum */
  expect_refused(read_packed(&one), DSP_BAD_INPUT, "bids: byte", "damaged");
  fmt_source_clear(&one);
  fmt_source_clear(&two);
  fmt_source_clear(&both);
}
END_TEST

/* 40 MB of zeros in 40 kB: more than a hundred times its size, and more than is free. */
START_TEST(bombs) {
  const size_t size = 40 << 20;
  char *zeros = calloc(size, 1);
  fmt_source bomb;
  pack(&bomb, zeros, size);
  free(zeros);
  ck_assert_uint_lt(bomb.size, size / 500);
  expect_refused(read_packed(&bomb), DSP_LIMIT, "bids", "more than");
  fmt_source_clear(&bomb);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {a_pair,          inheritance, events_of_the_recording, events_of_the_task, tables_that_break_the_rules,
                                compressed_data, bombs};
  return run_case("bids", tests, sizeof tests / sizeof tests[0]);
}
