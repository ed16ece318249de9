/* SPDX-License-Identifier: GPL-3.0-or-later
 * The Doppler equation: shift = 2 f0 v cos(angle) / c. */
#include <dsp/doppler.h>

#include <math.h>

double dsp_doppler_hz_per_cm_s(double f0_hz, double angle_deg, double c_m_s) {
  static const double steepest_deg = 85, cm_per_m = 100;
  if (!(f0_hz > 0 && c_m_s > 0 && angle_deg >= 0 && angle_deg < steepest_deg) || !isfinite(f0_hz) || !isfinite(c_m_s)) return (double)NAN;
  return 2 * f0_hz * cos(angle_deg * M_PI / 180) / (c_m_s * cm_per_m);
}
