/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dsp/protocol.h>
static const dsp_param_row params[] = {{"apg.stand.plateau_window_s", "s", 20, 5, 120, NULL, "Window.", "engineering choice"}};
static const dsp_measure_row measures[] = {{"V0", "mL", "apg.V0.median", "h", "s"},
                                           {"VV", "mL", "apg.VV.plateau", "h", "s"},
                                           {"VV.observed", "mL", "x", "h", "s"},
                                           {"VFT90", "s", "x", "h", "s"},
                                           {"VFI", "mL/s", "apg.VFI.mean90", "h", "s"}};
static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  (void)recording;
  if (channel->role == DSP_ROLE_VOLUME) return true;
  dsp_fail(missing, DSP_NOT_APPLICABLE, channel->name, "role volume", "role %s", dsp_role_text(channel->role));
  return false;
}
static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *values, dsp_report *report,
                      dsp_error *error) {
  (void)recording;
  (void)values;
  (void)error;
  dsp_test *test = dsp_report_add_test(report, dsp_protocol_find("apg.stand"), channel, 0, "tiptoe");
  if (!test) return DSP_NO_MEMORY;
  for (size_t i = 0; i < test->n_measures; i++) dsp_measure_null(&test->measures[i], "no_stand");
  return DSP_OK;
}
extern const dsp_protocol dsp_apg_stand;
const dsp_protocol dsp_apg_stand = {
    "apg.stand", "Air plethysmography, standing test", "a volume channel in mL", {"apg.stand", params, 1}, measures, 5, applicable, run};
