/* SPDX-License-Identifier: GPL-3.0-or-later
 * Facts of a `_physio.json`: Columns, SamplingFrequency and StartTime are required. */
#include "bids.h"
#include "sidecar.h"
#include <math.h>
#include <string.h>

#define RATE_MIN_HZ 1e-6
#define FAR_S       1e9

static dsp_status check_columns(const json_t *columns, dsp_error *error) {
  const size_t n = json_array_size(columns);
  if (n == 0 || n > FMT_CAP_CHANNELS) return dsp_fail(error, DSP_BAD_INPUT, "physio.json: Columns", "1 to 256 names", "%zu", n);
  for (size_t i = 0; i < n; i++) {
    const json_t *name = json_array_get(columns, i);
    if (!json_is_string(name) || json_string_length(name) == 0 || json_string_length(name) > FMT_CAP_TEXT_BYTES)
      return dsp_fail(error, DSP_BAD_INPUT, "physio.json: Columns", "names", "something else at place %zu", i + 1);
  }
  return DSP_OK;
}

static dsp_status take_device(dsp_recording *recording, const json_t *root, dsp_error *error) {
  const char *maker = json_string_value(json_object_get(root, "Manufacturer"));
  const char *model = json_string_value(json_object_get(root, "ManufacturersModelName"));
  if (!maker && !model) return DSP_OK;
  recording->device =
      dsp_arena_printf(recording->arena, "%.200s%s%.200s", maker ? maker : "", maker && model ? " " : "", model ? model : "");
  return recording->device ? DSP_OK : dsp_fail_memory(error);
}

/* A place as the side-car's reader words it ("$.Key") becomes one that names the file. */
static dsp_status reword(dsp_status status, const dsp_error *why, dsp_error *error) {
  char place[sizeof why->place + 16];
  if (status == DSP_OK) return DSP_OK;
  snprintf(place, sizeof place, "physio.json: %s", strncmp(why->place, "$.", 2) == 0 ? why->place + 2 : why->place);
  return dsp_fail(error, status, place, why->expected, "%s", why->found);
}

dsp_status bids_facts_take(bids_facts *facts, dsp_recording *recording, const json_t *root, dsp_error *error) {
  dsp_error why = {0};
  *facts = (bids_facts){.rate_hz = (double)NAN, .start_s = (double)NAN, .root = root};
  dsp_status status = sidecar_number(&facts->rate_hz, root, "$", "SamplingFrequency", RATE_MIN_HZ, FMT_CAP_RATE_HZ, &why);
  if (status == DSP_OK) status = sidecar_number(&facts->start_s, root, "$", "StartTime", -FAR_S, FAR_S, &why);
  if (status == DSP_OK) status = sidecar_array(&facts->columns, root, "$", "Columns", &why);
  status = reword(status, &why, error);
  if (status == DSP_OK && isnan(facts->rate_hz))
    return dsp_fail(error, DSP_BAD_INPUT, "physio.json", "SamplingFrequency, in Hz", "no sampling rate");
  if (status == DSP_OK && !facts->columns)
    return dsp_fail(error, DSP_BAD_INPUT, "physio.json", "Columns, the names of the table's columns", "no names");
  if (status == DSP_OK) status = check_columns(facts->columns, error);
  if (status == DSP_OK && isnan(facts->start_s)) {
    facts->start_s = 0;
    if (dsp_recording_warn(recording, "header_irregular", "the side-car states no StartTime; 0 was taken") != DSP_OK)
      return dsp_fail_memory(error);
  }
  return status == DSP_OK ? take_device(recording, root, error) : status;
}
