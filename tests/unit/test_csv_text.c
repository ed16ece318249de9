/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tables of text: encodings, dialects, headers, missing values, text columns, caps, and what is refused. */
#include "../support/reading.h"

static const double one_two_three[] = {1, 2, 3};

/* `ascii` as UTF-16. */
static size_t utf16(unsigned char *out, const char *ascii, bool big, bool mark) {
  size_t n = 0;
  if (mark) {
    out[n++] = big ? 0xFE : 0xFF;
    out[n++] = big ? 0xFF : 0xFE;
  }
  for (const char *p = ascii; *p; p++) {
    out[n + big] = (unsigned char)*p;
    out[n + !big] = 0;
    n += 2;
  }
  return n;
}

START_TEST(encodings) {
  static const char text[] = "time (s);APG (mL)\r\n0;1\r\n1;2\r\n2;3\r\n";
  unsigned char bytes[200];
  for (int big = 0; big < 2; big++)
    for (int mark = 0; mark < 2; mark++) {
      const reading result = read_bytes(bytes, utf16(bytes, text, big, mark), NULL, 0);
      ck_assert_msg(result.status == DSP_OK, "big %d mark %d: %s", big, mark, result.error.found);
      expect_samples(channel_named(result.recording, "APG"), one_two_three, 3);
      dsp_recording_free(result.recording);
    }
  size_t n = utf16(bytes, "time (s);ab (mL)\n0;1\n1;2\n2;3\n", false, true);
  bytes[20] = 0x3D; /* U+1F600 in place of "ab" */
  bytes[21] = 0xD8;
  bytes[22] = 0x00;
  bytes[23] = 0xDE;
  const reading pair = read_bytes(bytes, n, NULL, 0);
  ck_assert_msg(pair.status == DSP_OK, "%s", pair.error.found);
  expect_samples(channel_named(pair.recording, "\xF0\x9F\x98\x80"), one_two_three, 3);
  dsp_recording_free(pair.recording);
  bytes[21] = 0xDE; /* a low half first */
  expect_refused(read_bytes(bytes, n, NULL, 0), DSP_BAD_INPUT, "byte 20", "surrogate");
  dsp_recording *recording = read_good("\xEF\xBB\xBFtime (s);V \xC2\xB5 (\xCE\xBCL)\n0;1\n1;2\n2;3\n");
  const dsp_channel *channel = channel_named(recording, "V \xC2\xB5");
  ck_assert_str_eq(channel->unit->ucum, "uL");
  ck_assert(!warned(recording, "encoding_guessed"));
  dsp_recording_free(recording);
  recording = read_good("Zeit (s);F\xFC\xDF"
                        "e \x80 (\xB5l)\n0;1\n1;2\n2;3\n");
  channel = channel_named(recording, "F\xC3\xBC\xC3\x9F"
                                     "e \xE2\x82\xAC");
  ck_assert_str_eq(channel->unit->ucum, "uL");
  ck_assert(warned(recording, "encoding_guessed"));
  dsp_recording_free(recording);
}
END_TEST

START_TEST(broken_encodings) {
  unsigned char bytes[200];
  size_t n = utf16(bytes, "time (s);v\n0;1\n1;2\n", false, true);
  expect_refused(read_bytes(bytes, n - 1, NULL, 0), DSP_BAD_INPUT, "byte 39", "cut in the middle");
  bytes[n - 2] = 0;
  bytes[n - 1] = 0xD8;
  expect_refused(read_bytes(bytes, n, NULL, 0), DSP_BAD_INPUT, "byte 38", "surrogate");
  expect_refused(read_bytes("time (s),v\n0,1\n1,\0\n2,3\n", 23, NULL, 0), DSP_BAD_INPUT, "line 3", "NUL");
  expect_refused(read_bytes("time (s),v\n0,1\n1,2\n2,3\n\0", 24, NULL, 0), DSP_BAD_INPUT, "byte 23", "NUL");
}
END_TEST

START_TEST(line_ends) {
  static const char *const ends[] = {"\n", "\r\n", "\r"};
  for (int i = 0; i < 3; i++)
    for (int last = 0; last < 2; last++) {
      char text[100];
      snprintf(text, sizeof text, "time (s),v%s0,1%s1,2%s2,3%s", ends[i], ends[i], ends[i], last ? ends[i] : "");
      dsp_recording *recording = read_good(text);
      expect_samples(channel_named(recording, "v"), one_two_three, 3);
      ck_assert_uint_eq(recording->channels[0].n_segments, 1);
      dsp_recording_free(recording);
    }
}
END_TEST

/* The same table in every dialect gives the same samples. */
START_TEST(dialects) {
  static const char delimiters[] = "\t;|, ", decimals[] = ".,";
  for (const char *d = delimiters; *d; d++)
    for (const char *p = decimals; *p; p++) {
      if (*d == ',' && *p == ',') continue;
      char text[400];
      int n = snprintf(text, sizeof text, "time%cvol%cp\n", *d, *d);
      for (int i = 0; i < 12; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%d%c%02d%c%d%c5%c%d\n", i / 10, *p, i % 10 * 10, *d, i, *p, *d, 7 * i);
      dsp_recording *recording = read_good(text);
      const dsp_channel *vol = channel_named(recording, "vol");
      ck_assert_uint_eq(recording->n_channels, 2);
      ck_assert_uint_eq(vol->n, 12);
      for (int i = 0; i < 12; i++) ck_assert_double_eq(vol->x[i], i + 0.5);
      ck_assert_double_eq(vol->rate_hz, 10);
      dsp_recording_free(recording);
    }
  dsp_recording *recording = read_good("sep=|\ntime (s)|v;w\n0|1\n1|2\n2|3\n");
  expect_samples(channel_named(recording, "v;w"), one_two_three, 3);
  dsp_recording_free(recording);
  recording = read_good("\"time (s)\",\"v\"\n\"0,0\",\"1,0\"\n\"0,5\",\"2,0\"\n\"1,0\",\"3,0\"\n");
  expect_samples(channel_named(recording, "v"), one_two_three, 3);
  dsp_recording_free(recording);
  const reading one = read_bytes("vol\n1,0\n2,0\n3,0\n", 16, NULL, 10);
  ck_assert_int_eq(one.status, DSP_OK);
  expect_samples(channel_named(one.recording, "vol"), one_two_three, 3);
  dsp_recording_free(one.recording);
}
END_TEST

START_TEST(mixed_separators) {
  expect_refused(read_text("time (s);v\n0;1.234,56\n1;1.235,00\n2;1.236,00\n"), DSP_BAD_INPUT, "line 2, column 2", "1.234,56");
  expect_refused(read_text("time (s);v\n0;1,5\n1;2,5\n2;1.236,0\n3;2,5\n"), DSP_BAD_INPUT, "line 4, column 2", "1.236,0");
  expect_refused(read_text("time (s);v\n0;1,5\n1;2,5\n2;1.5\n3;2,5\n4;2,5\n"), DSP_BAD_INPUT, "line 4, column 2", "1.5");
  expect_refused(read_text("v (mL)\n1.107,500\n1.108,500\n"), DSP_BAD_INPUT, "line 2", "1.107,500");
  expect_refused(read_text("v (mL)\n1,107.500\n1,108.500\n"), DSP_BAD_INPUT, "line 2", "1,107.500");
  expect_refused(read_text("time (s),v\n0,00,1,5\n0,02,1,6\n0,04,1,7\n"), DSP_BAD_INPUT, "line 2", "4 columns below a header of 2");
}
END_TEST

START_TEST(headers) {
  static const char *const same[] = {"time (s),APG L calf (mL),p [mmHg]\n", "time/s,APG L calf/mL,p/mmHg\n",
                                     "time,APG L calf,p\ns,mL,mmHg\n", "time,APG L calf,p\n(s),(mL),(mmHg)\n",
                                     "time [s],APG L calf [ml],p [mm Hg]\n"};
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
    char text[200];
    snprintf(text, sizeof text, "%s0,1,4\n0.02,2,5\n0.04,3,6\n", same[i]);
    dsp_recording *recording = read_good(text);
    const dsp_channel *volume = channel_named(recording, "APG L calf");
    expect_samples(volume, one_two_three, 3);
    ck_assert_str_eq(volume->unit->ucum, "mL");
    ck_assert_str_eq(channel_named(recording, "p")->unit->ucum, "mm[Hg]");
    ck_assert_double_eq(volume->rate_hz, 50);
    ck_assert(volume->role == DSP_ROLE_UNKNOWN && volume->side == DSP_SIDE_UNKNOWN && !volume->site);
    dsp_recording_free(recording);
  }
  dsp_recording *recording = read_good("0.00,1\n0.02,2\n0.04,3\n");
  expect_samples(channel_named(recording, "column 2"), one_two_three, 3);
  ck_assert(warned(recording, "time_unit_assumed"));
  dsp_recording_free(recording);
  recording = read_good("time (s),(mL)\n0,1\n1,2\n2,3\n");
  expect_samples(channel_named(recording, "(mL)"), one_two_three, 3);
  dsp_recording_free(recording);
  recording = read_good("Device 5\nSerial;12\n\ntime (s);v;v\n0;1;4\n1;2;5\n2;3;6\n");
  expect_samples(channel_named(recording, "v"), one_two_three, 3);
  ck_assert_double_eq(channel_named(recording, "v.2")->x[0], 4);
  ck_assert(warned(recording, "duplicate_column"));
  dsp_recording_free(recording);
  recording = read_good("time (s),v,v,v.2,v\n0,1,2,3,4\n1,1,2,3,4\n2,1,2,3,4\n");
  ck_assert_double_eq(channel_named(recording, "v.2")->x[0], 2);
  ck_assert_double_eq(channel_named(recording, "v.2.2")->x[0], 3);
  ck_assert_double_eq(channel_named(recording, "v.3")->x[0], 4);
  dsp_recording_free(recording);
  recording = read_good("time (s),vol (furlong)\n0,1\n1,2\n2,3\n");
  ck_assert_ptr_null(recording->channels[0].unit);
  ck_assert_str_eq(recording->channels[0].unit_as_written, "furlong");
  ck_assert(warned(recording, "unit_unrecognized"));
  dsp_recording_free(recording);
}
END_TEST

START_TEST(missing_values) {
  static const char *const words[] = {"", "NaN", "nan", "n/a", "N/A", "NA", "--", "*"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    char text[200];
    snprintf(text, sizeof text, "time (s),v,w\n0,1,1\n1,%s,1\n2,3,%s\n3,4,1\n", words[i], words[i]);
    dsp_recording *recording = read_good(text);
    expect_samples(channel_named(recording, "v"), (const double[]){1, (double)NAN, 3, 4}, 4);
    expect_samples(channel_named(recording, "w"), (const double[]){1, 1, (double)NAN, 1}, 4);
    ck_assert_uint_eq(recording->channels[0].missing, 1);
    dsp_recording_free(recording);
  }
  dsp_recording *recording = read_good("time (s),v\n0,NaN\n1,NaN\n2,\n");
  ck_assert_uint_eq(channel_named(recording, "v")->missing, 3);
  dsp_recording_free(recording);
  recording = read_good("time (s),v,w\n0,1,1\n1,2,2\n2,3\n");
  expect_samples(channel_named(recording, "w"), (const double[]){1, 2, (double)NAN}, 3);
  ck_assert(warned(recording, "short_rows"));
  dsp_recording_free(recording);
}
END_TEST

START_TEST(comments_quotes_trailing) {
  dsp_recording *recording = read_good("# device 5\n# made, today\ntime (s),v,\n0,1,\n# pause\n1,2,\n2,3,\n");
  ck_assert_uint_eq(recording->n_channels, 1);
  expect_samples(channel_named(recording, "v"), one_two_three, 3);
  dsp_recording_free(recording);
  recording = read_good("\"time (s)\",\"a, \"\"b\"\"\",note\n0,\"1\",\"x\ny\"\n\"1\",2,\n2,3,\"tip,toe\"\n");
  expect_samples(channel_named(recording, "a, \"b\""), one_two_three, 3);
  ck_assert_uint_eq(recording->n_events, 2);
  ck_assert_str_eq(recording->events[0].text, "x y");
  ck_assert_str_eq(recording->events[1].text, "tip,toe");
  dsp_recording_free(recording);
  expect_refused(read_text("time (s),v\n0,\"1\n1,2\n2,3\n"), DSP_BAD_INPUT, "line 2", "");
}
END_TEST

/* Spreadsheets write their empty rows as delimiters. */
START_TEST(empty_rows) {
  dsp_recording *recording = read_good("time (s);v;w\n0;1;1\n1;2;1\n2;3;1\n;;\n;;\n");
  expect_samples(channel_named(recording, "v"), one_two_three, 3);
  ck_assert_uint_eq(recording->channels[0].n_segments, 1);
  dsp_recording_free(recording);
  recording = read_good("time (s);v;w\n0;1;1\n1;2;1\n2;3;1\n;;\n9;3;1\n10;3;1\n11;3;1\n");
  ck_assert_uint_eq(recording->channels[0].n_segments, 2);
  dsp_recording_free(recording);
  expect_refused(read_text("time (s);v;w\n0;1;1\n1;2;1\n2;3;1\n;;\n;;\n9;x;1\n10;3;1\n"), DSP_BAD_INPUT, "line 7, column 2", "x");
  expect_refused(read_text("time (s);v;w\n0;1;1\n;;\n1;2;1\n1;3;1\n2;3;1\n3;3;1\n4;3;1\n"), DSP_BAD_INPUT, "line 5", "same time");
}
END_TEST

START_TEST(marker_columns) {
  dsp_recording *recording = read_good("Zeit (s);v;Ereignis\n0;1;liegen\n1;2;\n2;3;Fersenstand 1\n3;4;ach\n4;5;ach\n5;6;stand\n");
  static const dsp_event_kind kinds[] = {DSP_EVENT_SUPINE, DSP_EVENT_TIPTOE, DSP_EVENT_NOTE, DSP_EVENT_STAND};
  static const double times[] = {0, 2, 3, 5};
  ck_assert_uint_eq(recording->n_events, 4);
  for (int i = 0; i < 4; i++) {
    ck_assert_int_eq(recording->events[i].kind, kinds[i]);
    ck_assert_double_eq(recording->events[i].t_s, times[i]);
    ck_assert_str_eq(recording->events[i].source, "csv");
  }
  ck_assert_str_eq(recording->events[2].text, "ach");
  ck_assert_uint_eq(recording->n_channels, 1);
  dsp_recording_free(recording);
  /* empty far beyond the rows that are looked at first */
  char *text = malloc(40000);
  int n = sprintf(text, "time (s),v,event\n");
  for (int i = 0; i < 1000; i++) n += sprintf(text + n, "%d,%d,%s\n", i, i, i == 700 ? "tiptoe" : "");
  recording = read_good(text);
  ck_assert_uint_eq(recording->n_events, 1);
  ck_assert_double_eq(recording->events[0].t_s, 700);
  dsp_recording_free(recording);
  free(text);
}
END_TEST

/* A number before the word, or after an x, is a count; after the word alone it numbers the marks. */
START_TEST(counts_of_marks) {
  static const struct {
    const char *text;
    dsp_event_kind kind;
    unsigned count;
  } marks[] = {{"tiptoe", DSP_EVENT_TIPTOE, 0},
               {"Tiptoe 3", DSP_EVENT_TIPTOE, 0},
               {"tiptoe x10", DSP_EVENT_TIPTOE, 10},
               {"10 tiptoes", DSP_EVENT_TIPTOE, 10},
               {"10x heel raise", DSP_EVENT_TIPTOE, 10},
               {"tiptoe X 10", DSP_EVENT_TIPTOE, 10},
               {"10 x tiptoe", DSP_EVENT_TIPTOE, 10},
               {"stand", DSP_EVENT_STAND, 0},
               {"x10", DSP_EVENT_NOTE, 0},
               {"10 minutes", DSP_EVENT_NOTE, 0},
               {"99999999999 tiptoes", DSP_EVENT_NOTE, 0}};
  for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
    char text[200];
    snprintf(text, sizeof text, "time (s),v,event\n0,1,a\n1,1,%s\n2,1,\n3,1,\n", marks[i].text);
    dsp_recording *recording = read_good(text);
    ck_assert_uint_eq(recording->n_events, 2);
    const dsp_event *event = &recording->events[1];
    ck_assert_msg(event->kind == marks[i].kind && event->count == marks[i].count, "\"%s\": kind %d, count %u", marks[i].text,
                  (int)event->kind, event->count);
    ck_assert_str_eq(event->text, marks[i].text);
    dsp_recording_free(recording);
  }
}
END_TEST

START_TEST(text_among_numbers) {
  expect_refused(read_text("time (s),v\n0,1\n1,2\n2,x\n3,4\n4,5\n"), DSP_BAD_INPUT, "line 4, column 2", "\"x\"");
  expect_refused(read_text("time (s),v\n0,x\n1,2\n2,3\n3,4\n4,5\n"), DSP_BAD_INPUT, "line 2, column 2", "\"x\"");
  expect_refused(read_text("# a\ntime (s),v,n\n0,1,\"a\nb\"\n\n# c\n1,2,\n2,x,\n3,4,\n"), DSP_BAD_INPUT, "line 8, column 2", "\"x\"");
  expect_refused(read_text("time (s),v\n0,1\n1,2\n2,3,4\n3,4\n4,5\n"), DSP_BAD_INPUT, "line 4, column 3", "\"4\"");
}
END_TEST

START_TEST(no_table) {
  expect_refused(read_text(""), DSP_BAD_INPUT, "", "empty file");
  expect_refused(read_text("time (s),v\n"), DSP_BAD_INPUT, "", "no row");
  expect_refused(read_text("\n\n\n"), DSP_BAD_INPUT, "", "no row");
  expect_refused(read_text("only words\nmore words\n"), DSP_BAD_INPUT, "", "no row");
  unsigned char rubbish[3000];
  for (size_t i = 0; i < sizeof rubbish; i++) rubbish[i] = (unsigned char)(i * i * 31 + i * 7 + (i >> 3));
  expect_refused(read_bytes(rubbish, sizeof rubbish, NULL, 50), DSP_BAD_INPUT, "", "no known format");
  expect_refused(read_text("time (s),v\n0,1\n"), DSP_BAD_INPUT, "", "one row");
  expect_refused(read_text("time (s)\n0\n1\n2\n"), DSP_BAD_INPUT, "", "no channel");
  const reading one = read_bytes("v\n1\n", 4, NULL, 50);
  ck_assert_int_eq(one.status, DSP_OK);
  ck_assert_uint_eq(one.recording->channels[0].n, 1);
  dsp_recording_free(one.recording);
}
END_TEST

START_TEST(caps) {
  enum { MANY = 1000000 };
  char *text = malloc(4 * MANY + 10);
  for (size_t i = 0; i < MANY; i++) memcpy(text + 2 * i, "1,", 2);
  memcpy(text + (size_t)2 * MANY, "1\n", 3);
  expect_refused(read_text(text), DSP_LIMIT, "line 1", "bytes"); /* a million columns: the line is too long already */
  memcpy(text + 10000, "1\n", 3);
  expect_refused(read_text(text), DSP_LIMIT, "", "5001 columns");
  /* a long line behind good ones */
  int n = sprintf(text, "time (s),v,event\n");
  for (int i = 0; i < 300; i++) n += sprintf(text + n, "%d,1,\n", i);
  n += sprintf(text + n, "300,1,");
  memset(text + n, 'x', FMT_CAP_LINE_BYTES + 10);
  text[(size_t)n + FMT_CAP_LINE_BYTES + 10] = '\0';
  expect_refused(read_text(text), DSP_LIMIT, "line 302", "line longer");
  free(text);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {encodings,        broken_encodings,
                                line_ends,        dialects,
                                mixed_separators, headers,
                                missing_values,   comments_quotes_trailing,
                                empty_rows,       marker_columns,
                                counts_of_marks,  text_among_numbers,
                                no_table,         caps};
  return run_case("csv_text", tests, sizeof tests / sizeof tests[0]);
}
