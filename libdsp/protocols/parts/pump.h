/* SPDX-License-Identifier: GPL-3.0-or-later
 * Exercise and refill by strain gauge, whatever the posture: emptying is a fall, so the light-reflection test's exercises and refills are
 * found and read on the trace upside down (internal). */
#ifndef PLETH_PARTS_PUMP_H
#define PLETH_PARTS_PUMP_H

#include "gauge.h"
#include "ppg.h"

/** Rows that both protocols have, in this order; their own follow. */
enum pump_param {
  PUMP_WORK_RATE,
  PUMP_BRIDGE,
  PUMP_LEAST,
  PUMP_MARKER,
  PUMP_PEAK,
  PUMP_FRACTION,
  PUMP_LONGEST,
  PUMP_SPREAD,
  PUMP_GAP,
  PUMP_ROWS
};

#define PUMP_OURS "engineering choice"
#define PUMP_PARAM_ROWS(id)                                                                                                                \
  [PUMP_WORK_RATE] = {id ".work_rate_hz", "Hz", 6, 2, 1000, NULL, "Lowest rate to which a faster trace is decimated.", PUMP_OURS},         \
  [PUMP_BRIDGE] = {id ".bridge_s", "s", 0.5, 0, 2, NULL, "Longest gap that a straight line may bridge.", PUMP_OURS},                       \
  [PUMP_LEAST] = {id ".least_ev", "mL/(100.mL)", 0.15, 0, 50, NULL, "Smallest expelled volume that is read.", PUMP_OURS},                  \
  [PUMP_MARKER] = {id ".marker_s", "s", 3, 0.1, 60, NULL, "Disagreement of marker and trace that is flagged.", PUMP_OURS},                 \
  [PUMP_PEAK] = {id ".peak_s", "s", 2, 0.2, 10, NULL, "The lowest volume lies within this of the exercise's end.", PUMP_OURS},             \
  [PUMP_FRACTION] = {id ".fraction", "1", 0.95, 0.5, 0.999, NULL, "Recovery that ends the refill time VRT.", PUMP_OURS},                   \
  [PUMP_LONGEST] = {id ".longest", "1", 1.5, 1, 10, NULL, "A time of more than so many times the recorded refill is not extrapolated to.", \
                    PUMP_OURS},                                                                                                            \
  [PUMP_SPREAD] = {id ".spread", "1", 0.15, 0, 1, NULL, "Spread of repeats, of their mean, that is flagged.", PUMP_OURS},                  \
  [PUMP_GAP] = GAUGE_GAP_ROW(id)

#define PUMP_MEASURE_ROWS(ef_definition, ef_help, ef_source)                                                                               \
  {"EV", "mL/(100.mL)", "sgp.EV.refill", "Expelled volume: level before the exercise minus the lowest level at its end.",                  \
   "strain-gauge plethysmography after exercise"},                                                                                         \
      {"VRT", "s", "sgp.VRT.95", "Venous refill time: from the exercise's end until 95 % of the expelled volume is back.",                 \
       "strain-gauge plethysmography after exercise"},                                                                                     \
      {"T90", "s", "sgp.T90.refill", "The same until 90 % is back.", "strain-gauge plethysmography after exercise"},                       \
      {"T50", "s", "sgp.T50.refill", "The same until 50 % is back.", "strain-gauge plethysmography after exercise"}, {                     \
    "EF", "%", ef_definition, ef_help, ef_source                                                                                           \
  }
enum pump_measure { PUMP_EV, PUMP_VRT, PUMP_T90, PUMP_T50, PUMP_EF, PUMP_MEASURES };

typedef struct pump_test {
  const dsp_protocol *protocol;
  const dsp_recording *recording;
  const dsp_channel *channel;
  const double *params;
  dsp_trace trace; /**< in mL/100 mL, upside down: it rises while the veins empty */
  dsp_trace_facts facts;
  ppg_bouts bouts;
  bool known;
  /** Before the exercises are sought: cut what is no rest. *why_not: nothing can be read. NULL: nothing to do. */
  dsp_status (*prepare)(struct pump_test *test, dsp_test *report, const char **why_not);
  /** After the exercises were found, before they are read. NULL: nothing to do. */
  dsp_status (*found)(struct pump_test *test, dsp_test *report);
  /** EF from the pooled or single EV; fills the measure. */
  void (*ejection)(const struct pump_test *test, const dsp_test *report);
  bool upright;        /**< a fall is the other posture, no reversed polarity */
  double from_s, to_s; /**< exercises and their rests lie in here; outside the limb was in another posture */
  dsp_estimate empty;  /**< level of the emptied leg, in the trace's direction; NaN unknown */
} pump_test;

/** Condition, calibrate, read every exercise and report: the pooled test, then one a bout where there are several. */
DSP_MUST_USE dsp_status pump_run(pump_test *test, dsp_report *report, dsp_error *error);

#endif
