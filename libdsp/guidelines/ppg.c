/* SPDX-License-Identifier: GPL-3.0-or-later
 * Grades of light-reflection refill, by the inequalities of the digital devices. The seated office scheme (120 s normal) belongs to another
 * exercise and is not applied. */
#include "tables.h"

#include <math.h>

#define DPPG "D-PPG (Vasoquant) report rules: refill time > 25 s normal, > 20 grade I, > 10 grade II, else III; pump power from 3 % on"

static const dsp_guideline_row rows[] = {
    {"ppg.dppg", "ppg.refill", "TO", NULL, 25, INFINITY, false, false, "normal", true, DPPG, true, "ppg.TO.97"},
    {"ppg.dppg", "ppg.refill", "TO", NULL, 20, 25, false, true, "I", false, DPPG, true, "ppg.TO.97"},
    {"ppg.dppg", "ppg.refill", "TO", NULL, 10, 20, false, true, "II", false, DPPG, true, "ppg.TO.97"},
    {"ppg.dppg", "ppg.refill", "TO", NULL, -INFINITY, 10, false, true, "III", false, DPPG, true, "ppg.TO.97"},
    {"ppg.dppg", "ppg.refill", "VO", NULL, 3, INFINITY, true, false, "normal", true, DPPG, true, "ppg.VO.rest"},
    {"ppg.dppg", "ppg.refill", "VO", NULL, -INFINITY, 3, false, false, "weak", false, DPPG, true, "ppg.VO.rest"},
};
const dsp_guideline_table dsp_guidelines_ppg = {rows, sizeof rows / sizeof rows[0]};
