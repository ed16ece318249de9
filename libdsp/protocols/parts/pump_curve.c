/* SPDX-License-Identifier: GPL-3.0-or-later
 * Supine venous pump function test: congestion raises the veins' pressure to the cuff's, an exercise expels volume, and the fall of volume
 * is turned into a fall of pressure through the subject's own pressure-volume curve (Clin Sci 1996;91:483; Phlebology 1992). The curve is
 * the quadratic through the steps by which the cuff was inflated; where it bends the wrong way, the straight lines between them. */
#include "pump_curve.h"

#include "congested.h"

#include <dsp/fit.h>
#include <math.h>

static const double least_mmhg = 5; /* a cuff below this is empty */

static void add_step(pump_curve *curve, double from_s, double to_s, double mmhg) {
  static const double higher_mmhg = 3;
  if (curve->n == PUMP_STEPS_MAX || (curve->n && mmhg < curve->step[curve->n - 1].mmhg + higher_mmhg)) return;
  curve->step[curve->n++] = (pump_step){.from_s = from_s, .to_s = to_s, .mmhg = mmhg, .volume = {NAN, NAN}};
}

/* Stretches at which the pressure stays, each above the one before; the contracting muscle may make the last one uneven. */
static void take_pressure(pump_curve *curve, const dsp_trace *p, double least_s) {
  static const double apart_mmhg = 2, let_down = 0.7;
  double sum = 0, n = 0;
  size_t from = 0, last = 0;
  for (size_t i = 0; i <= p->n; i++) {
    if (i == p->n || (n >= 2 && fabs(p->x[i] - sum / n) > apart_mmhg)) {
      const double from_s = (double)from / p->rate_hz, to_s = (double)i / p->rate_hz;
      if (sum / n > least_mmhg && to_s - from_s >= least_s) add_step(curve, from_s, to_s, sum / n), last = i;
      from = i, sum = 0, n = 0;
    }
    if (i < p->n) sum += p->x[i], n++;
  }
  const double top = curve->n ? curve->step[curve->n - 1].mmhg : 0;
  for (size_t i = p->n; i > last && p->x[i - 1] < let_down * top; i--) curve->release_s = (double)(i - 1) / p->rate_hz;
}

static void take_events(pump_curve *curve, const pump_test *t, double least_s, double step_mmhg) {
  const dsp_recording *r = t->recording;
  double since_s = NAN;
  size_t k = 0;
  curve->assumed = true;
  for (size_t i = 0; i < r->n_events; i++) {
    const dsp_event *e = &r->events[i];
    const bool up = e->kind == DSP_EVENT_CUFF_INFLATE, down = e->kind == DSP_EVENT_CUFF_RELEASE;
    if (!(e->t_s >= 0 && e->t_s < t->to_s) || (!up && !down)) continue;
    if (e->t_s - since_s >= least_s) add_step(curve, since_s, e->t_s, step_mmhg * (double)k);
    since_s = e->t_s;
    k++;
    if (!down) continue;
    curve->release_s = e->t_s;
    break;
  }
}

dsp_status pump_curve_find(pump_curve *curve, const pump_test *t, double least_s, double step_mmhg) {
  static const double rate_hz = 4, bridge_s = 5, spike_mmhg = 3;
  const dsp_channel *channel = part_channel(t->recording, DSP_ROLE_CUFF_PRESSURE);
  *curve = (pump_curve){.release_s = t->to_s};
  dsp_trace p;
  dsp_trace_facts facts;
  const dsp_status status = channel ? part_condition(&p, &facts, channel, rate_hz, bridge_s, spike_mmhg, NULL) : DSP_BAD_INPUT;
  if (status == DSP_NO_MEMORY) return status;
  if (status == DSP_OK) {
    take_pressure(curve, &p, least_s);
    dsp_trace_clear(&p);
  } else {
    take_events(curve, t, least_s, step_mmhg);
  }
  return DSP_OK;
}

/* The trace is upside down: volumes are its negative. */
dsp_status pump_curve_read(pump_curve *curve, pump_test *t) {
  static const double settled_s = 3, rest_s = 20;
  size_t from[PUMP_STEPS_MAX + 1], to[PUMP_STEPS_MAX + 1], n = 0;
  double filtered = 0;
  dsp_noise noise;
  if (curve->n) curve->step[curve->n - 1].to_s = fmin(t->bouts.bout[0].rest_to_s, curve->release_s);
  from[n] = dsp_trace_index(&t->trace, fmax(0, curve->step[0].from_s - rest_s));
  to[n++] = dsp_trace_index(&t->trace, curve->step[0].from_s - 1);
  for (size_t k = 0; k < curve->n; k++) {
    const pump_step *s = &curve->step[k];
    from[n] = dsp_trace_index(&t->trace, 0.5 * (s->from_s + s->to_s));
    to[n++] = dsp_trace_index(&t->trace, s->to_s - 1);
  }
  dsp_status status = dsp_noise_learn(&noise, &t->trace, from, to, n, fmax(t->facts.step / 3.5, 5e-4));
  for (size_t k = 0; k < curve->n && status == DSP_OK; k++) {
    pump_step *s = &curve->step[k];
    dsp_estimate asymptote, slope;
    status = part_fill_read(&asymptote, &slope, &t->trace, &noise, s->from_s, s->from_s + settled_s, s->to_s - 0.5);
    s->volume = (dsp_estimate){-asymptote.value - filtered, asymptote.se};
    filtered -= slope.value * (s->to_s - s->from_s);
    const double per_sample = slope.value / t->trace.rate_hz;
    if (k + 1 == curve->n && isfinite(per_sample))
      for (size_t i = dsp_trace_index(&t->trace, s->from_s), since = 0; i < t->trace.n; i++) t->trace.x[i] -= per_sample * (double)since++;
  }
  return status;
}

/* Quadratic through the steps by least squares: volume = c0 + c1 u + c2 u^2, u = P - top. */
static bool quadratic(double c[3], const pump_curve *curve, const double *volume) {
  double design[3 * PUMP_STEPS_MAX];
  dsp_lsq info;
  const size_t n = curve->n;
  for (size_t k = 0; k < n; k++) {
    const double u = curve->step[k].mmhg - curve->step[n - 1].mmhg;
    design[k] = 1, design[n + k] = u, design[2 * n + k] = u * u;
  }
  return n >= 3 && dsp_least_squares(c, NULL, &info, design, n, 3, volume, NULL, NULL) == DSP_OK && c[2] < 0 && c[1] > 0;
}

/* Pressure at which the curve holds `less` below its value at the top. */
static double pressure_at(const pump_curve *curve, const double *volume, double less) {
  const size_t last = curve->n - 1;
  double c[3];
  if (quadratic(c, curve, volume)) return curve->step[last].mmhg + (c[1] - sqrt(c[1] * c[1] - 4 * c[2] * less)) / (-2 * c[2]);
  size_t k = last;
  while (k > 1 && volume[k - 1] > volume[last] - less) k--;
  const pump_step *high = &curve->step[k], *low = high - 1;
  const double slope = (volume[k] - volume[k - 1]) / (high->mmhg - low->mmhg);
  return slope > 0 ? high->mmhg - (volume[k] - volume[last] + less) / slope : (double)NAN;
}

dsp_estimate pump_curve_function(double *lowest_mmhg, const pump_curve *curve, dsp_estimate expelled) {
  static const double model_points = 0.4;
  double volume[PUMP_STEPS_MAX];
  *lowest_mmhg = NAN;
  if (curve->n < 2) return (dsp_estimate){NAN, NAN};
  const double top = curve->step[curve->n - 1].mmhg;
  for (size_t k = 0; k < curve->n; k++) volume[k] = curve->step[k].volume.value;
  const double lowest = pressure_at(curve, volume, expelled.value);
  double variance = model_points * model_points;
  const double by_volume = 100 / top * (pressure_at(curve, volume, expelled.value + expelled.se) - lowest);
  variance += by_volume * by_volume;
  for (size_t k = 0; k < curve->n; k++) {
    const double kept = volume[k];
    volume[k] += curve->step[k].volume.se;
    const double by_step = 100 / top * (pressure_at(curve, volume, expelled.value) - lowest);
    volume[k] = kept;
    variance += by_step * by_step;
  }
  *lowest_mmhg = lowest;
  return (dsp_estimate){100 * (top - lowest) / top, sqrt(variance)};
}
