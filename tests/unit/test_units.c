/* SPDX-License-Identifier: GPL-3.0-or-later
 * Units: spellings to UCUM, and conversions by their definitions. */
#include "../support/reading.h"
#include <dsp/units.h>

static const dsp_unit *find(const char *text) {
  return dsp_unit_find(text, strlen(text));
}

START_TEST(spellings) {
  static const struct {
    const char *text, *ucum;
  } rows[] = {{"mL", "mL"},
              {"ml", "mL"},
              {" cc ", "mL"},
              {"cm3", "mL"},
              {"L", "L"},
              {"l", "L"},
              {"dL", "dL"},
              {"\xC2\xB5L", "uL"},
              {"\xCE\xBCl", "uL"},
              {"ul", "uL"},
              {"mL/100mL", "mL/(100.mL)"},
              {"ml/100ml", "mL/(100.mL)"},
              {"mL/dL", "mL/(100.mL)"},
              {"%vol", "mL/(100.mL)"},
              {"mL/(100.mL)", "mL/(100.mL)"},
              {"%", "%"},
              {"mmHg", "mm[Hg]"},
              {"mm Hg", "mm[Hg]"},
              {"MMHG", "mm[Hg]"},
              {"mm[Hg]", "mm[Hg]"},
              {"cmH2O", "cm[H2O]"},
              {"kPa", "kPa"},
              {"Pa", "Pa"},
              {"s", "s"},
              {"sec", "s"},
              {"ms", "ms"},
              {"\xC2\xB5s", "us"},
              {"min", "min"},
              {"h", "h"},
              {"cm/s", "cm/s"},
              {"m/s", "m/s"},
              {"mV", "mV"},
              {"\xC2\xB5V", "uV"},
              {"V", "V"},
              {"Hz", "Hz"},
              {"bpm", "/min"},
              {"mL/s", "mL/s"},
              {"ml/min", "mL/min"},
              {"\xC2\xB0", "deg"},
              {"\xC2\xB0"
               "C",
               "Cel"},
              {"pu", "[PU]"},
              {"PU", "[PU]"},
              {"a.u.", "[arb'U]"},
              {"counts", "{count}"},
              {"\xC2\xA0mL", "mL"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const dsp_unit *unit = find(rows[i].text);
    ck_assert_msg(unit && strcmp(unit->ucum, rows[i].ucum) == 0, "\"%s\" is %s, not %s", rows[i].text, unit ? unit->ucum : "unknown",
                  rows[i].ucum);
    ck_assert_ptr_eq(find(unit->ucum), unit); /* every code finds itself */
  }
}
END_TEST

START_TEST(refused_spellings) {
  static const char *const bad[] = {"ML",  "MS",  "MV", "furlong", "",       " ",
                                    "m L", "mLx", "|",  "ml|cc",   "Ml/100", "a very long text that is certainly no unit at all"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    ck_assert_msg(!find(bad[i]), "\"%s\" was taken for %s", bad[i], find(bad[i])->ucum);
  ck_assert_int_eq(find("%")->dimension, DSP_DIM_NUMBER);
  ck_assert_int_eq(find("mL/100mL")->dimension, DSP_DIM_STRAIN);
}
END_TEST

START_TEST(conversions) {
  static const struct {
    const char *from, *to;
    double value, wanted;
  } rows[] = {{"L", "mL", 0.12, 120},         {"uL", "mL", 500, 0.5},    {"kPa", "mmHg", 13.3322387415, 100},
              {"cmH2O", "mmHg", 13.5951, 10}, {"min", "s", 2, 120},      {"ms", "s", 20, 0.02},
              {"d", "s", 1, 86400},           {"m/s", "cm/s", 0.5, 50},  {"uV", "mV", 1500, 1.5},
              {"L/min", "mL/s", 0.6, 10},     {"degF", "Cel", 98.6, 37}, {"K", "Cel", 310.15, 37},
              {"rad", "deg", M_PI, 180},      {"%", "1", 50, 0.5},       {"Cel", "degF", 37, 98.6}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    double factor, offset;
    ck_assert(dsp_unit_convert(find(rows[i].from), find(rows[i].to), &factor, &offset));
    ck_assert_msg(fabs(rows[i].value * factor + offset - rows[i].wanted) < 1e-6, "%s to %s: %.12g", rows[i].from, rows[i].to,
                  rows[i].value * factor + offset);
  }
  double factor, offset;
  ck_assert(!dsp_unit_convert(find("mL"), find("mmHg"), &factor, &offset));
  ck_assert(!dsp_unit_convert(find("%"), find("mL/100mL"), &factor, &offset));
  ck_assert(!dsp_unit_convert(find("pu"), find("a.u."), &factor, &offset));
}
END_TEST

int main(void) {
  const TTest *const tests[] = {spellings, refused_spellings, conversions};
  return run_case("units", tests, sizeof tests / sizeof tests[0]);
}
