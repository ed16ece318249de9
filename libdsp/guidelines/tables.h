/* SPDX-License-Identifier: GPL-3.0-or-later
 * One table a field, each in its own file. A new field: its file, its name here, its row in guidelines.c. */
#ifndef GUIDELINES_TABLES_H
#define GUIDELINES_TABLES_H

#include <dsp/guideline.h>

typedef struct dsp_guideline_table {
  const dsp_guideline_row *rows;
  size_t n;
} dsp_guideline_table;

extern const dsp_guideline_table dsp_guidelines_apg;
extern const dsp_guideline_table dsp_guidelines_ppg;
extern const dsp_guideline_table dsp_guidelines_sgp;
extern const dsp_guideline_table dsp_guidelines_duplex;

#endif
