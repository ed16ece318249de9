/* SPDX-License-Identifier: GPL-3.0-or-later
 * From readings to tests of the report: values with their reasons to be trusted or not. */
#include "duplex_report.h"
#include "duplex_course.h"

#include <dsp/memory.h>
#include <dsp/order.h>
#include <math.h>
#include <string.h>

/* One number of every trial that has it. */
typedef struct collected {
  double x[DUPLEX_TRIALS_MAX], variance[DUPLEX_TRIALS_MAX];
  size_t n;
} collected;

static void collect(collected *c, double value, double se) {
  if (!isfinite(value)) return;
  c->x[c->n] = value;
  c->variance[c->n++] = se * se;
}

/* The median of the trials; its error from theirs, and nothing of the spread between them, which is the patient's. */
static void set(dsp_test *test, const char *id, collected *c, const char *why_not) {
  dsp_measure *m = dsp_test_measure(test, id);
  double variance = 0;
  if (c->n == 0) {
    dsp_measure_null(m, why_not);
    return;
  }
  for (size_t i = 0; i < c->n; i++) variance += c->variance[i] / (double)c->n;
  const double median_cost = c->n > 2 ? 1.25 : 1;
  dsp_measure_set(m, dsp_order_median(c->x, c->n), median_cost * sqrt(variance / (double)c->n), NAN, NAN);
  m->n = (unsigned)c->n;
}

const char *duplex_hopeless(const duplex_test *t) {
  const dsp_stereo kind = t->audio ? duplex_audio_kind(t->audio) : DSP_STEREO_SEPARATED;
  if (kind == DSP_STEREO_UNKNOWN) return "no_doppler_signal";
  if (kind == DSP_STEREO_MONO) return "mono_audio";
  if (t->sign == 0) return "direction_unknown";
  return t->n_pushes == 0 ? "no_compression" : NULL;
}

static double time_of(const duplex_reading *r, int k) {
  return r->none || isnan(r->from_s[k]) ? 0 : r->to_s[k] - r->from_s[k];
}

static void put_times(const duplex_reading *r, size_t n, dsp_test *test) {
  static const char *const ids[DUPLEX_THRESHOLDS] = {"RT", "RT.1", "RT.2", "RT.5"};
  const char *why = "not_computable";
  for (size_t i = 0; i < n; i++) why = r[i].why_not ? r[i].why_not : r[i].hidden ? "masked" : r[i].censored ? "right_censored" : why;
  for (int id = 0; id <= DUPLEX_THRESHOLDS; id++) {
    const bool from_release = id == DUPLEX_THRESHOLDS;
    const int k = from_release ? DUPLEX_MAIN : id;
    collected c = {.n = 0};
    for (size_t i = 0; i < n; i++) {
      if (r[i].why_not || r[i].censored) continue;
      const double from_se_s = from_release && !r[i].release_found ? 0 : r[i].from_se_s;
      const double length_s = !from_release ? time_of(&r[i], k) : r[i].none ? 0 : r[i].to_s[k] - r[i].release_s;
      collect(&c, length_s, r[i].none ? (double)NAN : hypot(from_se_s, r[i].to_se_s[k]));
    }
    set(test, from_release ? "RT.release" : ids[id], &c, why);
  }
}

/* Relative standard error of every velocity through the angle's. */
static double angle_part(const duplex_test *t) {
  if (!t->audio || isnan(t->hz_per_cm_s)) return 0;
  const double degree = M_PI / 180;
  return tan(t->recording->doppler.angle_deg * degree) * t->params[P_ANGLE_ERROR] * degree;
}

static double area_cm2(const duplex_test *t) {
  const double d_cm = t->recording->doppler.diameter_mm / 10;
  return d_cm > 0 ? M_PI * d_cm * d_cm / 4 : (double)NAN;
}

static void put_velocities(const duplex_test *t, const duplex_reading *r, size_t n, dsp_test *test) {
  collected prv = {.n = 0}, pmv = {.n = 0}, mrv = {.n = 0}, vr = {.n = 0}, taf = {.n = 0}, ri = {.n = 0};
  const double angle = angle_part(t), area = area_cm2(t);
  const char *why = "not_computable";
  for (size_t i = 0; i < n; i++) {
    if (r[i].why_not) {
      why = r[i].why_not;
    } else if (r[i].none) {
      collected *const all[] = {&prv, &pmv, &mrv, &vr, &taf, &ri};
      for (size_t k = 0; k < 6; k++) collect(all[k], 0, NAN);
    } else {
      const double mrv_se = hypot(r[i].mrv.se, angle * r[i].mrv.value), length_s = time_of(&r[i], DUPLEX_MAIN);
      collect(&prv, r[i].prv.value, hypot(r[i].prv.se, angle * r[i].prv.value));
      collect(&pmv, r[i].pmv.value, hypot(r[i].pmv.se, angle * r[i].pmv.value));
      collect(&mrv, r[i].mrv.value, mrv_se);
      collect(&taf, 60 * area * r[i].mrv.value, 60 * area * mrv_se);
      if (r[i].censored) continue;
      collect(&vr, area * r[i].mrv.value * length_s, area * hypot(mrv_se * length_s, r[i].mrv.value * r[i].to_se_s[DUPLEX_MAIN]));
      collect(&ri, r[i].forth > 0 ? r[i].back / r[i].forth : (double)NAN, 0.07 * r[i].back / r[i].forth);
    }
  }
  set(test, "PRV", &prv, why);
  set(test, "PMV", &pmv, why);
  set(test, "MRV", &mrv, why);
  set(test, "VR", &vr, isnan(area) ? "diameter_unknown" : "right_censored");
  set(test, "TAF", &taf, isnan(area) ? "diameter_unknown" : why);
  set(test, "RI", &ri, "right_censored");
}

static void flag_each(dsp_test *test, const char *first, const char *flag) {
  const size_t length = strlen(first);
  for (size_t i = 0; i < test->n_measures; i++)
    if (!strncmp(test->measures[i].row->id, first, length) && test->measures[i].valid) dsp_flags_add(&test->measures[i].flags, flag);
}

static void put_phasicity(const duplex_test *t, dsp_test *test) {
  collected phasicity = {.n = 0};
  collect(&phasicity, t->phasicity, 0.15 * t->phasicity + 0.05);
  set(test, "PHASICITY", &phasicity, "rest_too_short");
  if (t->phasicity < t->params[P_PHASIC]) flag_each(test, "PHASICITY", "continuous_flow"), dsp_flags_add(&test->flags, "continuous_flow");
}

static void put_rest(const duplex_test *t, const duplex_reading *r, size_t n, dsp_test *test) {
  collected peak = {.n = 0}, ratio = {.n = 0};
  for (size_t i = 0; i < n; i++) {
    if (!(r[i].push_peak > 0)) continue;
    collect(&peak, r[i].push_drawn, hypot(hypot(r[i].push_peak_se, 0.04 * r[i].push_peak), angle_part(t) * r[i].push_peak));
    if (t->rest_mean > 0) collect(&ratio, r[i].push_peak / t->rest_mean, 0.1 * r[i].push_peak / t->rest_mean);
  }
  set(test, "AUG.peak", &peak, "no_compression");
  set(test, "AUG.ratio", &ratio, "rest_too_short");
  if (test->trial)
    dsp_measure_null(dsp_test_measure(test, "PHASICITY"), "see_pooled");
  else
    put_phasicity(t, test);
}

/* Without conversion a velocity is a shift in Hz, and nothing can be made of it. */
static void leave_in_hz(const dsp_test *test) {
  for (size_t i = 0; i < test->n_measures; i++) {
    dsp_measure *m = &test->measures[i];
    if (!strcmp(m->row->unit, "cm/s")) m->unit = "Hz", dsp_flags_add(&m->flags, "shift_in_hz");
    if (strstr(m->row->unit, "mL") && m->value > 0) dsp_measure_null(m, "velocity_unknown");
  }
}

static void flag_velocities(dsp_test *test, const char *flag) {
  static const char *const ids[] = {"PRV", "PMV", "MRV", "VR", "TAF", "AUG.peak"};
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) flag_each(test, ids[i], flag);
  dsp_flags_add(&test->flags, flag);
}

/* What disturbed the trials: saturation, sounds, lost samples, shifts beyond half of the rate. */
static void put_disturbances(const duplex_test *t, const duplex_reading *r, size_t n, dsp_test *test) {
  static const double clipped = 5e-4;
  static const size_t fast = 5;
  bool saturated = false, aliasing = false;
  size_t masked = test->trial ? 0 : t->all.masked, lost = test->trial ? 0 : t->all.lost;
  for (size_t i = 0; i < n; i++) {
    saturated = saturated || (double)r[i].met.saturated > clipped * (double)r[i].met.samples;
    aliasing = aliasing || r[i].met.fast >= fast;
    masked += r[i].met.masked;
    lost += r[i].met.lost;
  }
  if (saturated) flag_velocities(test, "audio_clipped");
  if (aliasing) flag_velocities(test, "aliasing");
  if (masked) dsp_flags_add(&test->flags, "interference_masked");
  if (lost) dsp_flags_add(&test->flags, "missing_bridged");
}

/* Each reflux time has its own threshold: what is said of one need not hold for the next. */
static void flag_times(const duplex_test *t, const duplex_reading *r, size_t n, dsp_test *test) {
  static const char *const ids[] = {"RT", "RT.1", "RT.2", "RT.5", "RT.release"};
  for (int i = 0; i <= DUPLEX_THRESHOLDS; i++) {
    const int k = i < DUPLEX_THRESHOLDS ? i : DUPLEX_MAIN;
    dsp_measure *m = dsp_test_measure(test, ids[i]);
    bool extrapolated = false;
    for (size_t j = 0; j < n; j++) extrapolated = extrapolated || r[j].extrapolated[k];
    if (m->valid && extrapolated) dsp_flags_add(&m->flags, "end_extrapolated");
    if (m->valid && t->lowest > duplex_threshold(t, k)) dsp_flags_add(&m->flags, "threshold_raised");
  }
}

static void put_flags(const duplex_test *t, const duplex_reading *r, size_t n, dsp_test *test) {
  const dsp_doppler *d = &t->recording->doppler;
  bool none = n > 0, found = false, closure = false, breathing = false;
  for (size_t i = 0; i < n; i++) {
    none = none && r[i].none && !r[i].why_not;
    found = found || r[i].release_found;
    closure = closure || r[i].closure_s > 0;
    breathing = breathing || r[i].breathing;
  }
  if (none) flag_each(test, "RT", "no_reflux"), dsp_flags_add(&test->flags, "no_reflux");
  if (found) flag_each(test, "RT", "phases_detected");
  if (closure) flag_each(test, "RT", "closure_only");
  if (breathing) flag_each(test, "RT", "breathing_left_out");
  flag_times(t, r, n, test);
  if (t->audio && t->params[P_BROADENING] < 0.5)
    flag_each(test, "PRV", "broadening_left_in"), flag_each(test, "AUG.peak", "broadening_left_in");
  if (t->inferred) flag_each(test, "", "direction_inferred");
  if (!d->vein) dsp_flags_add(&test->flags, "vein_unknown");
  if (isnan(t->hz_per_cm_s)) flag_each(test, "RT", "threshold_in_hz"), leave_in_hz(test);
  if (t->audio && d->angle_deg > t->params[P_ANGLE_FLAG]) flag_velocities(test, "angle_steep");
  put_disturbances(t, r, n, test);
  if (dsp_test_measure(test, "AUG.ratio")->value < t->params[P_BLUNTED]) {
    flag_each(test, "AUG", "augmentation_blunted");
    dsp_flags_add(&test->flags, "augmentation_blunted");
  }
}

static dsp_status put_places(const duplex_test *t, const duplex_reading *r, dsp_test *test) {
  const char *release = r->release_found ? "detected" : "event";
  dsp_status status = DSP_OK;
  if (isfinite(r->start_s)) status = dsp_test_add_landmark(test, "compression", r->start_s, NAN, NAN, r->marked ? "event" : "detected");
  if (status == DSP_OK && isfinite(r->release_s)) status = dsp_test_add_landmark(test, "release", r->release_s, NAN, NAN, release);
  if (status == DSP_OK && isfinite(r->start_s) && r->release_s > r->start_s)
    status = dsp_test_add_phase(test, "compression", r->start_s, r->release_s, r->push_peak);
  if (status != DSP_OK || r->none || isnan(r->from_s[DUPLEX_MAIN])) return status;
  const double from_s = r->from_s[DUPLEX_MAIN], to_s = r->to_s[DUPLEX_MAIN], to_se_s = r->to_se_s[DUPLEX_MAIN], z95 = 1.96;
  status = dsp_test_add_landmark(test, "reflux_start", from_s, from_s - z95 * r->from_se_s, from_s + z95 * r->from_se_s, "detected");
  if (status == DSP_OK && !r->censored)
    status = dsp_test_add_landmark(test, "reflux_end", to_s, to_s - z95 * to_se_s, to_s + z95 * to_se_s, "detected");
  if (status == DSP_OK && to_s > from_s) status = dsp_test_add_phase(test, "reflux", from_s, to_s, -r->prv.value);
  (void)t;
  return status;
}

typedef struct detail {
  const char *id, *unit;
  double value;
} detail;

static dsp_status put_details(const detail *rows, size_t n, dsp_test *test) {
  for (size_t i = 0; i < n; i++)
    if (dsp_test_add_detail(test, rows[i].id, rows[i].unit, rows[i].value) != DSP_OK) return DSP_NO_MEMORY;
  return DSP_OK;
}

static dsp_status put_trial_details(const duplex_test *t, const duplex_reading *r, size_t n, dsp_test *test) {
  const double unit = isfinite(t->hz_per_cm_s) ? t->hz_per_cm_s : 1;
  double least_s = NAN, closure_s = NAN;
  collected prv = {.n = 0}, push = {.n = 0}, geometric = {.n = 0};
  for (size_t i = 0; i < n; i++) {
    if (r[i].censored) least_s = fmax(isnan(least_s) ? 0 : least_s, time_of(&r[i], DUPLEX_MAIN));
    if (r[i].closure_s > 0) closure_s = r[i].closure_s;
    if (!r[i].none && !r[i].why_not) collect(&prv, r[i].prv.value * unit, 0);
    if (!r[i].none && !r[i].why_not) collect(&geometric, r[i].prv_geometric, 0);
    collect(&push, r[i].push_drawn * unit, 0);
  }
  const double prv_hz = t->audio && prv.n ? dsp_order_median(prv.x, prv.n) : (double)NAN;
  const detail rows[] = {
      {"least_reflux_time", "s", least_s},
      {"closure_time", "s", closure_s},
      {"peak_reflux_shift", "Hz", prv_hz},
      {"broadening", isfinite(t->hz_per_cm_s) ? "cm/s" : "Hz", t->audio ? duplex_audio_width_hz(t->audio, prv_hz) / unit : (double)NAN},
      {"peak_reflux_geometric", isfinite(t->hz_per_cm_s) ? "cm/s" : "Hz",
       geometric.n ? dsp_order_median(geometric.x, geometric.n) : (double)NAN},
      {"augmentation_shift", "Hz", t->audio && push.n ? dsp_order_median(push.x, push.n) : (double)NAN},
      {"threshold", isfinite(t->hz_per_cm_s) ? "cm/s" : "Hz", fmax(duplex_threshold(t, DUPLEX_MAIN), t->lowest)},
  };
  return put_details(rows, sizeof rows / sizeof rows[0], test);
}

static void fill(const duplex_test *t, const duplex_reading *r, size_t n, dsp_test *test) {
  const char *why = duplex_hopeless(t);
  if (why) {
    for (size_t i = 0; i < test->n_measures; i++) dsp_measure_null(&test->measures[i], why);
    if (!strcmp(why, "no_compression")) put_phasicity(t, test);
    put_disturbances(t, r, 0, test);
    return;
  }
  put_times(r, n, test);
  put_velocities(t, r, n, test);
  put_rest(t, r, n, test);
  put_flags(t, r, n, test);
}

/* Where a vein was examined is, first of all, which vein: "GSV", or "GSV calf" where a place is stated, too. */
dsp_test *duplex_add_test(const duplex_test *t, unsigned trial, const char *manoeuvre) {
  const char *vein = t->recording->doppler.vein, *place = t->channel->site;
  dsp_test *test = dsp_report_add_test(t->report, &dsp_duplex_reflux, t->channel, trial, manoeuvre);
  if (!test || !vein) return test;
  test->site = dsp_arena_printf(t->report->arena, "%s%s%s", vein, place ? " " : "", place ? place : "");
  return test->site ? test : NULL;
}

dsp_status duplex_report_trial(duplex_test *t, const duplex_reading *reading, unsigned trial, const duplex_course *fine) {
  dsp_test *test = duplex_add_test(t, trial, "distal compression");
  if (!test) return DSP_NO_MEMORY;
  fill(t, reading, 1, test);
  dsp_status status = put_places(t, reading, test);
  if (status == DSP_OK) status = put_trial_details(t, reading, 1, test);
  return status == DSP_OK ? duplex_add_course(t, test, fine, 1) : status;
}

/* What the channels hold, and a warning where that is not what was stated or not sure. */
static dsp_status put_stereo(const duplex_test *t, dsp_test *test) {
  const dsp_stereo_facts *f = duplex_audio_facts(t->audio);
  const dsp_stereo kind = duplex_audio_kind(t->audio);
  const dsp_mains *mains = duplex_audio_mains(t->audio);
  const detail rows[] = {{"stereo_kind", "1", f->kind},
                         {"stereo_score", "1", f->score},
                         {"quadrature", "1", f->quadrature},
                         {"in_phase", "1", f->in_phase},
                         {"level_swing", "dB", f->swing_db},
                         {"quadrature_gain", "dB", f->gain_db},
                         {"quadrature_phase", "deg", f->phase_deg},
                         {"mains_frequency", "Hz", mains->hz},
                         {"mains_lines", "1", (double)mains->lines},
                         {"mains_level", "dB", mains->level_db},
                         {"masked_share", "1", t->all.frames ? (double)t->all.masked / (double)t->all.frames : (double)NAN},
                         {"masked_bursts", "1", (double)t->all.bursts},
                         {"lost_share", "1", t->all.frames ? (double)t->all.lost / (double)t->all.frames : (double)NAN},
                         {"saturated_share", "1", t->all.samples ? (double)t->all.saturated / (double)t->all.samples : (double)NAN}};
  dsp_status status = put_details(rows, sizeof rows / sizeof rows[0], test);
  if (status == DSP_OK && f->kind != DSP_STEREO_UNKNOWN && kind != f->kind) {
    dsp_flags_add(&test->flags, "stereo_contradiction");
    status = dsp_report_warn(t->report, "stereo_contradiction", "stated %s; the channels look like %s (score %.2f)", dsp_stereo_text(kind),
                             dsp_stereo_text(f->kind), f->score);
  }
  if (f->kind == kind && f->score < 0.2 && kind != DSP_STEREO_UNKNOWN && t->recording->doppler.stereo != kind)
    dsp_flags_add(&test->flags, "stereo_unsure");
  if (mains->lines) dsp_flags_add(&test->flags, "mains_hum");
  if (duplex_audio_corrected(t->audio)) dsp_flags_add(&test->flags, "quadrature_corrected");
  return status;
}

dsp_status duplex_report_pooled(duplex_test *t, const duplex_reading *readings) {
  dsp_test *test = &t->report->tests[t->pooled];
  if (t->n_pushes) test->manoeuvre = "distal compression";
  fill(t, readings, t->n_pushes, test);
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < t->n_pushes && status == DSP_OK && !duplex_hopeless(t); i++) status = put_places(t, &readings[i], test);
  if (status == DSP_OK) status = put_trial_details(t, readings, duplex_hopeless(t) ? 0 : t->n_pushes, test);
  const double unit = t->audio && isfinite(t->hz_per_cm_s) ? t->hz_per_cm_s : 1;
  const detail rows[] = {{"compressions", "1", (double)t->n_pushes},
                         {"rest_velocity", isfinite(t->hz_per_cm_s) ? "cm/s" : "Hz", t->rest_mean},
                         {"lowest_visible", isfinite(t->hz_per_cm_s) ? "cm/s" : "Hz", t->lowest},
                         {"lowest_visible_shift", "Hz", t->audio ? t->lowest * unit : (double)NAN}};
  if (status == DSP_OK) status = put_details(rows, sizeof rows / sizeof rows[0], test);
  return status == DSP_OK && t->audio ? put_stereo(t, test) : status;
}
