/* SPDX-License-Identifier: GPL-3.0-or-later
 * Clock times and dates as devices write them. Days are counted by the proleptic Gregorian calendar (H. Hinnant's days-from-civil). */
#include "csv.h"
#include <string.h>

typedef struct cursor {
  const unsigned char *p, *end;
} cursor;

static bool digits(cursor *at, int least, int most, long *value) {
  int n = 0;
  *value = 0;
  for (; n < most && at->p < at->end && *at->p >= '0' && *at->p <= '9'; n++) *value = *value * 10 + (*at->p++ - '0');
  return n >= least && !(at->p < at->end && *at->p >= '0' && *at->p <= '9');
}

static bool letter(cursor *at, unsigned char a, unsigned char b) {
  if (at->p >= at->end || (*at->p != a && *at->p != b)) return false;
  at->p++;
  return true;
}

/* .fff behind whole seconds, if there is any. */
static double fraction_part(cursor *at, bool colon) {
  uint64_t part = 0;
  int n = 0;
  if (at->p + 1 >= at->end || !(*at->p == '.' || *at->p == ',' || (colon && *at->p == ':')) || at->p[1] < '0' || at->p[1] > '9') return 0;
  for (at->p++; at->p < at->end && *at->p >= '0' && *at->p <= '9'; at->p++)
    if (n < 15) part = part * 10 + (unsigned)(*at->p - '0'), n++;
  return csv_exact(part, -n);
}

/* h:m[:s[.fff]] [AM|PM]; hours to 9999 so that an elapsed time may pass the day. */
static bool clock_part(cursor *at, double *seconds, bool needs_seconds) {
  long h = 0, m = 0, s = 0;
  double fraction = 0;
  if (!digits(at, 1, 4, &h) || !letter(at, ':', ':') || !digits(at, 1, 2, &m) || m > 59) return false;
  if (letter(at, ':', ':')) {
    if (!digits(at, 1, 2, &s) || s > 60) return false;
    fraction = fraction_part(at, true);
  } else if (needs_seconds) {
    return false;
  }
  cursor rest = *at;
  letter(&rest, ' ', ' ');
  if (letter(&rest, 'P', 'p') && letter(&rest, 'M', 'm')) {
    if (h < 1 || h > 12) return false;
    if (h < 12) h += 12;
    *at = rest;
  } else {
    rest = *at;
    letter(&rest, ' ', ' ');
    if (letter(&rest, 'A', 'a') && letter(&rest, 'M', 'm')) {
      if (h < 1 || h > 12) return false;
      if (h == 12) h = 0;
      *at = rest;
    }
  }
  *seconds = (double)(h * 3600 + m * 60 + s) + fraction;
  return true;
}

bool csv_clock(double *seconds, csv_span cell) {
  cursor at = {cell.at, cell.at + cell.n};
  return cell.n <= 24 && clock_part(&at, seconds, true) && at.p == at.end;
}

bool csv_minutes(double *seconds, csv_span cell) {
  cursor at = {cell.at, cell.at + cell.n};
  long m = 0, s = 0;
  if (cell.n > 24 || !digits(&at, 1, 4, &m) || !letter(&at, ':', ':') || !digits(&at, 2, 2, &s) || s > 59) return false;
  *seconds = (double)(m * 60 + s) + fraction_part(&at, false);
  return at.p == at.end;
}

static long days_from_civil(long y, long m, long d) {
  y -= m <= 2;
  const long era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400, doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* Y-M-D, Y/M/D, D.M.Y, and with slashes or hyphens behind a short first number D/M/Y or M/D/Y: the month is then whatever cannot be a day.
 * When both could be either, day first; only a change of date inside the recording would matter, and a step of other than one day shows as
 * a gap. */
static bool date_part(cursor *at, long *days) {
  long a = 0, b = 0, c = 0;
  const unsigned char *start = at->p;
  if (!digits(at, 1, 4, &a) || at->p >= at->end) return false;
  const bool year_first = at->p - start == 4;
  const unsigned char by = *at->p;
  if (by != '-' && by != '/' && by != '.') return false;
  if (!letter(at, by, by) || !digits(at, 1, 2, &b) || !letter(at, by, by) || !digits(at, year_first ? 1 : 2, year_first ? 2 : 4, &c))
    return false;
  long y = year_first ? a : c, m = b, d = year_first ? c : a;
  if (!year_first && y < 100) y += 2000;
  if (!year_first && by != '.' && m > 12) {
    m = a;
    d = b;
  }
  if (m < 1 || m > 12 || d < 1 || d > 31) return false;
  *days = days_from_civil(y, m, d);
  return true;
}

bool csv_stamp(double *seconds, csv_span cell) {
  cursor at = {cell.at, cell.at + cell.n};
  long days = 0, oh = 0, om = 0;
  double s = 0;
  if (cell.n > 48 || !date_part(&at, &days)) return false;
  letter(&at, ',', ',');
  if (!letter(&at, 'T', ' ')) return false;
  letter(&at, ' ', ' ');
  if (!clock_part(&at, &s, false)) return false;
  double zone = 0;
  cursor rest = at;
  if (letter(&rest, 'Z', 'z')) {
    at = rest;
  } else if (rest.p < rest.end && (*rest.p == '+' || *rest.p == '-')) {
    const bool west = *rest.p++ == '-';
    if (!digits(&rest, 2, 2, &oh) || !letter(&rest, ':', ':') || !digits(&rest, 2, 2, &om)) return false;
    zone = (double)(oh * 3600 + om * 60) * (west ? -1.0 : 1.0);
    at = rest;
  }
  *seconds = (double)days * 86400.0 + s - zone;
  return at.p == at.end;
}

bool csv_date(csv_span cell) {
  static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
                                       "sep", "oct", "nov", "dec", "mai", "okt", "dez"};
  cursor at = {cell.at, cell.at + cell.n};
  long day = 0;
  if (cell.n <= 10 && date_part(&at, &day) && at.p == at.end) return true;
  at.p = cell.at;
  if (cell.n > 11 || !digits(&at, 1, 2, &day) || !letter(&at, '-', ' ') || at.end - at.p < 3) return false;
  for (size_t i = 0; i < sizeof months / sizeof months[0]; i++) {
    if (!csv_same_word((csv_span){at.p, 3}, months[i])) continue;
    at.p += 3;
    return at.p == at.end || (letter(&at, '-', ' ') && digits(&at, 2, 4, &day) && at.p == at.end);
  }
  return false;
}
