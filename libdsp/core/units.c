/* SPDX-License-Identifier: GPL-3.0-or-later
 * The unit table. Codes are UCUM's case-sensitive ones (ucum.org); factors are definitions (1 cmH2O = 98.0665 Pa, 1 mmHg = 133.322387415
 * Pa, as UCUM has them) and the spellings those that devices and spreadsheets write. */
#include <dsp/units.h>
#include <string.h>

enum { SPELLING_MAX = 40 };

typedef struct unit_row {
  dsp_unit unit;
  const char *spellings; /**< besides the code: separated by '|', exact */
  const char *words;     /**< besides those: separated by '|', compared without regard to case, stored in lower case */
} unit_row;

#define PA_PER_MMHG  133.322387415
#define PA_PER_CMH2O 98.0665

static const unit_row unit_rows[] = {
    {{"1", DSP_DIM_NUMBER, 1.0, 0.0}, NULL, "1|unitless|dimensionless|ratio|no unit|no units"},
    {{"%", DSP_DIM_NUMBER, 0.01, 0.0}, "%", "percent|pct|prozent"},
    {{"{count}", DSP_DIM_NUMBER, 1.0, 0.0}, NULL, "count|counts|cnt|adc|adu|lsb|raw"},
    {{"mL", DSP_DIM_VOLUME, 1.0, 0.0}, "ml|cm3|cm\xC2\xB3|cm^3", "cc|ccm|milliliter|millilitre|milliliters|millilitres"},
    {{"L", DSP_DIM_VOLUME, 1000.0, 0.0}, "L|l|dm3|dm\xC2\xB3", "liter|litre|liters|litres"},
    {{"dL", DSP_DIM_VOLUME, 100.0, 0.0}, "dl", NULL},
    {{"uL", DSP_DIM_VOLUME, 0.001, 0.0}, "ul|\xC2\xB5l|\xC2\xB5L|mm3|mm\xC2\xB3", NULL},
    {{"mL/(100.mL)", DSP_DIM_STRAIN, 1.0, 0.0},
     "%vol|%Vol|vol%|Vol%|%VOL",
     "ml/100ml|ml/100 ml|ml/dl|ml/100cc|ml/100cm3|ml/100ccm|ml%|% vol|vol.%|vol.-%|vol-%|vol %|ml/(100ml)|ml/(100 "
     "ml)|ml/(100.ml)|cc/100cc"},
    {{"mm[Hg]", DSP_DIM_PRESSURE, 1.0, 0.0}, NULL, "mmhg|mm hg|mm-hg|torr"},
    {{"cm[H2O]", DSP_DIM_PRESSURE, PA_PER_CMH2O / PA_PER_MMHG, 0.0}, NULL, "cmh2o|cm h2o|cm-h2o|cmh\xE2\x82\x82o|cmwater"},
    {{"kPa", DSP_DIM_PRESSURE, 1000.0 / PA_PER_MMHG, 0.0}, NULL, "kpa"},
    {{"hPa", DSP_DIM_PRESSURE, 100.0 / PA_PER_MMHG, 0.0}, "mbar", "hpa"},
    {{"Pa", DSP_DIM_PRESSURE, 1.0 / PA_PER_MMHG, 0.0}, NULL, "pa|pascal"},
    {{"bar", DSP_DIM_PRESSURE, 1e5 / PA_PER_MMHG, 0.0}, NULL, "bar"},
    {{"[psi]", DSP_DIM_PRESSURE, 6894.757293168361 / PA_PER_MMHG, 0.0}, NULL, "psi"},
    {{"mm[Hg]/s", DSP_DIM_ARBITRARY, 1.0, 0.0}, "mmHg/s", NULL},
    {{"s", DSP_DIM_TIME, 1.0, 0.0}, NULL, "s|sec|secs|second|seconds|sek|sekunde|sekunden|seconde|secondes|segundo|segundos"},
    {{"ms", DSP_DIM_TIME, 0.001, 0.0}, "ms", "msec|msecs|millisecond|milliseconds|millis|millisekunden"},
    {{"us", DSP_DIM_TIME, 1e-6, 0.0}, "us|\xC2\xB5s", "usec|microsecond|microseconds|micros"},
    {{"ns", DSP_DIM_TIME, 1e-9, 0.0}, "ns", "nanosecond|nanoseconds"},
    {{"min", DSP_DIM_TIME, 60.0, 0.0}, NULL, "min|mins|minute|minutes|minuten|minuto|minutos"},
    {{"h", DSP_DIM_TIME, 3600.0, 0.0}, "h", "hr|hrs|hour|hours|std|stunden|heure|heures|hora|horas"},
    {{"d", DSP_DIM_TIME, 86400.0, 0.0}, "d", "day|days"},
    {{"cm", DSP_DIM_LENGTH, 1.0, 0.0}, NULL, "cm"},
    {{"mm", DSP_DIM_LENGTH, 0.1, 0.0}, "mm", NULL},
    {{"um", DSP_DIM_LENGTH, 1e-4, 0.0}, "um|\xC2\xB5m", NULL},
    {{"m", DSP_DIM_LENGTH, 100.0, 0.0}, "m", NULL},
    {{"cm/s", DSP_DIM_VELOCITY, 1.0, 0.0}, NULL, "cm/s|cm/sec|cm s-1|cm.s-1|cm\xC2\xB7s-1|cm*s-1|cm\xC2\xB7s\xE2\x81\xBB\xC2\xB9"},
    {{"m/s", DSP_DIM_VELOCITY, 100.0, 0.0}, "m/s|m/sec|m s-1|m.s-1", NULL},
    {{"mm/s", DSP_DIM_VELOCITY, 0.1, 0.0}, "mm/s|mm/sec", NULL},
    {{"Hz", DSP_DIM_FREQUENCY, 1.0, 0.0}, NULL, "hz|hertz|1/s|s-1|/s"},
    {{"kHz", DSP_DIM_FREQUENCY, 1e3, 0.0}, NULL, "khz"},
    {{"MHz", DSP_DIM_FREQUENCY, 1e6, 0.0}, "MHz", NULL},
    {{"/min", DSP_DIM_FREQUENCY, 1.0 / 60.0, 0.0}, "1/min|min-1", "bpm|beats/min|beats per minute|{beats}/min|breaths/min|rpm"},
    {{"V", DSP_DIM_VOLTAGE, 1.0, 0.0}, "V|v", "volt|volts"},
    {{"mV", DSP_DIM_VOLTAGE, 1e-3, 0.0}, "mV|mv", "millivolt|millivolts"},
    {{"uV", DSP_DIM_VOLTAGE, 1e-6, 0.0}, "uV|\xC2\xB5V|\xC2\xB5v|uv", "microvolt|microvolts"},
    {{"nV", DSP_DIM_VOLTAGE, 1e-9, 0.0}, "nV", "nanovolt|nanovolts"},
    {{"mL/s", DSP_DIM_FLOW, 1.0, 0.0}, "ml/s|mL/sec|ml/sec", "cc/s"},
    {{"L/s", DSP_DIM_FLOW, 1000.0, 0.0}, "L/s|l/s|L/sec|l/sec", "liters/sec|litres/sec"},
    {{"mL/min", DSP_DIM_FLOW, 1.0 / 60.0, 0.0}, "ml/min", "cc/min"},
    {{"L/min", DSP_DIM_FLOW, 1000.0 / 60.0, 0.0}, "L/min|l/min|lpm|LPM", "liters/min|litres/min"},
    {{"L/h", DSP_DIM_FLOW, 1000.0 / 3600.0, 0.0}, "L/h|l/h", NULL},
    {{"deg", DSP_DIM_ANGLE, 1.0, 0.0}, "\xC2\xB0", "deg|degree|degrees|grad"},
    {{"rad", DSP_DIM_ANGLE, 57.295779513082320877, 0.0}, "rad", "radian|radians"},
    {{"Cel", DSP_DIM_TEMPERATURE, 1.0, 0.0},
     "\xC2\xB0"
     "C|\xE2\x84\x83|C",
     "degc|deg c|deg. c|degree c|degrees c|celsius|cel|grad c"},
    {{"[degF]", DSP_DIM_TEMPERATURE, 5.0 / 9.0, -160.0 / 9.0},
     "\xC2\xB0"
     "F|F",
     "degf|deg f|deg. f|degree f|degrees f|fahrenheit"},
    {{"K", DSP_DIM_TEMPERATURE, 1.0, -273.15}, "K", "kelvin"},
    {{"[PU]", DSP_DIM_ARBITRARY, 1.0, 0.0}, NULL, "pu|bpu|perfusion units|[pu]"},
    {{"[arb'U]", DSP_DIM_ARBITRARY, 1.0, 0.0}, NULL, "a.u.|au|arb|arb.|arb. unit|arb. units|arbitrary|arbitrary units|[arb'u]"},
};

/* Is `text` one of the words of `list`? */
static bool listed(const char *list, const char *text, size_t length) {
  while (list && *list) {
    const char *bar = strchr(list, '|');
    size_t n = bar ? (size_t)(bar - list) : strlen(list);
    if (n == length && memcmp(list, text, n) == 0) return true;
    list = bar ? bar + 1 : NULL;
  }
  return false;
}

/* Greek small mu (U+03BC) is written for the micro sign (U+00B5) and looks the same: one form. Blanks at both ends go, a no-break space is
 * one. */
static bool tidy(char out[SPELLING_MAX], size_t *n_out, const char *text, size_t length) {
  size_t n = 0;
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i], next = i + 1 < length ? (unsigned char)text[i + 1] : 0;
    if (n + 2 >= SPELLING_MAX) return false;
    if (c == 0xCE && next == 0xBC) {
      out[n++] = '\xC2';
      out[n++] = '\xB5';
      i++;
    } else if ((c == 0xC2 && next == 0xA0) || c == ' ' || c == '\t') {
      if (n) out[n++] = ' ';
      i += c == 0xC2;
    } else {
      out[n++] = (char)c;
    }
  }
  while (n && out[n - 1] == ' ') n--;
  *n_out = n;
  return n > 0;
}

const dsp_unit *dsp_unit_find(const char *text, size_t length) {
  char spelling[SPELLING_MAX], lower[SPELLING_MAX];
  size_t n = 0;
  if (!text || !tidy(spelling, &n, text, length)) return NULL;
  for (size_t i = 0; i < n; i++) {
    lower[i] = spelling[i];
    if (lower[i] >= 'A' && lower[i] <= 'Z') lower[i] = (char)(lower[i] + 32);
  }
  const size_t count = sizeof unit_rows / sizeof unit_rows[0];
  for (size_t i = 0; i < count; i++) {
    const unit_row *row = &unit_rows[i];
    if (listed(row->unit.ucum, spelling, n) || listed(row->spellings, spelling, n)) return &row->unit;
  }
  /* "ML" would be a megalitre and "MV" a megavolt: case matters where it changes the factor, so the short codes are exact spellings only.
   */
  for (size_t i = 0; i < count; i++)
    if (listed(unit_rows[i].words, lower, n)) return &unit_rows[i].unit;
  return NULL;
}

bool dsp_unit_convert(const dsp_unit *from, const dsp_unit *to, double *factor, double *offset) {
  if (from->dimension != to->dimension) return false;
  if (from->dimension == DSP_DIM_ARBITRARY && from != to) return false;
  *factor = from->factor / to->factor;
  *offset = (from->offset - to->offset) / to->factor;
  return true;
}
