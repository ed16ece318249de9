/* SPDX-License-Identifier: GPL-3.0-or-later
 * The standing test's phases, and what the steps of its analysis share (internal). */
#ifndef PLETH_PARTS_STAND_H
#define PLETH_PARTS_STAND_H

#include <dsp/contraction.h>
#include <dsp/level.h>
#include <dsp/posture.h>
#include <dsp/protocol.h>

/** Rows of apg.stand's parameters, in the order of its table. */
enum apg_stand_param {
  P_WORK_RATE,
  P_LEVEL_RATE,
  P_BRIDGE,
  P_BASELINE,
  P_PLATEAU,
  P_TOLERANCE,
  P_FRACTION,
  P_REFILL_FRACTION,
  P_LEAST_RISE,
  P_LEAST_DROP,
  P_CONTRACTION,
  P_LEAD,
  P_MARKER,
  P_BASELINE_SLOPE,
  P_DRIFT_TAU,
  P_DRIFT_WARN,
  P_DRIFT_LARGE,
  P_COUNT,
  P_COUNT_TOLERANCE,
  P_CADENCE_MIN,
  P_CADENCE_MAX,
  P_DELAY,
  P_TENSION,
  P_POOL,
  P_CALIBRATION,
  P_ROWS
};

extern const dsp_protocol dsp_apg_stand;

enum { STAND_SINGLES_MAX = 12 };

/** The last contraction of an unmarked series is sought from this much before where it seems to start. */
#define STAND_EARLY_S 0.15

/** One manoeuvre: a single contraction or a series. */
typedef struct stand_manoeuvre {
  const char *name;  /**< "tiptoe" ..., NULL unknown */
  double start_s;    /**< of the (first) contraction */
  double last_s;     /**< of the last */
  double cadence_hz; /**< NaN for a single one */
  unsigned count;    /**< contractions: stated, else counted */
  bool marked;       /**< start from an event */
  bool open_end;     /**< the event did not say how many: count and end are the trace's */
  bool astray;       /**< the event lies beside the contraction that it seems to mean */
  double seen_s;     /**< where that one starts, when astray */
  double shift_s;    /**< the trace's own start minus start_s: what a marker is late or early by */
} stand_manoeuvre;

typedef struct stand_phases {
  double supine_from_s; /**< start of usable baseline */
  double onset_s, onset_lo_s, onset_hi_s, onset_se_s;
  bool onset_marked, onset_disagrees;
  double detected_onset_s; /**< NaN when not looked for or not found */
  double transient_end_s;  /**< posture transient over */
  stand_manoeuvre single[STAND_SINGLES_MAX];
  size_t n_singles;
  stand_manoeuvre series; /**< count 0: none */
  double stand_end_s;     /**< before the first contraction, or the end of standing */
  double leave_s;         /**< end of standing */
  double return_s;        /**< supine again; NaN when not */
  bool return_marked, inverted, found;
} stand_phases;

/** Find the phases, from events where there are any. */
DSP_MUST_USE dsp_status stand_find_phases(stand_phases *phases, const dsp_trace *trace, const dsp_trace *coarse,
                                          const dsp_recording *recording, const double *params);

/** The onset of a posture in the trace: its first lasting departure from the level after supine_from_s, before the sample `rise`, traced
 * back to that level. `range`: how far the trace goes. Sets onset_s, its interval and error. */
DSP_MUST_USE dsp_status stand_detect_onset(stand_phases *phases, const dsp_trace *trace, size_t rise, double range);
/** The posture transient shows as activity faster than filling; it is over after its last burst. Sets transient_end_s from onset_s. */
DSP_MUST_USE dsp_status stand_find_transient_end(stand_phases *phases, const dsp_trace *trace, double until_s);

/** First event of a kind with from_s <= t <= to_s, inside the recording; NULL when there is none. */
const dsp_event *stand_event(const dsp_recording *recording, dsp_event_kind kind, double from_s, double to_s);
/** When the rest after the syringe steps before standing begins; 0 without them. */
double stand_rest_from(const dsp_recording *recording, double end_s);
/** Can standing have begun at t_s, with rest before it and standing after it? */
bool stand_mark_usable(double t_s, double rest_from_s, double leave_s);
/** The contractions that events mark while standing. */
DSP_MUST_USE dsp_status stand_add_marked(stand_phases *phases, const dsp_trace *trace, const dsp_recording *recording,
                                         const double *params);
/** Are the samples there from which the last contraction's lowest volume can be read? */
bool stand_seen(const dsp_trace *trace, const stand_manoeuvre *manoeuvre, double contraction_s);
/** The rest surely lasts until here: the onset of standing, marked or, where the two disagree, seen if that is earlier. */
double stand_rest_end(const stand_phases *phases);

/** Sample index of a time, clamped to the trace. */
size_t stand_index(const dsp_trace *trace, double t_s);

/** Learn the noise from the baseline and from the plateaus before contractions and return. */
DSP_MUST_USE dsp_status stand_learn_noise(dsp_noise *noise, const dsp_trace *trace, const stand_phases *phases, double floor_sd);

/** Drift of the empty leg's level: a straight line plus a cuff that warms up, d(t) = a (t - t0) + b (g(t) - g(t0)), g = 1 - exp(-t / tau).
 */
typedef struct stand_drift {
  double a, b, cov[3]; /* of a a, a b, b b */
  double t0_s, tau_s;
  double cold; /* exp(-t0 / tau) */
} stand_drift;

/** A level of the trace that should be the same but for drift. */
typedef struct stand_reference {
  double t_s;
  dsp_estimate level;
  bool standing; /* a standing plateau; else an empty leg */
} stand_reference;

/** Least squares on the supine slope and on levels, with prior sizes of a and b so that little evidence gives little correction. */
void stand_fit_drift(stand_drift *drift, double t0_s, double tau_s, dsp_estimate baseline, dsp_estimate slope,
                     const stand_reference *reference, size_t n);
double stand_drift_value(const stand_drift *drift, double t_s);
/** d(t) with its standard error. */
dsp_estimate stand_drift_at(const stand_drift *drift, double t_s);
/** Covariance of d at two times. */
double stand_drift_covariance(const stand_drift *drift, double t_s, double u_s);

/** Ten-step pump model: level at each contraction's start falls as V[n+1] = V[n] (1 - e) + I. */
typedef struct stand_pump {
  dsp_estimate e, inflow;
  bool found;
} stand_pump;

/** Fit it to the trace above `base`, whose error is that of the base at the series. */
DSP_MUST_USE dsp_status stand_fit_pump(stand_pump *pump, const dsp_trace *trace, const dsp_noise *noise, const stand_manoeuvre *series,
                                       dsp_estimate base);

/** Syringe calibration: level against injected volume. */
typedef struct stand_calibration {
  unsigned steps;  /**< 0: none in the recording */
  double slope;    /**< trace units per mL */
  double residual; /**< largest distance from the line, as a fraction of full scale */
  bool totals;     /**< the volumes fit as running totals */
} stand_calibration;

void stand_calibrate(stand_calibration *calibration, const dsp_trace *trace, const dsp_recording *recording);

/** Everything that the steps of one channel's analysis share. */
typedef struct stand_test {
  const dsp_recording *recording;
  const dsp_channel *channel;
  const double *params;
  dsp_test *test;
  dsp_trace trace;
  dsp_trace_facts facts;
  stand_calibration calibration;
  stand_phases phases;
  dsp_noise noise;
  dsp_trace coarse; /* the same trace, slower, for levels and filling */
  dsp_noise coarse_noise;
  dsp_estimate v0, baseline_slope;
  double plateau_variance; /* of the standing plateau itself, V0 and drift aside; 0 where the asymptote replaces it */
  double baseline_from_s, baseline_to_s;
  dsp_estimate drift; /* change of the empty leg's level over the test; NaN unknown */
  stand_drift drift_model;
  dsp_filling filling;
  bool filled;
  dsp_estimate later; /* rise that the later plateaus show; NaN unknown */
  dsp_dip single[STAND_SINGLES_MAX];
  bool single_read[STAND_SINGLES_MAX];
  dsp_dip series;
  bool series_read;
  dsp_estimate ev;
  stand_pump pump;
  dsp_filling refill;
  bool refilled;
  bool in_ml, reported;
} stand_test;

/** Read single contractions and the last of the series. */
DSP_MUST_USE dsp_status stand_read_contractions(stand_test *s);
/** How to read the refill after a contraction, from where it is clear until `until_s`. */
dsp_filling_task stand_refill_task(const stand_test *s, const dsp_dip *dip, double until_s);
/** The rise above V0 that the later plateaus show; NaN when there is none. */
DSP_MUST_USE dsp_status stand_read_later(dsp_estimate *later, const stand_test *s);

/** Is the trace in millilitres, by its unit or by the syringe? */
bool stand_in_ml(const stand_test *s);

/** Share of the drift's error at the plateau that reaches VV: the standing plateaus that the drift was fitted to hold the rest down. */
#define STAND_DRIFT_SHARE 0.6
/** Middle of the plateau that VV is read from, s. */
double stand_plateau_s(const stand_test *s);

/** 100 a / b, whose errors have this covariance (delta method). */
dsp_estimate stand_percent(dsp_estimate a, dsp_estimate b, double covariance);
/** Volumes need a unit; times and ratios do not. */
void stand_drop_volumes(const dsp_test *test);

/** EV and EF of the first manoeuvre's single contractions into the test. */
void stand_report_singles(stand_test *s);
/** After the test: its repeats, and the manoeuvres that it does not hold. */
DSP_MUST_USE dsp_status stand_add_trials(stand_test *s, dsp_report *report);

/** Flags of the test as a whole that need no reading. */
void stand_note_facts(stand_test *s);
/** These and those that do, and the quality index. */
DSP_MUST_USE dsp_status stand_report_quality(stand_test *s);

/** Where nothing can be read: null every measure because of `flag`, and say what is known of the recording. Quality stays 0. */
void stand_report_nothing(stand_test *s, const char *flag);

/** Put readings, flags, landmarks, phases, side results, quality and the conditioned trace into the test. */
DSP_MUST_USE dsp_status stand_report(stand_test *s);
/** Only the trace: nothing could be read. */
DSP_MUST_USE dsp_status stand_report_trace(stand_test *s);

#endif
