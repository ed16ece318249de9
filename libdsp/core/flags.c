/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table of flags and warning codes. Append at the end only: an id is never renamed or removed, and a set's bit is its row. */
#include <dsp/flags.h>

#include <assert.h>
#include <string.h>

const dsp_flag_row dsp_flag_rows[] = {
    {"not_computable", DSP_FATAL, "The value could not be computed from this recording.",
     "Look at the trace; repeat the test if the phases are not all there."},
    {"no_data", DSP_FATAL, "The channel holds no usable samples.", "Check the sensor, the cable and the export, then record again."},
    {"constant_signal", DSP_FATAL, "The channel does not change.",
     "Check that the cuff was connected and inflated and that the right channel was exported."},
    {"recording_too_short", DSP_FATAL, "The recording is too short for this test.",
     "Record from the supine baseline to the return to supine."},
    {"no_stand", DSP_FATAL, "No rise from a supine to a standing level was found.",
     "Mark the standing event in the side-car, or repeat the test."},
    {"no_baseline", DSP_FATAL, "No usable supine baseline before standing.",
     "Record at least 20 s of flat supine baseline before standing."},
    {"no_contraction", DSP_FATAL, "No single contraction was found.",
     "Mark it in the side-car, or repeat the single tiptoe after the plateau."},
    {"no_series", DSP_FATAL, "No series of contractions was found.", "Mark it in the side-car, or repeat the ten tiptoes."},
    {"no_refill", DSP_FATAL, "The refill after the series was not recorded to its plateau.",
     "Keep the patient standing still after the series until the plateau returns."},
    {"not_reached", DSP_FATAL, "The level that defines the end of this interval was never reached.", "Record longer."},
    {"unit_unknown", DSP_FATAL, "The channel's unit is unknown, so no volume can be given.",
     "State the unit or the calibration in the side-car."},
    {"inverted", DSP_FATAL, "The trace falls where standing must fill the leg: the polarity is reversed.",
     "Check the sensor's polarity and export again."},
    {"implausible", DSP_FATAL, "The value lies outside what is physically possible.", "Check unit, calibration and phases."},
    {"missing_samples", DSP_FATAL, "Samples are missing where this value is read.", "Repeat the manoeuvre."},
    {"no_fit", DSP_FATAL, "The model could not be fitted.", "Look at the trace; the value by direct reading, if any, stands."},
    {"extrapolated", DSP_CAUTION, "Filling was not complete; the value rests on the extrapolated plateau.",
     "Let the patient stand until the trace is flat (at least twice VFT90)."},
    {"incomplete_filling", DSP_CAUTION, "Standing ended before the plateau was reached.",
     "Let the patient stand until the trace is flat (at least twice VFT90)."},
    {"baseline_unsteady", DSP_CAUTION, "The supine baseline is not flat.",
     "Wait until the baseline is flat; raise the leg; keep the cuff free."},
    {"incomplete_emptying", DSP_CAUTION, "The leg was emptier after the test than before it: the first baseline was not empty.",
     "Raise the leg higher and wait longer before standing."},
    {"drift_corrected", DSP_INFO, "A drift between the two supine baselines was taken out as a straight line.",
     "None needed; longer warming of the cuff reduces it."},
    {"drift_large", DSP_CAUTION, "The drift between the two supine baselines exceeds a tenth of the venous volume.",
     "Warm the cuff for at least 5 min, check for leaks, repeat."},
    {"drift_unknown", DSP_INFO, "No second supine baseline: drift could not be checked.", "Record at least 30 s supine after the test."},
    {"muscle_tension", DSP_CAUTION, "Tremor or restlessness while standing.",
     "Weight on the other leg, hold the frame, relax the test leg; repeat."},
    {"contraction_count", DSP_CAUTION, "The series does not have the number of contractions that it should.",
     "Repeat the series with ten contractions."},
    {"contraction_uneven", DSP_CAUTION, "The contractions' timing is uneven.", "Use a metronome; repeat the series."},
    {"cadence", DSP_CAUTION, "The cadence lies outside 0.8 to 1.2 per second.", "Use a metronome at one per second; repeat the series."},
    {"reading_delayed", DSP_CAUTION, "The residual volume could be read only late after the last contraction, so it is read too high.",
     "Return to the standing pose at once after the last contraction."},
    {"bulge_removed", DSP_INFO, "The muscle's bulge during contraction was taken out before reading the lowest volume.", "None needed."},
    {"inflow_unknown", DSP_INFO, "Arterial inflow was not measured: high inflow mimics reflux, low inflow hides it.",
     "Compare with ankle pressures or a resting inflow test of the same session."},
    {"time_unknown", DSP_INFO, "The time of day is unknown; filling worsens by the afternoon.",
     "Store the time in the side-car; compare tests of the same hour."},
    {"compression_calibration", DSP_CAUTION, "The leg wore compression and the recording holds no calibration made with it on.",
     "Calibrate with the device in place."},
    {"cuff_pressure", DSP_CAUTION, "The sensing cuff's pressure lies outside 4 to 8 mmHg.", "Set the cuff to 6 mmHg and recalibrate."},
    {"cuff_pressure_unknown", DSP_INFO, "The sensing cuff's pressure is not in the recording.", "Record it, or note it in the side-car."},
    {"phases_detected", DSP_INFO, "The recording has no marks for this phase; the program found it.",
     "Check the landmarks in the picture."},
    {"marker_disagrees", DSP_CAUTION, "A marker and the trace disagree.", "Check the marker's time; correct the side-car."},
    {"near_limit", DSP_INFO, "The interval of the value contains the limit: the grade could be the neighbouring one.",
     "Repeat the measurement before relying on the grade."},
    {"single_trial", DSP_INFO, "One trial only.", "Repeat the manoeuvre; two trials within 5 points are wanted."},
    {"trials_differ", DSP_CAUTION, "Repeated trials differ by more than 5 points.", "Repeat once more and look at the traces."},
    {"sampling_low", DSP_CAUTION, "The sampling rate is below 10 per second: short minima are missed.", "Record at 20 per second or more."},
    {"fit_disagrees", DSP_INFO, "The direct reading and the exponential fit differ by more than a tenth.",
     "None needed; the direct reading is the one defined."},
    {"missing_bridged", DSP_INFO, "Missing samples were left out of the computation.", "Check the connection if there are many."},
    {"spikes_removed", DSP_INFO, "Isolated spikes were left out of the computation.", "None needed."},
    {"level_step", DSP_CAUTION, "A sudden lasting step of the level outside any manoeuvre: the cuff was touched or slipped.",
     "Look at the trace; repeat if the step lies in a measured phase."},
    {"clipped", DSP_CAUTION, "The trace stays at its extreme value: the converter was saturated.", "Reduce the gain; repeat."},
    {"manoeuvre_unknown", DSP_INFO, "Nobody stated which manoeuvre it was; normal values differ between them.",
     "Name the manoeuvre in the side-car's events."},
    {"side_unknown", DSP_INFO, "Nobody stated which leg this is.", "Name the side in the side-car."},
    {"role_inferred", DSP_INFO, "Nobody stated that this channel is a volume; it was inferred from its unit.",
     "Name the role in the side-car."},
    {"calibration_applied", DSP_INFO, "The volume scale comes from the syringe steps in this recording.", "None needed."},
    {"calibration_nonlinear", DSP_CAUTION, "The syringe steps do not lie on a line within 2 % of full scale.",
     "Repeat the calibration; wait 3 s after each step."},
    {"calibration_disagrees", DSP_CAUTION, "The syringe steps do not agree with the trace's own unit.",
     "Check the device's calibration; repeat."},
    {"calibration_read_as_total", DSP_INFO, "The syringe volumes fit as running totals, not as steps.", "State steps in the side-car."},
    {"see_pooled", DSP_FATAL, "This measure belongs to the whole test, not to one trial.", "Read it in the pooled test."},
    {"resampled", DSP_INFO, "The samples' times are irregular; they were put on a regular grid on their true times.",
     "None needed; check the recorder if the jitter is large."},
    {"gap", DSP_CAUTION, "The recording has a gap in time; the parts were not joined.", "Check that no phase lies in the gap."},
    {"implausible_volume", DSP_CAUTION, "The venous volume lies outside 20 to 600 mL.", "Check unit and calibration."},
    {"time_rounded", DSP_INFO, "The file's times are rounded more coarsely than the sampling; the rate was fitted to all of them.",
     "None needed; export with more digits to see jitter."},
    {"time_batched", DSP_CAUTION,
     "Many samples share a time stamp: the stamps are times of arrival, not of sampling; samples of one stamp were averaged.",
     "Export the device's own clock, or state rate_hz in the side-car and leave the time column out."},
    {"time_wrapped", DSP_INFO, "The device's 32-bit clock ran over; the times were continued.", "None needed."},
    {"time_unit_assumed", DSP_CAUTION, "The time column names no unit; seconds were assumed.",
     "Write the unit into the header, e.g. time (s)."},
    {"rate_from_parameter", DSP_INFO, "The file has no time column; the sampling rate is the one that was stated.",
     "Check the stated rate."},
    {"rows_missing", DSP_INFO, "Single rows are missing in time; they were entered as missing samples.",
     "Check the connection if there are many."},
    {"short_rows", DSP_CAUTION, "Some rows end before their last column; the absent cells count as missing.", "Check the export."},
    {"duplicate_column", DSP_INFO, "Several columns have the same name; a number was added to tell them apart.",
     "Name the columns in the device's export."},
    {"column_dropped", DSP_INFO, "A column holds no samples and was left out.", "None needed."},
    {"encoding_guessed", DSP_INFO, "The text is not valid UTF-8 and was read as Windows-1252.", "Export as UTF-8."},
    {"unit_unrecognized", DSP_CAUTION, "The unit of a channel is not in the table.", "State the unit in the side-car."},
    {"unit_missing", DSP_CAUTION, "A channel's role needs a unit and nobody states one.",
     "State the unit in the file's header or in the side-car."},
    {"sidecar_unknown_key", DSP_CAUTION, "The side-car has a key that this version does not know; it was ignored.", "Check its spelling."},
    {"sidecar_wins", DSP_CAUTION, "File and side-car differ; the side-car's fact was taken.", "Correct the one that is wrong."},
    {"event_outside", DSP_CAUTION, "An event lies outside the recording.",
     "Correct its time: t_s counts seconds from the recording's first sample."},
    {"header_irregular", DSP_CAUTION, "The file's header breaks its format's rules; the file was read all the same.",
     "Check units, times and length; export again if one is wrong."},
    {"file_truncated", DSP_CAUTION, "The file ends before the end that it states.", "Copy or export the recording again."},
    {"checksum_mismatch", DSP_CAUTION, "The samples do not match the checksum or first value that the file states.",
     "Copy or export the recording again."},
    {"gain_assumed", DSP_CAUTION, "The file states no gain for a channel; its format's default was taken.",
     "State the calibration in the side-car."},
    {"identifiers_dropped", DSP_INFO, "The file names a patient; name and dates were left out.",
     "None needed; --keep-identifiers keeps them."},
    {"interval_disagrees", DSP_CAUTION, "Header and time column state different intervals; the time column was taken.",
     "Check the sampling rate; export all samples, with more digits."},
    {"rate_inferred", DSP_INFO, "The samples of a slow channel were repeated in the file; it was read at the rate that this shows.",
     "None needed; --set labchart.held=keep leaves them as they are."},
    {"no_occlusion", DSP_FATAL, "No inflation of the cuff with a rise of volume and a fall after it was found.",
     "Mark cuff_inflate and cuff_release in the side-car, record the cuff's pressure, or repeat the test."},
    {"no_rest", DSP_FATAL, "No usable rest before the manoeuvre.", "Record at least 30 s of flat baseline before it."},
    {"not_released", DSP_FATAL, "The cuff was not vented within the recording.", "Record until at least 30 s after venting."},
    {"released_early", DSP_CAUTION, "The cuff was vented before the volume had reached its plateau: the capacity is read too low.",
     "Hold the cuff until the trace is flat (2 to 3 min)."},
    {"outflow_cut", DSP_CAUTION, "The outflow was recorded for less than 5 s.", "Record at least 30 s after venting."},
    {"deflation_slow", DSP_CAUTION, "The cuff needed more than 0.3 s to empty: outflow in the first seconds is read too low.",
     "Use a wider hose or a rapid-release valve."},
    {"deflation_unknown", DSP_INFO, "The cuff's pressure is not in the recording: how fast it emptied was not checked.",
     "Record the cuff's pressure."},
    {"cuff_channel_used", DSP_INFO, "Inflation and venting were taken from the cuff's pressure.", "None needed."},
    {"cuff_artefact", DSP_INFO, "The cuff moved the sensor when it was vented; those samples were left out.",
     "Place cuff and sensor further apart."},
    {"events_reversed", DSP_CAUTION, "An event that ends a manoeuvre lies before the one that begins it; the pair was not used.",
     "Correct the side-car's events."},
    {"polarity_reversed", DSP_FATAL, "The trace moves the wrong way: the polarity is reversed.",
     "Check the sensor; state polarity in the side-car."},
    {"polarity_assumed", DSP_CAUTION, "Nobody stated the polarity; the exercise's direction in the trace decided.",
     "State polarity in the side-car: 1 when the signal rises while the veins empty."},
    {"saturated", DSP_FATAL, "The converter was saturated where this value is read.", "Reduce the gain; repeat."},
    {"gauge_slipped", DSP_FATAL, "The level jumped between the rest and this reading: sensor or cuff slipped.", "Fix the sensor; repeat."},
    {"cal_semantics_assumed", DSP_CAUTION,
     "Nobody stated whether the gauge's calibration step was a percentage of volume or of length; volume was assumed. Length would double "
     "every "
     "volume.",
     "State cal_semantics in the side-car."},
    {"gauge_calibrated", DSP_INFO, "The scale comes from the electrical steps in this recording.", "None needed."},
    {"gauge_scale_disagrees", DSP_CAUTION, "The electrical steps do not agree with the trace's own scale.",
     "Check the calibration and cal_semantics (volume or length)."},
    {"gauge_gap_corrected", DSP_INFO, "Readings were divided by the share of the girth that the gauge covers.", "None needed."},
    {"suggests_obstruction", DSP_CAUTION, "Outflow is below its limit: suggests outflow obstruction; compression ultrasound decides.",
     "Compare both sides, repeat with the patient relaxed, and arrange compression ultrasound."},
    {"repeats_differ", DSP_CAUTION, "Repeats differ by more than the accepted spread.", "Repeat once more and look at the traces."},
    {"single_repeat", DSP_INFO, "One cycle only.", "Two or three cycles are wanted; the first is often low."},
    {"signal_weak", DSP_FATAL, "The response to the exercise is too small to be read.", "Check the sensor's place and contact; repeat."},
    {"no_exercise", DSP_FATAL, "No exercise was found.", "Mark exercise_start and exercise_end in the side-car, or repeat the test."},
    {"refill_cut", DSP_CAUTION, "The next movement or the recording's end came before the refill was complete.",
     "Record without movement until the trace is flat."},
    {"low_inflow_possible", DSP_INFO, "A low arterial inflow (arterial disease, cold) slows filling and can hide reflux.",
     "Check ankle pressures or a pulse volume recording; warm the limb."},
    {"no_pulse", DSP_FATAL, "No pulse waves, or too few alike, were found.", "Check the sensor; record at least five steady beats."},
    {"beats_unlike", DSP_CAUTION, "A third or more of the beats differ from the others and were left out.",
     "Look for movement and irregular rhythm; record longer."},
    {"limits_unverified", DSP_INFO, "The limits behind this grade were not read in their source.",
     "Check them against your own laboratory's."},
    {"from_report", DSP_CAUTION, "The traces come from a report: they were filtered already and may be thinned.",
     "Analyse the recording itself where it is still there."},
    {"unsealed", DSP_CAUTION, "The report was made by a build for tests, whose readers are not sealed off.",
     "Analyse recordings from others with a build that has the seal."},
    {"audio_length_open", DSP_INFO,
     "The header leaves the length open, as of a recording that was streamed; the samples up to the file's end were taken.",
     "Check that the recorder was stopped, not cut off."},
    {"audio_truncated", DSP_CAUTION, "The file ends before the length that its header promises.",
     "Copy the file again; what is there was read."},
    {"time_unstated", DSP_INFO, "The file does not say when its parts were recorded; they follow one another with a pause between them.",
     "Do not compare times of different parts."},
    {"no_light_level", DSP_FATAL, "The signal has no level of its own (its baseline is not above 0), so no percentage of it can be given.",
     "Export the signal without high-pass filter or subtraction."},
    {"late_level_used", DSP_INFO, "The refill settled above the resting level; recovery was taken to that level.",
     "Check that posture and sensor did not change."},
    {"ti_capped", DSP_INFO, "The initial slope is too small; the initial inflow time was set to its cap.",
     "None needed; it is never graded."},
    {"tourniquet_improves", DSP_INFO, "The refill time is longer with the tourniquet: suggests superficial reflux.",
     "Confirm by duplex ultrasound."},
    {"tourniquet_no_change", DSP_INFO, "The refill time is not longer with the tourniquet: suggests deep reflux if it is short.",
     "Confirm by duplex ultrasound."},
    {"no_ladder", DSP_FATAL, "The cuff was not inflated in steps, so no step can be the largest.",
     "Mark each step with cuff_inflate, or repeat with steps of 10 mmHg."},
    {"steps_alike", DSP_CAUTION, "Two steps raise the volume almost alike: the pressure could be the neighbouring one.",
     "Repeat the ladder."},
    {"step_pressure_assumed", DSP_INFO, "The cuff's pressure is not in the recording; the steps were taken as 10 mmHg each.",
     "Record the cuff's pressure, or set apg.outflow.step_mmhg."},
    {"no_cycles", DSP_FATAL, "No inflation of the collecting cuff was found.",
     "State the inflations in the side-car, or record the cuff's pressure."},
    {"cycle_short", DSP_FATAL, "The collecting cuff was up for too short a time.", "Hold it for 8 to 10 s."},
    {"no_inflow", DSP_FATAL, "The limb does not swell behind the cuff.", "Check that the arterial cuff is down and the gauge fits."},
    {"cycle_outlier", DSP_FATAL, "This cycle's inflow is far from the others'.", "Look at the trace; the pooled value leaves it out."},
    {"cycles_rejected", DSP_INFO, "Some cycles were left out; each says why.", "Look at the rejected cycles."},
    {"few_cycles", DSP_CAUTION, "Fewer than three cycles could be used.", "Record at least three cycles."},
    {"slow_cuff", DSP_CAUTION, "The cuff's artefact lasts longer than a second: slow inflation reads high flows too low.",
     "Use a rapid inflator."},
    {"cycles_vary", DSP_CAUTION, "Inflow varies by more than 15 % between cycles.", "Let the subject rest; repeat."},
    {"no_hyperaemia", DSP_FATAL, "No arterial occlusion followed by cycles was found.",
     "State arterial_inflate and arterial_release in the side-car."},
    {"half_not_reached", DSP_FATAL, "The recording ends before the flow has fallen half-way back to rest.", "Record for longer."},
    {"nothing_to_compare", DSP_FATAL, "One of the two values is missing.", "See the two tests that are compared."},
    {"change_unknown", DSP_INFO, "No within-subject repeatability is known for this measure, so no minimal detectable change is given.",
     "Judge the difference by repeats of your own laboratory."},
    {"change_detected", DSP_INFO, "The difference exceeds the minimal detectable change.", "Check that both were recorded alike."},
    {"change_within_repeats", DSP_INFO, "The difference is no larger than that of repeats in one subject.", "None needed."},
};
const size_t dsp_flag_count = sizeof dsp_flag_rows / sizeof dsp_flag_rows[0];
_Static_assert(sizeof dsp_flag_rows / sizeof dsp_flag_rows[0] <= 64 * (size_t)DSP_FLAG_WORDS, "a set has a bit for every row");

static size_t flag_index(const char *id) {
  size_t i = 0;
  while (i < dsp_flag_count && strcmp(dsp_flag_rows[i].id, id) != 0) i++;
  return i;
}

const dsp_flag_row *dsp_flag_find(const char *id) {
  const size_t i = flag_index(id);
  return i < dsp_flag_count ? &dsp_flag_rows[i] : NULL;
}

const char *dsp_severity_text(dsp_severity severity) {
  switch (severity) {
  case DSP_INFO:
    return "info";
  case DSP_CAUTION:
    return "caution";
  case DSP_FATAL:
    return "fatal";
  }
  return "unknown";
}

void dsp_flags_add(dsp_flags *flags, const char *id) {
  const size_t i = flag_index(id);
  assert(i < dsp_flag_count);
  flags->bits[i / 64] |= UINT64_C(1) << (i % 64);
}

bool dsp_flags_has(const dsp_flags *flags, const char *id) {
  const size_t i = flag_index(id);
  return i < dsp_flag_count && (flags->bits[i / 64] >> (i % 64) & 1);
}

void dsp_flags_join(dsp_flags *flags, const dsp_flags *other) {
  for (size_t w = 0; w < DSP_FLAG_WORDS; w++) flags->bits[w] |= other->bits[w];
}

const dsp_flag_row *dsp_flags_get(const dsp_flags *flags, size_t i) {
  for (size_t row = 0; row < dsp_flag_count; row++)
    if ((flags->bits[row / 64] >> (row % 64) & 1) && i-- == 0) return &dsp_flag_rows[row];
  return NULL;
}
