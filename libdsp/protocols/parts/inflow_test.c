/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the two tests of arterial inflow have in common, from the channel to its cycles and back to the report. */
#include "inflow.h"

#include <math.h>
#include <stdlib.h>

dsp_status inflow_prepare(inflow_test *t, dsp_test *test, dsp_error *error) {
  static const double spike_floor = 0.02, least_noise = 0.001;
  const double *params = t->params;
  dsp_status status = part_condition(&t->trace, &t->facts, t->channel, params[INFLOW_WORK_RATE], params[INFLOW_BRIDGE], spike_floor, error);
  if (status == DSP_BAD_INPUT) {
    t->why_not = "no_data";
    return DSP_OK;
  }
  if (status == DSP_OK && !(t->facts.step > 0)) {
    t->why_not = "constant_signal";
    return DSP_OK;
  }
  if (status == DSP_OK) status = gauge_calibrate(&t->known, &t->trace, test, t->recording, t->channel, params[INFLOW_GAP]);
  if (status == DSP_OK) status = inflow_find_cycles(&t->cycles, &t->n, t->recording, &t->trace, params);
  if (status == DSP_OK && t->n == 0) t->why_not = "no_cycles";
  if (status == DSP_OK && t->n > 0)
    status = inflow_learn(&t->noise, t->cycles, t->n, &t->trace, fmax(t->facts.step / 3.5, least_noise), params);
  return status;
}

dsp_status inflow_finish(const inflow_test *t, dsp_test *test) {
  if (t->why_not) part_null_rest(test, t->why_not);
  if (!t->known) part_null_units(test, "L", "unit_unknown");
  if (t->n > 0 && t->cycles[0].from != CYCLE_FROM_EVENT) part_flag_valid(test, "phases_detected");
  if (test->trial > 0) return DSP_OK;
  part_note_facts(test, t->recording, t->channel, &t->facts, 9.5);
  part_rate_quality(test, t->channel, &t->facts);
  return t->trace.n > 0 ? part_add_trace(test, &t->trace, dsp_role_unit(DSP_ROLE_STRAIN)->ucum) : DSP_OK;
}

void inflow_clear(inflow_test *t) {
  free(t->cycles);
  dsp_trace_clear(&t->trace);
}

dsp_status inflow_mark(dsp_test *test, const inflow_cycle *cycle) {
  const char *source = part_source_text(cycle->from);
  const dsp_status status = dsp_test_add_landmark(test, "cuff_inflate", cycle->inflate_s, NAN, NAN, source);
  return status == DSP_OK ? dsp_test_add_landmark(test, "cuff_release", cycle->release_s, NAN, NAN, source) : status;
}

dsp_status inflow_add_resistance(dsp_test *test, const dsp_recording *recording, const char *id, double flow) {
  const dsp_channel *pressure = part_channel(recording, DSP_ROLE_PRESSURE);
  if (!pressure || !isfinite(flow)) return DSP_OK;
  double sum = 0, n = 0;
  for (size_t i = 0; i < pressure->n; i++)
    if (isfinite(pressure->x[i])) sum += pressure->x[i], n++;
  return n > 0 ? dsp_test_add_detail(test, id, "mm[Hg].(100.mL).min/mL", sum / n / flow) : DSP_OK;
}
