/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parameter rows of the simulated standing test, and the draws that `randomise`, `nuisance` and the word `any` ask for. Ranges are wide on
 * purpose: an analysis must not be able to lean on one shape. */
#include <math.h>
#include <phantom/apg_settings.h>

enum { STREAM_SETTINGS = 1, STREAM_STEPS = 3 };

enum { GENERATOR_COMPARTMENT, GENERATOR_MONO, GENERATOR_BIEXP, GENERATOR_LINEAR, GENERATOR_RAMP, GENERATOR_RECURSION, GENERATOR_ANY };
enum { PHENOTYPE_CUSTOM = DSP_APG_PHENOTYPES, PHENOTYPE_ANY };
enum { SIDE_UNKNOWN, SIDE_LEFT, SIDE_RIGHT, SIDE_ANY };

enum {
  P_GENERATOR,
  P_PHENOTYPE,
  P_NUISANCE,
  P_RANDOMISE,
  P_RATE_HZ,
  P_SIDE,
  P_MANOEUVRE,
  P_COMPRESSION,
  P_EVENTS,
  P_BASELINE_ML,
  P_CALIBRATION_STEPS,
  P_CALIBRATION_ML,
  P_SUPINE_S,
  P_STAND_S,
  P_STAND_CUT,
  P_REST_S,
  P_REFILL_S,
  P_LIE_S,
  P_RISE_S,
  P_LOWER_S,
  P_CADENCE_HZ,
  P_CONTRACTION_S,
  P_COUNT,
  P_STEP_JITTER_S,
  P_STEP_VARIATION,
  P_HYPERAEMIA,
  P_VV_ML,
  P_FILL_SHARE,
  P_TAU1_S,
  P_TAU2_S,
  P_INFLOW_ML_S,
  P_KNEE,
  P_EJECTION,
  P_EJECTION_SHARE,
  P_EJECTION_POWER,
  P_STEP_INFLOW_ML,
  P_LIE_TAU_S,
  P_MODEL, /* 15 rows, in the order of dsp_apg_model */
  P_SIZES = P_MODEL + 15,
  P_ROWS = P_SIZES + DSP_N_SIZES
};

#define ID(name) "sim.apg.stand." name
#define OURS     "engineering choice"
#define LUMPED   "two-compartment lumped leg; healthy adult by default"
#define ROW(name, unit, value, lo, hi, help, source)                                                                                       \
  { ID(name), unit, value, lo, hi, NULL, help, source }
#define CHOICE(name, value, last, words, help)                                                                                             \
  { ID(name), "", value, 0, last, words, help, OURS }

const dsp_param_row dsp_apg_stand_rows[] = {
    CHOICE("generator", GENERATOR_COMPARTMENT, GENERATOR_ANY, "compartment|mono|biexp|linear|ramp|recursion|any",
           "Physics of the leg: two compartments, or a closed form by its law of filling."),
    CHOICE("phenotype", 0, PHENOTYPE_ANY,
           "healthy|high_inflow|mild_superficial|marked_superficial|deep_reflux|severe_deep|weak_pump|obstruction|obstruction_deep|"
           "healthy_stocking|custom|any",
           "Leg of the two-compartment generator; custom takes the rows from vvt_ml to superficial_share."),
    CHOICE("nuisance", DSP_NUISANCE_REALISTIC, DSP_NUISANCE_CUSTOM, DSP_NUISANCE_WORDS,
           "Sizes of all disturbances: none, drawn from the seed in published ranges, or the rows from pulse_ml on."),
    ROW("randomise", "1", 0, 0, 1, "1: draw physics, cadence, lengths and heart rate from the seed.", OURS),
    ROW("rate_hz", "Hz", 50, 1, 1000, "Samples a second.", OURS),
    CHOICE("side", SIDE_LEFT, SIDE_ANY, "unknown|left|right|any", "Limb that the recording names."),
    CHOICE("manoeuvre", 0, 2, "tiptoe|dorsiflexion|weight_transfer", "Exercise that the events name."),
    CHOICE("compression", 0, 3, "unknown|none|stocking|bandage", "Compression that the recording names; it changes nothing else."),
    ROW("events", "1", 1, 0, 1, "1: the recording carries its events; 0: none.", OURS),
    ROW("baseline_ml", "mL", 0, -1000, 1000, "Reading of the empty device, added to everything.", OURS),
    ROW("calibration_steps", "1", 0, 0, DSP_APG_MAX_CALIBRATION, "Syringe steps into the cuff before the test, withdrawn together.", OURS),
    ROW("calibration_ml", "mL", 20, 1, 200, "Volume of one syringe step.", OURS),
    ROW("supine_s", "s", 30, 5, 600, "Rest with the leg raised before standing up.", OURS),
    ROW("stand_s", "s", 240, 5, 1800, "From the start of standing up to the single contraction.", OURS),
    ROW("stand_cut", "1", 0, 0, 10, "Above 0: stand for so many times the true VFT90 instead.", OURS),
    ROW("rest_s", "s", 200, 2, 1800, "From the end of the single step to the series.", OURS),
    ROW("refill_s", "s", 200, 2, 1800, "From the end of the series to lying down.", OURS),
    ROW("lie_s", "s", 40, 0, 600, "Lying at the end.", OURS),
    ROW("rise_s", "s", 2, 0.002, 20, "Length of standing up.", OURS),
    ROW("lower_s", "s", 1, 0.002, 20, "Length of lying down.", OURS),
    ROW("cadence_hz", "Hz", 1, 0.3, 3, "Contractions a second in the series.", OURS),
    ROW("contraction_s", "s", 0.6, 0.1, 2, "Length of one contraction.", OURS),
    ROW("count", "1", 10, 1, DSP_APG_MAX_SERIES, "Contractions in the series.", OURS),
    ROW("step_jitter_s", "s", 0, 0, 0.5, "Largest departure of a contraction from the cadence.", OURS),
    ROW("step_variation", "1", 0, 0, 0.5, "Relative SD of the contractions' strength.", OURS),
    ROW("hyperaemia", "1", 1, 0.5, 3, "Filling after the series is this many times as fast.", OURS),
    ROW("vv_ml", "mL", 120, 1, 1000, "Closed forms: volume that filling approaches.", OURS),
    ROW("fill_share", "1", 0.2, 0, 1, "biexp: share of the fast component.", OURS),
    ROW("tau1_s", "s", 40, 0.5, 1000, "mono, recursion: time constant; biexp: the fast one.", OURS),
    ROW("tau2_s", "s", 55, 0.5, 1000, "biexp: the slow time constant.", OURS),
    ROW("inflow_ml_s", "mL/s", 1.2, 0.01, 100, "linear, ramp: inflow into the empty leg.", OURS),
    ROW("knee", "1", 4, 0.5, 30, "ramp: sharpness of the bend towards the plateau.", OURS),
    ROW("ejection", "1", 0.5, 0, 1, "Closed forms: share of the volume that one contraction expels.", OURS),
    ROW("ejection_share", "1", 1, 0.2, 2, "Closed forms: ejection lasts this share of the contraction.", OURS),
    ROW("ejection_power", "1", 1, 0.3, 3, "Closed forms: below 1 early, above 1 late ejection within the contraction.", OURS),
    ROW("step_inflow_ml", "mL", 3, 0, 200, "recursion: inflow in each step of the series.", OURS),
    ROW("lie_tau_s", "s", 6, 0.5, 300, "Closed forms: time constant of emptying after lying down.", OURS),
    ROW("vvt_ml", "mL", 120, 10, 1000, "custom: venous volume of the standing leg.", LUMPED),
    ROW("deep_share", "1", 0.75, 0.05, 0.95, "custom: share of the deep compartment.", LUMPED),
    ROW("ph_mmhg", "mm[Hg]", 70, 10, 150, "custom: hydrostatic column of standing.", LUMPED),
    ROW("p0_mmhg", "mm[Hg]", 35, 5, 200, "custom: scale of the vein's pressure-volume law.", LUMPED),
    ROW("pe_mmhg", "mm[Hg]", -15, -60, 20, "custom: proximal pressure, leg raised.", LUMPED),
    ROW("pa_mmhg", "mm[Hg]", 95, 30, 200, "custom: arterial pressure.", LUMPED),
    ROW("ra", "mm[Hg].s/mL", 130, 10, 1000, "custom: arteriolar resistance.", LUMPED),
    ROW("rej", "mm[Hg].s/mL", 0.55, 0.05, 20, "custom: outflow resistance when standing.", LUMPED),
    ROW("rdr", "mm[Hg].s/mL", 1.2, 0.05, 50, "custom: outflow resistance when lying.", LUMPED),
    ROW("rrd", "mm[Hg].s/mL", 1e9, 0.5, 1e12, "custom: deep reflux resistance; 1e9 is a competent valve.", LUMPED),
    ROW("rrs", "mm[Hg].s/mL", 1e9, 0.5, 1e12, "custom: superficial reflux resistance; 1e9 is a competent valve.", LUMPED),
    ROW("rp", "mm[Hg].s/mL", 14, 0.5, 1e12, "custom: perforators.", LUMPED),
    ROW("pm_mmhg", "mm[Hg]", 250, 0, 600, "custom: muscle pressure of a contraction.", LUMPED),
    ROW("vc_ml", "mL", 10, 0.1, 100, "custom: volume at which outflow collapses.", LUMPED),
    ROW("superficial_share", "1", 0.25, 0, 1, "custom: share of the inflow into the superficial compartment.", LUMPED),
    ROW("pulse_ml", "mL", 0, 0, 20, "Arterial pulse, foot to peak.", OURS),
    ROW("heart_per_min", "/min", 70, 30, 220, "Heart rate.", OURS),
    ROW("hrv", "1", 0.04, 0, 0.3, "Relative SD of the beat's length.", OURS),
    ROW("breath_ml", "mL", 0, 0, 50, "Amplitude of breathing.", OURS),
    ROW("breath_hz", "Hz", 0.25, 0.05, 1, "Breaths a second; wanders.", OURS),
    ROW("vasomotion_ml", "mL", 0, 0, 50, "Amplitude of vasomotion.", OURS),
    ROW("vasomotion_hz", "Hz", 0.1, 0.01, 0.5, "Rate of vasomotion; wanders.", OURS),
    ROW("white_ml", "mL", 0, 0, 50, "SD of white noise.", OURS),
    ROW("pink_ml", "mL", 0, 0, 50, "SD of 1/f noise.", OURS),
    ROW("drift_ml", "mL", 0, -100, 100, "Final size of thermal drift.", OURS),
    ROW("drift_tau_s", "s", 200, 1, 5000, "Its time constant.", OURS),
    ROW("linear_ml_s", "mL/s", 0, -5, 5, "Linear drift.", OURS),
    ROW("leak_ml_s", "mL/s", 0, 0, 5, "Air leak: the reading falls so fast.", OURS),
    ROW("transient_ml", "mL", 0, -300, 300, "Posture transient, a damped swing.", OURS),
    ROW("transient_s", "s", 2, 0.1, 10, "Its length.", OURS),
    ROW("transient_hz", "Hz", 1.2, 0.1, 5, "Its oscillation.", OURS),
    ROW("bulge_ml", "mL", 0, -100, 100, "Bulge of the contracting muscle, zero when the contraction ends.", OURS),
    ROW("dropouts", "1", 0, 0, 10000, "Stretches of missing samples.", OURS),
    ROW("dropout_s", "s", 0.2, 0.01, 10, "Longest of them.", OURS),
    ROW("lsb_ml", "mL", 0, 0, 10, "Step of the converter.", OURS),
    ROW("step_ml", "mL", 0, -100, 100, "Something touches the cuff.", OURS),
    ROW("step_s", "s", 0, 0, 1000, "For so long; 0: to the end.", OURS),
    ROW("gain_pct", "%", 0, -20, 20, "Calibration error.", OURS),
    ROW("marker_s", "s", 0, 0, 5, "Largest error of an event's time.", OURS),
};
_Static_assert(sizeof dsp_apg_stand_rows / sizeof dsp_apg_stand_rows[0] == P_ROWS && P_ROWS == DSP_APG_STAND_ROWS, "one row a parameter");
_Static_assert(offsetof(dsp_apg_model, hyperaemia) == 15 * sizeof(double), "the model's rows mirror its members");

/* Ranges of the two levels. */
static const dsp_nuisance_range levels[DSP_N_SIZES] = {
    [DSP_N_PULSE_ML] = {0.2, 1, 0.2, 1, false},
    [DSP_N_HEART_PER_MIN] = {50, 100, 50, 100, false},
    [DSP_N_HRV] = {0.03, 0.05, 0.03, 0.05, false},
    [DSP_N_BREATH_ML] = {0.5, 2, 0.5, 3, false},
    [DSP_N_BREATH_HZ] = {0.15, 0.35, 0.15, 0.35, false},
    [DSP_N_VASO_ML] = {0.5, 1.5, 0.5, 2, false},
    [DSP_N_VASO_HZ] = {0.05, 0.15, 0.05, 0.15, false},
    [DSP_N_WHITE_ML] = {0.05, 0.3, 0.05, 0.3, false},
    [DSP_N_PINK_ML] = {0.02, 0.2, 0.05, 0.3, false},
    [DSP_N_DRIFT_ML] = {0, 4, 8, 20, false},
    [DSP_N_DRIFT_TAU_S] = {120, 400, 120, 400, false},
    [DSP_N_LINEAR_ML_S] = {0, 0.002, 0, 0.005, false},
    [DSP_N_LEAK_ML_S] = {0, 0, 0, 0.005, false},
    [DSP_N_TRANSIENT_ML] = {20, 80, 20, 80, true},
    [DSP_N_TRANSIENT_S] = {1, 3, 1, 3, false},
    [DSP_N_TRANSIENT_HZ] = {0.6, 2, 0.6, 2, false},
    [DSP_N_BULGE_ML] = {10, 30, 10, 30, true},
    [DSP_N_DROPOUTS] = {0, 0, 4, 20, false},
    [DSP_N_DROPOUT_S] = {0.2, 0.2, 0.2, 0.2, false},
    [DSP_N_LSB_ML] = {0.02, 0.24, 0.02, 0.5, false},
    [DSP_N_STEP_ML] = {0, 0, 2, 8, true},
    [DSP_N_STEP_S] = {0, 0, 2, 8, false},
    [DSP_N_GAIN_PCT] = {0, 0, 0, 0, false},
    [DSP_N_MARKER_S] = {0, 0, 0.25, 0.25, false},
};

static void draw_model(dsp_apg_model *leg, dsp_rng *rng) {
  leg->vvt_ml *= dsp_rng_log_between(rng, 0.75, 1.35);
  leg->deep += dsp_rng_between(rng, -0.05, 0.05);
  leg->p0 *= dsp_rng_log_between(rng, 0.75, 1.35);
  leg->ra *= dsp_rng_log_between(rng, 0.6, 1.5);
  leg->rej *= dsp_rng_log_between(rng, 0.7, 1.4);
  leg->rdr *= dsp_rng_log_between(rng, 0.7, 1.4);
  leg->rrd *= dsp_rng_log_between(rng, 0.6, 1.7);
  leg->rrs *= dsp_rng_log_between(rng, 0.6, 1.7);
  leg->rp *= dsp_rng_log_between(rng, 0.6, 1.8);
  leg->pm *= dsp_rng_log_between(rng, 0.65, 1.25);
  leg->vc *= dsp_rng_log_between(rng, 0.6, 1.6);
  leg->as = dsp_rng_between(rng, 0.18, 0.35);
}

static void draw_closed(dsp_apg_closed *leg, dsp_rng *rng) {
  double filling_s = dsp_rng_log_between(rng, 8, 140);
  leg->vv_ml = dsp_rng_between(rng, 60, 320);
  leg->share = dsp_rng_between(rng, 0.1, 0.8);
  leg->tau1_s = leg->fill == DSP_APG_BIEXP ? dsp_rng_between(rng, 4, 12) : filling_s / 2.302585;
  leg->tau2_s = dsp_rng_between(rng, 20, 55);
  leg->inflow_ml_s = 0.9 * leg->vv_ml / filling_s;
  leg->knee = dsp_rng_log_between(rng, 2, 10);
  leg->ejection = dsp_rng_between(rng, 0.15, 0.7);
  leg->ejection_share = dsp_rng_between(rng, 0.7, 1.2);
  leg->ejection_power = dsp_rng_log_between(rng, 0.6, 1.6);
  leg->step_inflow_ml = leg->vv_ml * dsp_rng_log_between(rng, 0.01, 0.12);
  leg->lie_tau_s = dsp_rng_log_between(rng, 3, 12);
}

static void draw_times(dsp_apg_settings *s, dsp_rng *rng) {
  s->baseline_ml = dsp_rng_between(rng, -20, 60);
  s->supine_s = dsp_rng_between(rng, 25, 90) + (s->calibration_steps > 0 ? dsp_apg_calibration_s(s->calibration_steps + 1) : 0);
  s->stand_s = dsp_rng_between(rng, 90, 240);
  s->rest_s = dsp_rng_between(rng, 40, 150);
  s->refill_s = dsp_rng_between(rng, 40, 150);
  s->lie_s = dsp_rng_between(rng, 30, 90);
  s->rise_s = dsp_rng_between(rng, 1, 4);
  s->lower_s = dsp_rng_between(rng, 1, 3);
  s->cadence_hz = dsp_rng_between(rng, 0.7, 1.3);
  s->contraction_s = fmin(dsp_rng_between(rng, 0.3, 0.9), 0.7 / s->cadence_hz);
  s->step_jitter_s = dsp_rng_between(rng, 0, 0.06);
  s->step_variation = dsp_rng_between(rng, 0, 0.1);
  s->closed.hyperaemia = s->model.hyperaemia = dsp_rng_between(rng, 1, 1.4);
}

static void take_values(dsp_apg_settings *s, const double *values) {
  *s = (dsp_apg_settings){
      .randomised = values[P_RANDOMISE] >= 0.5,
      .rate_hz = values[P_RATE_HZ],
      .baseline_ml = values[P_BASELINE_ML],
      .calibration_steps = (size_t)values[P_CALIBRATION_STEPS],
      .calibration_ml = values[P_CALIBRATION_ML],
      .supine_s = values[P_SUPINE_S],
      .stand_s = values[P_STAND_S],
      .stand_cut = values[P_STAND_CUT],
      .rest_s = values[P_REST_S],
      .refill_s = values[P_REFILL_S],
      .lie_s = values[P_LIE_S],
      .rise_s = values[P_RISE_S],
      .lower_s = values[P_LOWER_S],
      .cadence_hz = values[P_CADENCE_HZ],
      .contraction_s = values[P_CONTRACTION_S],
      .step_jitter_s = values[P_STEP_JITTER_S],
      .step_variation = values[P_STEP_VARIATION],
      .count = (size_t)values[P_COUNT],
      .events = values[P_EVENTS] >= 0.5,
  };
  s->closed = (dsp_apg_closed){.vv_ml = values[P_VV_ML],
                               .share = values[P_FILL_SHARE],
                               .tau1_s = values[P_TAU1_S],
                               .tau2_s = values[P_TAU2_S],
                               .inflow_ml_s = values[P_INFLOW_ML_S],
                               .knee = values[P_KNEE],
                               .ejection = values[P_EJECTION],
                               .ejection_share = values[P_EJECTION_SHARE],
                               .ejection_power = values[P_EJECTION_POWER],
                               .step_inflow_ml = values[P_STEP_INFLOW_ML],
                               .lie_tau_s = values[P_LIE_TAU_S]};
  static const dsp_event_kind kinds[] = {DSP_EVENT_TIPTOE, DSP_EVENT_DORSIFLEXION, DSP_EVENT_WEIGHT_TRANSFER};
  static const char *const worn[] = {NULL, "none", "stocking", "bandage"};
  s->manoeuvre = kinds[(size_t)values[P_MANOEUVRE]];
  s->compression = worn[(size_t)values[P_COMPRESSION]];
}

static dsp_apg_model custom_leg(const double *v) {
  return (dsp_apg_model){v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13], v[14], 1};
}

static void choose_generator(dsp_apg_settings *s, const double *values, dsp_rng *rng) {
  static const dsp_apg_fill fills[] = {DSP_APG_MONO, DSP_APG_MONO, DSP_APG_BIEXP, DSP_APG_LINEAR, DSP_APG_RAMP, DSP_APG_MONO};
  double u = dsp_rng_uniform(rng), w = dsp_rng_uniform(rng);
  size_t generator = (size_t)values[P_GENERATOR], phenotype = (size_t)values[P_PHENOTYPE];
  if (generator == GENERATOR_ANY) generator = (size_t)(u * GENERATOR_ANY);
  if (phenotype == PHENOTYPE_ANY) phenotype = (size_t)(w * DSP_APG_PHENOTYPES);
  s->compartments = generator == GENERATOR_COMPARTMENT;
  s->closed.fill = fills[generator];
  s->closed.recursion = generator == GENERATOR_RECURSION;
  s->model = phenotype == PHENOTYPE_CUSTOM ? custom_leg(values + P_MODEL) : dsp_apg_phenotypes[phenotype].leg;
  s->closed.hyperaemia = s->model.hyperaemia = values[P_HYPERAEMIA];
}

double dsp_apg_calibration_s(size_t step) {
  const double first_s = 5, hold_s = 8;
  return first_s + (double)step * hold_s;
}

/* Contraction or ejection, whichever is longer: the next one must not begin before its end. */
static double busy_s(const dsp_apg_settings *s) {
  return s->contraction_s * (s->compartments ? 1 : fmax(1, s->closed.ejection_share));
}

dsp_status dsp_apg_settle(dsp_apg_settings *settings, const double *values, uint64_t seed, dsp_error *error) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_SETTINGS);
  take_values(settings, values);
  choose_generator(settings, values, &rng);
  bool left = dsp_rng_uniform(&rng) < 0.5;
  size_t side = (size_t)values[P_SIDE];
  if (side == SIDE_ANY) side = left ? SIDE_LEFT : SIDE_RIGHT;
  settings->side = side == SIDE_LEFT ? DSP_SIDE_LEFT : side == SIDE_RIGHT ? DSP_SIDE_RIGHT : DSP_SIDE_UNKNOWN;
  if (settings->randomised) {
    draw_times(settings, &rng);
    draw_model(&settings->model, &rng);
    draw_closed(&settings->closed, &rng);
  }
  dsp_nuisance_sizes(settings->sizes, (dsp_nuisance_level)values[P_NUISANCE], levels, values + P_SIZES, seed);
  if (settings->calibration_steps > 0 && settings->supine_s < dsp_apg_calibration_s(settings->calibration_steps + 1) + 10)
    return dsp_fail(error, DSP_BAD_OPTION, ID("supine_s"), "10 s of rest after the last syringe step",
                    "%g s of lying with %zu syringe steps", settings->supine_s, settings->calibration_steps);
  if (busy_s(settings) > 0.95 / settings->cadence_hz)
    return dsp_fail(error, DSP_BAD_OPTION, ID("contraction_s"), "contraction and ejection shorter than 0.95 / cadence_hz",
                    "%g s at a cadence of %g Hz", settings->contraction_s, settings->cadence_hz);
  return DSP_OK;
}

static double on_grid(double t_s) {
  return (double)dsp_apg_index(t_s) * DSP_APG_STEP_S;
}

dsp_apg_plan dsp_apg_schedule(const dsp_apg_settings *s, uint64_t seed) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_STEPS);
  dsp_apg_plan plan = {
      .rise_s = s->rise_s, .lower_s = s->lower_s, .contraction_s = on_grid(s->contraction_s), .period_s = 1 / s->cadence_hz};
  plan.stand_s = on_grid(s->supine_s);
  plan.n = 1 + s->count;
  plan.start_s[0] = on_grid(plan.stand_s + s->stand_s);
  double series_s = plan.start_s[0] + plan.period_s + s->rest_s, slack_s = 0.45 * (plan.period_s - busy_s(s));
  for (size_t k = 0; k < plan.n; k++) {
    double shift_s = fmin(s->step_jitter_s, slack_s) * dsp_rng_between(&rng, -1, 1);
    plan.strength[k] = fmax(0.1, 1 + s->step_variation * dsp_rng_normal(&rng));
    if (k > 0) plan.start_s[k] = on_grid(series_s + (double)(k - 1) * plan.period_s + (k > 1 ? shift_s : 0));
  }
  plan.series_end_s = on_grid(series_s + (double)s->count * plan.period_s);
  plan.lie_s = on_grid(plan.series_end_s + s->refill_s);
  plan.end_s = on_grid(plan.lie_s + s->lie_s);
  return plan;
}
