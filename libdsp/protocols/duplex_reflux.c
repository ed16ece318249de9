/* SPDX-License-Identifier: GPL-3.0-or-later
 * Duplex Doppler: venous reflux after compression and release, from audio or from a velocity trace.
 * Method: definitions of the rows below. Audio is surveyed, passed over coarsely to find the compressions, and read finely around each; a
 * velocity channel enters where the audio's course of velocity does. */
#include "parts/duplex_course.h"
#include "parts/duplex_report.h"

#include <math.h>
#include <string.h>

#define OURS   "engineering choice"
#define DUPLEX "duplex ultrasound reflux testing as reported by Labropoulos 2003 and the SVS/AVF guidelines"

static const dsp_param_row param_rows[P_ROWS] = {
    [P_WINDOW] = {"duplex.reflux.window_s", "s", 0.034, 0.005, 0.1, NULL, "Length of one spectrum's window.", OURS},
    [P_HOP] = {"duplex.reflux.hop_s", "s", 0.004, 0.001, 0.02, NULL, "Time from one spectrum to the next around a compression.", OURS},
    [P_THRESHOLD] = {"duplex.reflux.threshold_cm_s", "cm/s", 2, 0.5, 20, NULL, "Retrograde velocity from which flow counts.", DUPLEX},
    [P_THRESHOLD_HZ] = {"duplex.reflux.threshold_hz", "Hz", 65, 10, 1000, NULL,
                        "The same as a shift, used where transmit frequency or angle are unknown.", OURS},
    [P_BRIDGE] = {"duplex.reflux.bridge_s", "s", 0.1, 0, 1, NULL, "Longest interruption of reflux that is bridged.", OURS},
    [P_CLOSURE] = {"duplex.reflux.closure_s", "s", 0.38, 0, 0.5, NULL, "A reversal shorter than this is the valve's closure, not reflux.",
                   OURS},
    [P_START] = {"duplex.reflux.start_s", "s", 0.8, 0.1, 3, NULL, "Longest time from release to the start of reflux.", OURS},
    [P_HOLD] = {"duplex.reflux.hold_s", "s", 1.2, 0, 10, NULL, "Longest time from the end of augmentation to an unmarked release.", OURS},
    [P_LONGEST] = {"duplex.reflux.longest_s", "s", 12, 2, 60, NULL, "Longest time after release that is searched.", OURS},
    [P_FALSE_ALARM] = {"duplex.reflux.false_alarm", "1", 0.001, 1e-9, 0.1, NULL, "Chance that noise alone passes for flow, per spectrum.",
                       OURS},
    [P_LEAST_PUSH] = {"duplex.reflux.least_push_cm_s", "cm/s", 10, 1, 100, NULL, "Smallest peak velocity of an unmarked compression.",
                      OURS},
    [P_PUSH_RATIO] = {"duplex.reflux.push_ratio", "1", 2.3, 1, 10, NULL,
                      "Smallest ratio of an unmarked compression's flow to the typical flow.", OURS},
    [P_ANGLE_ERROR] = {"duplex.reflux.angle_error_deg", "deg", 3, 0, 15, NULL,
                       "Standard error of the stated angle, for the intervals of velocities.", OURS},
    [P_ANGLE_FLAG] = {"duplex.reflux.angle_flag_deg", "deg", 70, 0, 85, NULL, "Angle above which velocities are flagged.", DUPLEX},
    [P_SMOOTH] = {"duplex.reflux.smooth_s", "s", 0.05, 0, 0.5, NULL, "Time over which the mean velocity is averaged for its peak.", OURS},
    [P_PHASIC] = {"duplex.reflux.least_phasicity", "1", 0.2, 0, 2, NULL, "Phasicity below which flow is called continuous.", OURS},
    [P_BLUNTED] = {"duplex.reflux.least_augmentation", "1", 1.5, 1, 10, NULL,
                   "Ratio of augmented to resting flow below which augmentation is called blunted.", OURS},
    [P_BROADENING] = {"duplex.reflux.broadening", "", 1, 0, 1, "left_in|taken_out",
                      "Spectral broadening of PRV and AUG.peak: taken out, or left in as other software draws the envelope.", OURS},
};

static const dsp_measure_row measure_rows[] = {
    {"RT", "s", "duplex.RT.first_last",
     "Reflux time: first to last crossing of the retrograde threshold after release; 0 without retrograde flow.", DUPLEX},
    {"RT.1", "s", "duplex.RT.first_last", "Reflux time at 1 cm/s.", DUPLEX},
    {"RT.2", "s", "duplex.RT.first_last", "Reflux time at 2 cm/s.", DUPLEX},
    {"RT.5", "s", "duplex.RT.first_last", "Reflux time at 5 cm/s.", DUPLEX},
    {"RT.release", "s", "duplex.RT.release", "From the release of compression to the end of retrograde flow.", DUPLEX},
    {"PRV", "cm/s", "duplex.PRV.envelope", "Peak reflux velocity: largest retrograde velocity of the envelope.", DUPLEX},
    {"PMV", "cm/s", "duplex.PMV.intensity", "Peak mean velocity: largest retrograde intensity-weighted mean velocity.", DUPLEX},
    {"MRV", "cm/s", "duplex.MRV.intensity", "Mean reflux velocity: time average of the mean velocity over the reflux time.", DUPLEX},
    {"VR", "mL", "duplex.VR.area", "Reflux volume: cross-section x mean reflux velocity x reflux time.", DUPLEX},
    {"TAF", "mL/min", "duplex.TAF.area", "Time-averaged reflux flow: cross-section x mean reflux velocity.", DUPLEX},
    {"AUG.peak", "cm/s", "duplex.AUG.envelope", "Augmentation: largest antegrade velocity of the envelope during compression.", DUPLEX},
    {"AUG.ratio", "1", "duplex.AUG.rest", "AUG.peak over the mean velocity of the envelope at rest.", DUPLEX},
    {"RI", "1", "duplex.RI.cycle", "Recirculation index: retrograde over antegrade distance of one compression and release.", OURS},
    {"PHASICITY", "1", "duplex.PHASICITY.range", "Range of the flow at rest over its mean, over at least three breaths.", OURS},
};

static bool applicable(const dsp_recording *recording, const dsp_channel *channel, dsp_error *missing) {
  const size_t index = (size_t)(channel - recording->channels);
  if (channel->role == DSP_ROLE_VELOCITY && channel->x) return true;
  if (channel->role != DSP_ROLE_AUDIO) {
    dsp_fail(missing, DSP_NOT_APPLICABLE, channel->name, "role audio or velocity", "role %s", dsp_role_text(channel->role));
    return false;
  }
  /* Two channels are one Doppler signal: the first speaks for both. */
  for (size_t c = 0; c < index; c++)
    if (recording->channels[c].role == DSP_ROLE_AUDIO) {
      dsp_fail(missing, DSP_NOT_APPLICABLE, channel->name, "the first audio channel", "a further audio channel");
      return false;
    }
  return recording->audio.read != NULL;
}

/* Nothing can be read from a course without directions. */
static bool no_direction(const duplex_audio *audio) {
  return duplex_audio_kind(audio) == DSP_STEREO_UNKNOWN || duplex_audio_kind(audio) == DSP_STEREO_MONO;
}

static dsp_status open_audio(duplex_test *t, dsp_error *error) {
  dsp_status status = duplex_audio_open(&t->audio, t->recording, t->channel, t->params, t->hz_per_cm_s, error);
  if (status == DSP_OK && !no_direction(t->audio)) status = duplex_audio_overview(t->audio, &t->course, error);
  if (status == DSP_OK) t->all = *duplex_audio_disturbance(t->audio);
  if (status == DSP_OK && isfinite(t->hz_per_cm_s)) duplex_course_scale(&t->course, 1 / t->hz_per_cm_s);
  return status;
}

static dsp_status open_trace(duplex_test *t, dsp_error *error) {
  static const double least_rate_hz = 25;
  dsp_trace_facts facts;
  const dsp_status status = duplex_course_of_channel(&t->course, &facts, t->channel, error);
  if (status == DSP_OK) part_note_facts(&t->report->tests[t->pooled], t->recording, t->channel, &facts, least_rate_hz);
  return status;
}

static duplex_disturbance since(duplex_disturbance now, duplex_disturbance before) {
  return (duplex_disturbance){.frames = now.frames - before.frames,
                              .lost = now.lost - before.lost,
                              .masked = now.masked - before.masked,
                              .bursts = now.bursts - before.bursts,
                              .samples = now.samples - before.samples,
                              .saturated = now.saturated - before.saturated,
                              .fast = now.fast - before.fast};
}

/* Sounds that flow drowns are not masked and pull the velocities: by 15 to 21 % with speech 5 dB above the simulated blood. */
static void widen_velocities(duplex_reading *r) {
  static const double much = 0.02, pull = 0.22;
  if (!((double)r->met.masked > much * (double)r->met.frames)) return;
  r->prv.se = hypot(r->prv.se, pull * r->prv.value);
  r->pmv.se = hypot(r->pmv.se, pull * r->pmv.value);
  r->mrv.se = hypot(r->mrv.se, pull * r->mrv.value);
}

/* The course around a compression, antegrade positive, as far as it is needed: most flows have settled long before `end_s`. */
static dsp_status take_course(duplex_course *fine, duplex_test *t, const duplex_push *p, double from_s, double end_s, dsp_error *error) {
  static const double soon_s = 6;
  const double unit = isfinite(t->hz_per_cm_s) ? t->hz_per_cm_s : 1, soon = (isfinite(p->start_s) ? p->start_s : p->release_s) + soon_s;
  for (double to_s = fmin(soon, end_s);; to_s = end_s) {
    const dsp_status status =
        t->audio ? duplex_audio_track(t->audio, fine, from_s, to_s, error) : duplex_course_cut(fine, &t->course, from_s, to_s);
    if (status != DSP_OK) return status;
    duplex_course_scale(fine, t->audio ? t->sign / unit : t->sign);
    if (t->audio) t->lowest = duplex_audio_lowest_hz(t->audio) / unit;
    if (to_s >= end_s || duplex_settled(t, fine, p)) return DSP_OK;
    duplex_course_clear(fine);
  }
}

static dsp_status run_trials(duplex_test *t, duplex_reading *readings, dsp_error *error) {
  dsp_status status = DSP_OK;
  for (size_t i = 0; i < t->n_pushes && status == DSP_OK; i++) {
    duplex_push *p = &t->push[i];
    duplex_course fine = {0};
    const duplex_disturbance before = t->audio ? *duplex_audio_disturbance(t->audio) : (duplex_disturbance){0};
    const double from_s = fmax(0, (isfinite(p->start_s) ? p->start_s : p->release_s - 2) - 1);
    const double end_s = fmin(p->until_s, (p->release_marked ? p->release_s : p->start_s + 3) + t->params[P_LONGEST]);
    status = take_course(&fine, t, p, from_s, end_s, error);
    if (status == DSP_OK) status = duplex_read(&readings[i], t, &fine, p, error);
    if (status == DSP_OK && t->audio) readings[i].met = since(*duplex_audio_disturbance(t->audio), before);
    widen_velocities(&readings[i]);
    if (status == DSP_OK) status = duplex_overlay(&t->course, &fine, t->sign);
    if (status == DSP_OK && t->n_pushes > 1) status = duplex_report_trial(t, &readings[i], (unsigned)i + 1, &fine);
    duplex_course_clear(&fine);
  }
  return status == DSP_NO_MEMORY ? dsp_fail_memory(error) : status;
}

static dsp_status run(const dsp_recording *recording, const dsp_channel *channel, const double *params, dsp_report *report,
                      dsp_error *error) {
  const dsp_doppler *d = &recording->doppler;
  duplex_test t = {.recording = recording, .channel = channel, .params = params, .report = report};
  duplex_reading readings[DUPLEX_TRIALS_MAX] = {{0}};
  const bool audio = channel->role == DSP_ROLE_AUDIO;
  t.hz_per_cm_s = audio ? dsp_doppler_hz_per_cm_s(d->f0_hz, d->angle_deg, isfinite(d->c_m_s) ? d->c_m_s : 1540) : 1;
  t.sign = audio && d->swap ? -d->antegrade_sign : d->antegrade_sign;
  if (!audio && t.sign == 0) t.sign = channel->polarity;
  t.pooled = report->n_tests;
  dsp_status status = duplex_add_test(&t, 0, NULL) ? DSP_OK : DSP_NO_MEMORY;
  if (status == DSP_OK) status = audio ? open_audio(&t, error) : open_trace(&t, error);
  if (status == DSP_OK) status = duplex_find_pushes(&t, error);
  if (status == DSP_OK) status = duplex_read_rest(&t);
  if (status == DSP_OK && !duplex_hopeless(&t)) status = run_trials(&t, readings, error);
  if (status == DSP_OK) status = duplex_report_pooled(&t, readings);
  if (status == DSP_OK) status = duplex_report_series(&t, error);
  duplex_course_clear(&t.course);
  duplex_audio_close(t.audio);
  return status == DSP_NO_MEMORY ? dsp_fail_memory(error) : status;
}

const dsp_protocol dsp_duplex_reflux = {
    .id = "duplex.reflux",
    .title = "Duplex Doppler, reflux after compression",
    .needs = "Doppler audio, or a channel of role velocity",
    .posture = "Standing, weight on the other leg, the examined leg slightly bent and turned outwards; examined in the morning.",
    .steps = "1. Insonate the vein at 60 degrees or less, sample volume across the lumen, lowest wall filter. 2. Record 15 s of rest. 3. "
             "Compress the limb below the probe for a second, release at once. 4. Record until the flow has settled. 5. Repeat twice.",
    .sidecar = "doppler: f0_hz, angle_deg, stereo, antegrade_sign, vein, diameter_mm. Events: compress and release, or a channel of role "
               "cuff_pressure; without them the compressions are found in the flow.",
    .params = {"duplex.reflux", param_rows, P_ROWS},
    .measures = measure_rows,
    .n_measures = sizeof measure_rows / sizeof measure_rows[0],
    .applicable = applicable,
    .run = run,
};
