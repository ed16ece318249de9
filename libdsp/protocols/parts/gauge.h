/* SPDX-License-Identifier: GPL-3.0-or-later
 * A strain gauge's scale: what its calibration step meant, and how much of the girth it covers (internal). */
#ifndef PLETH_PARTS_GAUGE_H
#define PLETH_PARTS_GAUGE_H

#include "part.h"

/** The parameter row that every protocol of a strain gauge has. */
#define GAUGE_GAP_ROW(protocol)                                                                                                            \
  {                                                                                                                                        \
    protocol ".gauge_gap", "1", 0, 0, 0.5, NULL,                                                                                           \
        "Share of the girth that the gauge does not cover (gap between its leads / girth); the reading is divided by what it covers.",     \
        "geometry of a gauge whose gap does not stretch"                                                                                   \
  }

/** Put the trace of a gauge into mL/100 mL: polarity, electrical steps (events `calibration` with percent) where the unit is not known,
 * length or volume semantics, the gap. What was done becomes flags and details of the test. *known: the trace is in mL/100 mL now. */
DSP_MUST_USE dsp_status gauge_calibrate(bool *known, dsp_trace *trace, dsp_test *test, const dsp_recording *recording,
                                        const dsp_channel *channel, double gap);
/** The same; *factor: what the trace was multiplied by, without sign. */
DSP_MUST_USE dsp_status gauge_calibrate_by(bool *known, double *factor, dsp_trace *trace, dsp_test *test, const dsp_recording *recording,
                                           const dsp_channel *channel, double gap);

/** Can a channel be a strain gauge's: role strain, or an unknown role with a unit of strain? */
bool gauge_fits(const dsp_channel *channel, dsp_error *missing);

#endif
