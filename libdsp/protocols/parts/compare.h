/* SPDX-License-Identifier: GPL-3.0-or-later
 * Paired differences inside one recording: left against right, with against without (internal). */
#ifndef PLETH_PARTS_COMPARE_H
#define PLETH_PARTS_COMPARE_H

#include <dsp/protocol.h>

/** Append to `report` one test of differences for each pair of pooled tests of `protocol`: the same channel under two conditions, and two
 * sides or segments under one. Its measures are a minus b with the interval of both errors; `limit` is the minimal detectable change. */
DSP_MUST_USE dsp_status compare_tests(dsp_report *report, const dsp_protocol *protocol);

#endif
