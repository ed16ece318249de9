/* SPDX-License-Identifier: GPL-3.0-or-later
 * Limits of venous occlusion. Each was published for one definition of outflow and stands for that one alone; limits of a device's own MVO
 * (20 or 27 mL/100 mL/min) belong to none of the definitions here and are left out. */
#include "tables.h"

#include <math.h>

#define PHLEBOTEST "International Angiology 1992;11:160-4: F1.0 < 50 mL/100 mL/min with EV4/V < 60 %, sensitivity 90, specificity 96 %"
#define TAUGHT     "as taught: 2 to 4 mL/100 mL at 50 to 80 mmHg; from memory"
#define PUMP       "supine pump test, Clin Sci 1996;91:483: normal > 60 %; patients mean 45"
#define CLASSIC    "Christopoulos and Nicolaides, outflow fraction at 1 s, as taught; from memory"

static const dsp_guideline_row rows[] = {
    {"sgp.phlebotest", "sgp.occlusion", "MVO.first1s", NULL, 50, INFINITY, true, false, "normal", true, PHLEBOTEST, true,
     "sgp.MVO.first1s"},
    {"sgp.phlebotest", "sgp.occlusion", "MVO.first1s", NULL, -INFINITY, 50, false, false, "reduced", false, PHLEBOTEST, true,
     "sgp.MVO.first1s"},
    {"sgp.phlebotest", "sgp.occlusion", "EV4", NULL, 60, INFINITY, true, false, "normal", true, PHLEBOTEST, true, "sgp.EV4.capacity"},
    {"sgp.phlebotest", "sgp.occlusion", "EV4", NULL, -INFINITY, 60, false, false, "reduced", false, PHLEBOTEST, true, "sgp.EV4.capacity"},
    {"sgp.taught", "sgp.occlusion", "SVC", NULL, -INFINITY, 2, false, false, "low", false, TAUGHT, false, "sgp.SVC.venting"},
    {"sgp.taught", "sgp.occlusion", "SVC", NULL, 2, 4, true, true, "normal", true, TAUGHT, false, "sgp.SVC.venting"},
    {"sgp.taught", "sgp.occlusion", "SVC", NULL, 4, INFINITY, false, false, "high", false, TAUGHT, false, "sgp.SVC.venting"},
    {"apg.outflow", "apg.outflow", "OF1s", NULL, 38, INFINITY, false, false, "normal", true, CLASSIC, false, "apg.OF1s.capacity"},
    {"apg.outflow", "apg.outflow", "OF1s", NULL, 30, 38, true, true, "moderate", false, CLASSIC, false, "apg.OF1s.capacity"},
    {"apg.outflow", "apg.outflow", "OF1s", NULL, -INFINITY, 30, false, false, "severe", false, CLASSIC, false, "apg.OF1s.capacity"},
    {"sgp.supine_pump", "sgp.refill", "EF", NULL, 60, INFINITY, false, false, "normal", true, PUMP, true, "sgp.EF.supine_pump"},
    {"sgp.supine_pump", "sgp.refill", "EF", NULL, -INFINITY, 60, false, true, "reduced", false, PUMP, true, "sgp.EF.supine_pump"},
};
const dsp_guideline_table dsp_guidelines_sgp = {rows, sizeof rows / sizeof rows[0]};
