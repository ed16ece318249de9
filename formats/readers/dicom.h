/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the parts of the DICOM reader share. Structure: DICOM PS3.5 and PS3.10; waveforms: PS3.3 C.10.9; ultrasound regions: C.8.5.5. */
#ifndef READERS_DICOM_H
#define READERS_DICOM_H

#include <fmt/reader.h>

typedef struct dicom_set dicom_set;

typedef struct dicom_element {
  uint32_t tag; /* group << 16 | element */
  char vr[3];   /* "" in files that do not say it */
  const unsigned char *bytes;
  size_t n;
  dicom_set *items; /* of a sequence */
  size_t n_items, capacity;
} dicom_element;

struct dicom_set {
  dicom_element *rows;
  size_t n, capacity;
};

typedef struct dicom_file {
  const fmt_source *source;
  const char *syntax; /* transfer syntax UID */
  bool explicit_vr, big, encapsulated;
  bool cut; /* the file ends within an element */
  dicom_set top;
  size_t n_elements;
  dsp_arena *arena;
} dicom_file;

/* dicom_parse.c */
dsp_status dicom_parse(dicom_file *file, const fmt_source *source, dsp_arena *arena, dsp_error *error);
void dicom_clear(dicom_file *file);
const dicom_element *dicom_find(const dicom_set *set, uint32_t tag);
/* The i-th number of an element of binary integers or floats; NaN when there is none. `as` is the VR to take it for where the file has
 * none. */
double dicom_number(const dicom_file *file, const dicom_set *set, uint32_t tag, const char *as, size_t i);
/* A decimal string (DS, IS); NaN when there is none. */
double dicom_decimal(const dicom_set *set, uint32_t tag);
/* Text, trimmed, in the arena; "" when there is none, NULL when out of memory. */
const char *dicom_text(const dicom_file *file, const dicom_set *set, uint32_t tag);
/* Item `i` of a sequence, or NULL. */
const dicom_set *dicom_item(const dicom_set *set, uint32_t tag, size_t i);

/* dicom_waveform.c: multiplex groups as channels, audio as audio. *found: there was one. */
dsp_status dicom_waveforms(bool *found, const dicom_file *file, dsp_recording *recording, dsp_error *error);
/* dicom_audio.c: the retired audio module (group 50xx). */
dsp_status dicom_curve_audio(bool *found, const dicom_file *file, dsp_recording *recording, dsp_error *error);
/* dicom_regions.c: calibrated regions of an ultrasound image, told as warnings. */
dsp_status dicom_regions(bool *found, const dicom_file *file, dsp_recording *recording, dsp_error *error);

#endif
