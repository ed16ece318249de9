/* SPDX-License-Identifier: GPL-3.0-or-later
 * Calibrated regions of an ultrasound image (PS3.3 C.8.5.5): what each shows, where it lies and what a pixel is. Nothing is read from the
 * image: a corner outside it, or a reference pixel outside its region, is told. */
#include "dicom.h"
#include <math.h>
#include <stdio.h>

#define REGIONS 0x00186011U
#define ROWS    0x00280010U
#define COLUMNS 0x00280011U

static const char *word(const char *const *words, size_t n, double code) {
  return code >= 0 && code < (double)n && code == floor(code) ? words[(size_t)code] : "unknown";
}

static const char *format_of(double code) {
  static const char *const words[] = {"none", "2D", "M-mode", "spectral", "waveform", "graphics"};
  return word(words, sizeof words / sizeof words[0], code);
}

static const char *content_of(double code) {
  static const char *const words[] = {"none",
                                      "tissue",
                                      "colour flow",
                                      "PW spectral Doppler",
                                      "CW spectral Doppler",
                                      "Doppler mean trace",
                                      "mode trace",
                                      "max trace",
                                      "volume trace",
                                      "d/dt",
                                      "ECG",
                                      "pulse",
                                      "phonocardiogram",
                                      "grey bar",
                                      "colour bar",
                                      "integrated backscatter",
                                      "area trace",
                                      "d(area)/dt",
                                      "other physiological"};
  return word(words, sizeof words / sizeof words[0], code);
}

static const char *unit_of(double code) {
  static const char *const words[] = {"", "%", "dB", "cm", "s", "Hz", "dB/s", "cm/s", "cm2", "cm2/s", "cm3", "cm3/s", "deg"};
  return word(words, sizeof words / sizeof words[0], code);
}

typedef struct image {
  const dicom_file *file;
  double columns, rows;
} image;

static dsp_status tell(const image *im, const dicom_set *region, size_t i, dsp_recording *recording) {
  double corner[4];
  for (unsigned k = 0; k < 4; k++) corner[k] = dicom_number(im->file, region, 0x00186018U + 2 * k, "UL", 0);
  const double x0 = corner[0], y0 = corner[1], x1 = corner[2], y1 = corner[3];
  const double reference_x = dicom_number(im->file, region, 0x00186020U, "SL", 0),
               reference_y = dicom_number(im->file, region, 0x00186022U, "SL", 0);
  const double delta_x = dicom_number(im->file, region, 0x0018602CU, "FD", 0),
               delta_y = dicom_number(im->file, region, 0x0018602EU, "FD", 0);
  char reference[80] = "none";
  if (isfinite(reference_x) && isfinite(reference_y))
    snprintf(reference, sizeof reference, "(%.0f, %.0f) from its corner", reference_x, reference_y);
  dsp_status status = dsp_recording_warn(
      recording, "image_region",
      "region %zu: %s, %s; columns %.0f to %.0f, rows %.0f to %.0f; a column is %.9g %s, a row %.9g %s; reference pixel %s", i + 1,
      format_of(dicom_number(im->file, region, 0x00186012U, "US", 0)), content_of(dicom_number(im->file, region, 0x00186014U, "US", 0)), x0,
      x1, y0, y1, delta_x, unit_of(dicom_number(im->file, region, 0x00186024U, "US", 0)), delta_y,
      unit_of(dicom_number(im->file, region, 0x00186026U, "US", 0)), reference);
  const bool outside = !(x0 <= x1 && y0 <= y1 && x1 < im->columns && y1 < im->rows);
  const bool away = isfinite(reference_x) && isfinite(reference_y) &&
                    (reference_x < 0 || reference_y < 0 || reference_x > x1 - x0 || reference_y > y1 - y0);
  if (status == DSP_OK && outside)
    status = dsp_recording_warn(recording, "image_region_outside", "region %zu reaches beyond the image of %.0f columns and %.0f rows",
                                i + 1, im->columns, im->rows);
  if (status == DSP_OK && away)
    status = dsp_recording_warn(recording, "image_reference_outside", "region %zu: its reference pixel lies outside it", i + 1);
  return status;
}

dsp_status dicom_regions(bool *found, const dicom_file *file, dsp_recording *recording, dsp_error *error) {
  const dicom_element *regions = dicom_find(&file->top, REGIONS);
  const image im = {file, dicom_number(file, &file->top, COLUMNS, "US", 0), dicom_number(file, &file->top, ROWS, "US", 0)};
  *found = regions && regions->n_items > 0;
  for (size_t i = 0; *found && i < regions->n_items && i < FMT_CAP_CHANNELS; i++)
    if (tell(&im, &regions->items[i], i, recording) != DSP_OK) return dsp_fail_memory(error);
  return DSP_OK;
}
