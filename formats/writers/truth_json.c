/* SPDX-License-Identifier: GPL-3.0-or-later
 * Truth of a simulated recording (pleth-truth/1), with everything that makes the recording again. */
#include <fmt/writer.h>

static void put_member(fmt_buffer *out, bool first, const char *name) {
  fmt_put(out, first ? "\n    " : ",\n    ");
  fmt_put_json_text(out, name);
  fmt_put(out, ": ");
}

dsp_status fmt_truth_json(fmt_buffer *out, const dsp_truth *truth, const dsp_params *params, uint64_t seed, dsp_error *error) {
  fmt_put(out, "{ \"schema\": \"pleth-truth/1\",\n  \"step_s\": ");
  fmt_put_number(out, truth->step_s, "null");
  fmt_put(out, ",\n  \"values\": {");
  for (size_t i = 0; i < truth->n_values; i++) {
    put_member(out, i == 0, truth->values[i].id);
    fmt_put_number(out, truth->values[i].value, "null");
  }
  fmt_put(out, "},\n  \"landmarks\": {");
  for (size_t i = 0; i < truth->n_landmarks; i++) {
    put_member(out, i == 0, truth->landmarks[i].name);
    fmt_put_number(out, truth->landmarks[i].t_s, "null");
  }
  fmt_put(out, "},\n  \"parameters\": {");
  const dsp_param_row *row = NULL;
  double value = 0;
  for (size_t i = 0; params && (row = dsp_params_row(params, i, &value, NULL)); i++) {
    put_member(out, i == 0, row->id);
    char word[128];
    dsp_param_choice(row, value, word, sizeof word);
    if (row->choices) {
      fmt_put_json_text(out, word);
    } else {
      fmt_put_number(out, value, "null");
    }
  }
  fmt_printf(out, "},\n  \"seed\": %llu }\n", (unsigned long long)seed);
  return out->failed ? dsp_fail_memory(error) : DSP_OK;
}
