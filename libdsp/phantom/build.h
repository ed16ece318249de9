/* SPDX-License-Identifier: GPL-3.0-or-later
 * What every simulator builds: channels, events, truth. Internal. */
#ifndef DSP_PHANTOM_BUILD_H
#define DSP_PHANTOM_BUILD_H

#include <dsp/phantom.h>
#include <phantom/nuisance.h>

/** A row of a simulator, and one whose value is a word. */
#define DSP_O_ROW(id, unit, value, lo, hi, help)                                                                                           \
  { id, unit, value, lo, hi, NULL, help, "engineering choice" }
#define DSP_O_CHOICE(id, value, last, words, help)                                                                                         \
  { id, "", value, 0, last, words, help, "engineering choice" }

/** The rows that every simulator of a limb begins with, in this order: nuisance, randomise, rate_hz, side, events. `id` is "sim.PROTOCOL.",
 * `least` the lowest rate, `last` the index of the last word of `sides`, `what` is drawn besides limb and heart rate. */
#define DSP_LIMB_ROWS(id, rate, least, last, sides, what)                                                                                  \
  DSP_O_CHOICE(id "nuisance", DSP_NUISANCE_REALISTIC, 3, DSP_NUISANCE_WORDS,                                                               \
               "Sizes of all disturbances: none, drawn, or the rows below."),                                                              \
      DSP_O_ROW(id "randomise", "1", 0, 0, 1, "1: draw limb, " what " and heart rate from the seed."),                                     \
      DSP_O_ROW(id "rate_hz", "Hz", rate, least, 1000, "Samples a second."), DSP_O_CHOICE(id "side", 0, last, sides, "What is recorded."), \
      DSP_O_ROW(id "events", "1", 1, 0, 1, "1: the recording carries its events; 0: none.")

/** Append a value or a time to the truth. */
DSP_MUST_USE dsp_status dsp_truth_put(dsp_truth *truth, const char *id, const char *unit, double value);
DSP_MUST_USE dsp_status dsp_truth_mark(dsp_truth *truth, const char *name, double t_s);

/** A recording that names `protocol`, the simulator as its device and the seed as its subject; NULL when out of memory. */
DSP_MUST_USE dsp_recording *dsp_phantom_recording(const char *protocol, uint64_t seed);

/** What a simulator makes: a recording, its truth, and a clean trace of `n` zeros at `step_s`. */
typedef struct dsp_phantom_work {
  dsp_recording *recording;
  dsp_truth *truth;
  double *v;
  size_t n;
} dsp_phantom_work;
DSP_MUST_USE dsp_status dsp_phantom_begin(dsp_phantom_work *work, const char *protocol, uint64_t seed, size_t n, double step_s);
/** Hand over recording and truth, or free them where `status` is an error; the trace is freed. Returns `status`. */
DSP_MUST_USE dsp_status dsp_phantom_end(dsp_phantom_work *work, dsp_status status, dsp_recording **recording, dsp_truth **truth,
                                        dsp_error *error);

/** A damped swing that a posture or a cuff brings, added to `v` from `start_s` on. */
void dsp_phantom_swing(double *v, size_t n, double step_s, double start_s, double size, double length_s);

/** Append a channel of role and side (its unit the role's own) from `n` clean values at `step_s`, sampled at `rate_hz` by interpolation and
 * disturbed by `sizes` (NULL: not at all) with the seed. NULL when out of memory. */
DSP_MUST_USE dsp_channel *dsp_phantom_channel(dsp_recording *recording, const char *name, dsp_role role, dsp_side side, double rate_hz,
                                              const double *v, size_t n, double step_s, const double *sizes, uint64_t seed);

/** The same for one calf, named after its sensor and side: "SGP L calf", "APG R calf". */
DSP_MUST_USE dsp_channel *dsp_phantom_calf(dsp_recording *recording, dsp_role role, dsp_side side, double rate_hz, const double *v,
                                           size_t n, double step_s, const double *sizes, uint64_t seed);

/** Append an event, its time off by up to `off_s` either way and rounded to a millisecond. */
DSP_MUST_USE dsp_status dsp_phantom_event(dsp_recording *recording, dsp_event_kind kind, double t_s, double dur_s, unsigned count,
                                          double off_s, uint64_t seed);

/** Steepest fall over `window_s` (least-squares line) of `v` within [from_s, to_s], per s, as a positive number. */
double dsp_phantom_steepest_fall(const double *v, size_t n, double step_s, double from_s, double to_s, double window_s);
/** Value at a time, interpolated; the last one beyond the end. */
double dsp_phantom_at(const double *v, size_t n, double step_s, double t_s);
/** Time from `from_s` on after which `v` stays at or below `level` until `to_s`, interpolated; NaN when it ends above. */
double dsp_phantom_lasting_fall(const double *v, double step_s, double from_s, double to_s, double level);

#endif
