/* SPDX-License-Identifier: GPL-3.0-or-later
 * Limits and grades of air plethysmography. */
#include "tables.h"

#include <math.h>

#define CLASSIC "Christopoulos and Nicolaides, air plethysmography class ranges 1987-1988, as taught; from secondary texts"

#define TILT "tilt-table series: venous drainage index, cut-off 10.8 mL/s for obstruction; formula by symmetry with VFI"

/* A band from lo to hi; its lower end belongs to it, its upper end to the next. */
#define BAND(guideline, measure, lo, hi, grade, normal, source, verified)                                                                  \
  { guideline, "apg.stand", measure, NULL, lo, hi, true, false, grade, normal, source, verified }

static const dsp_guideline_row rows[] = {
    BAND("apg.classic", "VFI", -INFINITY, 2, "normal", true, CLASSIC, false),
    BAND("apg.classic", "VFI", 2, 5, "mild", false, CLASSIC, false),
    BAND("apg.classic", "VFI", 5, 10, "moderate", false, CLASSIC, false),
    BAND("apg.classic", "VFI", 10, INFINITY, "severe", false, CLASSIC, false),
    BAND("apg.classic", "VFT90", -INFINITY, 10, "severe", false, CLASSIC, false),
    BAND("apg.classic", "VFT90", 10, 25, "short", false, CLASSIC, false),
    BAND("apg.classic", "VFT90", 25, INFINITY, "normal", true, CLASSIC, false),
    {"apg.classic", "apg.stand", "EF", NULL, 60, INFINITY, false, false, "normal", true, CLASSIC, false},
    {"apg.classic", "apg.stand", "EF", NULL, 60, 60, true, true, "borderline", false, CLASSIC, false},
    BAND("apg.classic", "EF", 40, 60, "reduced", false, CLASSIC, false),
    BAND("apg.classic", "EF", -INFINITY, 40, "poor", false, CLASSIC, false),
    BAND("apg.classic", "RVF", -INFINITY, 35, "normal", true, CLASSIC, false),
    BAND("apg.classic", "RVF", 35, 50, "raised", false, CLASSIC, false),
    BAND("apg.classic", "RVF", 50, INFINITY, "high", false, CLASSIC, false),
    BAND("apg.classic", "VV", -INFINITY, 80, "low", false, CLASSIC, false),
    {"apg.classic", "apg.stand", "VV", NULL, 80, 150, true, true, "normal", true, CLASSIC, false},
    {"apg.classic", "apg.stand", "VV", NULL, 150, INFINITY, false, false, "large", false, CLASSIC, false},
    BAND("apg.roc", "VFI", -INFINITY, 2.058, "normal", true,
         "ROC cut-off 2.058 mL/s, sensitivity 93.3 %, specificity 88.8 % (study of the postural reflux index)", true),
    BAND("apg.roc", "VFI", 2.058, INFINITY, "reflux", false,
         "ROC cut-off 2.058 mL/s, sensitivity 93.3 %, specificity 88.8 % (study of the postural reflux index)", true),
    {"apg.tilt", "apg.tilt", "VDI", NULL, -INFINITY, 10.8, false, true, "low", false, TILT, true, "apg.tilt.VDI.mean90"},
    {"apg.tilt", "apg.tilt", "VDI", NULL, 10.8, INFINITY, false, false, "normal", true, TILT, true, "apg.tilt.VDI.mean90"},
};
const dsp_guideline_table dsp_guidelines_apg = {rows, sizeof rows / sizeof rows[0]};
