/* SPDX-License-Identifier: GPL-3.0-or-later
 * DICOM: waveform objects and Doppler sound as recordings; of an ultrasound image its calibrated regions, nothing measured. */
#include "dicom.h"
#include "field.h"
#include <stdio.h>
#include <string.h>

enum { SURE = 100, PREAMBLE_BYTES = 128 };
#define SOP_CLASS    0x00080016U
#define STUDY_DATE   0x00080020U
#define ACQUIRED     0x0008002AU
#define STUDY_TIME   0x00080030U
#define MANUFACTURER 0x00080070U
#define MODEL        0x00081090U
#define PATIENT_NAME 0x00100010U
#define PATIENT_ID   0x00100020U

static fmt_verdict probe_dicom(const fmt_input *input, unsigned *score, dsp_error *error) {
  (void)error;
  if (input->source->size < PREAMBLE_BYTES + 4 || memcmp(input->source->bytes + PREAMBLE_BYTES, "DICM", 4) != 0) return FMT_NOT_MINE;
  *score = SURE;
  return FMT_MINE;
}

/* "20240302100000.0+0100", or a date and a time apart, as RFC 3339. */
static dsp_status take_start(const dicom_file *file, dsp_recording *recording, dsp_error *error) {
  const char *acquired = dicom_text(file, &file->top, ACQUIRED), *date = dicom_text(file, &file->top, STUDY_DATE),
             *time = dicom_text(file, &file->top, STUDY_TIME);
  if (!acquired || !date || !time) return dsp_fail_memory(error);
  const char *all = strlen(acquired) >= 14 ? acquired : dsp_arena_printf(file->arena, "%s%s", date, time);
  if (!all) return dsp_fail_memory(error);
  if (strspn(all, "0123456789") < 14) return DSP_OK;
  recording->t0 = dsp_arena_printf(recording->arena, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s", all, all + 4, all + 6, all + 8, all + 10, all + 12);
  return recording->t0 ? DSP_OK : dsp_fail_memory(error);
}

static dsp_status take_identity(const dicom_file *file, const fmt_input *input, dsp_recording *recording, dsp_error *error) {
  const char *maker = dicom_text(file, &file->top, MANUFACTURER), *model = dicom_text(file, &file->top, MODEL);
  const char *name = dicom_text(file, &file->top, PATIENT_NAME), *id = dicom_text(file, &file->top, PATIENT_ID);
  if (!maker || !model || !name || !id) return dsp_fail_memory(error);
  if (maker[0] || model[0]) {
    recording->device = dsp_arena_printf(recording->arena, "%s%s%s", maker, maker[0] && model[0] ? " " : "", model);
    if (!recording->device) return dsp_fail_memory(error);
  }
  if (input->keep_identifiers) {
    if (name[0] || id[0]) recording->subject_key = id[0] ? id : name;
    return take_start(file, recording, error);
  }
  if ((name[0] || id[0]) && dsp_recording_warn(recording, "identifiers_dropped", "the file names a patient; left out") != DSP_OK)
    return dsp_fail_memory(error);
  return DSP_OK;
}

static dsp_status take_contents(const dicom_file *file, dsp_recording *recording, dsp_error *error) {
  bool found = false;
  dsp_status status = dicom_waveforms(&found, file, recording, error);
  if (status == DSP_OK && !found) status = dicom_curve_audio(&found, file, recording, error);
  if (status == DSP_OK && !found) status = dicom_regions(&found, file, recording, error);
  if (status != DSP_OK || found) return status;
  const char *class = dicom_text(file, &file->top, SOP_CLASS);
  return dsp_fail(error, DSP_BAD_INPUT, "", "a waveform, Doppler sound, or an ultrasound image with calibrated regions",
                  "a DICOM object of class %.64s%s", class && class[0] ? class : "unknown", file->cut ? ", cut short" : "");
}

static dsp_status read_dicom(const fmt_input *input, fmt_hints *hints, const double *params, dsp_recording *recording, dsp_error *error) {
  dicom_file file;
  unsigned score = 0;
  (void)hints, (void)params;
  if (probe_dicom(input, &score, error) != FMT_MINE)
    return dsp_fail(error, DSP_BAD_INPUT, "byte 128", "the letters DICM", "something else");
  dsp_status status = dicom_parse(&file, input->source, recording->arena, error);
  if (status == DSP_OK) status = take_contents(&file, recording, error);
  if (status == DSP_OK) status = take_identity(&file, input, recording, error);
  if (status == DSP_OK && file.cut && dsp_recording_warn(recording, "file_truncated", "the file ends within an element") != DSP_OK)
    status = dsp_fail_memory(error);
  dicom_clear(&file);
  return status;
}

static const char *const extensions[] = {"dcm", NULL};
const fmt_reader dicom_reader = {.id = "dicom",
                                 .title = "DICOM waveforms and Doppler sound; of ultrasound images the calibrated regions",
                                 .extensions = extensions,
                                 .probe = probe_dicom,
                                 .read = read_dicom};
