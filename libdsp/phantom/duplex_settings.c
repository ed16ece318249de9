/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parameter rows of the simulated reflux test, and the draws that `randomise` asks for. */
#include <math.h>
#include <phantom/duplex_settings.h>
#include <phantom/rng.h>
#include <string.h>

enum { STREAM_SETTINGS = 1 };

#define ID(name) "sim.duplex.reflux." name
#define OURS     "engineering choice"
#define ROW(name, unit, value, lo, hi, help)                                                                                               \
  { ID(name), unit, value, lo, hi, NULL, help, OURS }
#define CHOICE(name, value, last, words, help)                                                                                             \
  { ID(name), "", value, 0, last, words, help, OURS }
#define VEINS "CFV|FV|DFV|PV|PTV|ATV|FIBV|GAST|SOL|GSV|AASV|PASV|SSV|GIAC|PERF|SFJ|SPJ"

const char *const dsp_duplex_veins[] = {"CFV", "FV",   "DFV",  "PV",  "PTV",  "ATV",  "FIBV", "GAST", "SOL",
                                        "GSV", "AASV", "PASV", "SSV", "GIAC", "PERF", "SFJ",  "SPJ"};
enum { GSV = 9, LAST_VEIN = sizeof dsp_duplex_veins / sizeof dsp_duplex_veins[0] - 1 };

const dsp_param_row dsp_duplex_rows[] = {
    CHOICE("kind", DSP_DUPLEX_IQ, DSP_DUPLEX_VELOCITY, "iq|separated|mono|dual_mono|velocity",
           "Quadrature audio, forward and reverse audio, one channel, the same in both, or a velocity trace."),
    CHOICE("valve", DSP_DUPLEX_INCOMPETENT, DSP_DUPLEX_INCOMPETENT, "competent|incompetent",
           "A closing spike, or reflux after each release."),
    CHOICE("stereo", DSP_DUPLEX_STATED, DSP_DUPLEX_UNSTATED, "stated|auto", "Does the side-car say what the channels are?"),
    CHOICE("direction", DSP_DUPLEX_STATED, DSP_DUPLEX_UNSTATED, "stated|unknown", "Does the side-car say which shift is antegrade?"),
    CHOICE("swap", DSP_DUPLEX_NO_SWAP, DSP_DUPLEX_SWAP_SILENT, "no|stated|silent",
           "The two channels exchanged, and the side-car says so, or does not."),
    CHOICE("vein", GSV, LAST_VEIN, VEINS, "Vein that the side-car names."),
    CHOICE("side", 1, 2, "unknown|left|right", "Limb that the side-car names."),
    CHOICE("bits", 0, 2, "16|24|float", "Samples of the audio."),
    CHOICE("mains_hz", 0, 1, "50|60", "Frequency of the mains."),
    ROW("randomise", "1", 0, 0, 1,
        "1: draw channel kind, valve, events, rate, device, flow, echo and imbalance from the seed; SNR, clutter and the rows after dc "
        "stay."),
    ROW("events", "1", 1, 0, 1, "1: the recording carries its compressions and releases; 0: none."),
    ROW("rate_hz", "Hz", 8000, 1000, 48000, "Audio samples a second, a whole number."),
    ROW("trace_hz", "Hz", 100, 20, 2000, "Samples a second of the velocity trace."),
    ROW("trace_noise_cm_s", "cm/s", 0.5, 0, 50, "SD of the noise of the velocity trace."),
    ROW("antegrade_sign", "1", 1, -1, 1, "1: a positive shift is flow towards the heart; -1: a negative one."),
    ROW("f0_hz", "Hz", 5e6, 2e6, 1e7, "Transmitted frequency."),
    ROW("angle_deg", "deg", 60, 0, 80, "Beam to vein."),
    ROW("diameter_mm", "mm", 6, 1, 30, "Vein's diameter."),
    ROW("trials", "1", 3, 1, DSP_DUPLEX_TRIALS_MAX, "Compressions."),
    ROW("lead_s", "s", 8, 1, 120, "Rest before the first compression."),
    ROW("cycle_s", "s", 12, 3, 60, "From one compression to the next, and from the last one to the end."),
    ROW("cycle_jitter_s", "s", 0, 0, 5, "Largest departure of a compression from that clock."),
    ROW("variation", "1", 0, 0, 0.5, "Relative SD of augmentation and reflux from one trial to the next."),
    ROW("rest_cm_s", "cm/s", 10, 0, 50, "Mean resting velocity."),
    ROW("phasic", "1", 0.5, 0, 3, "Swing of breathing about it, as a share of it; above 1 flow reverses, below 0.15 it is continuous."),
    ROW("breath_hz", "Hz", 0.25, 0.05, 1, "Breaths a second."),
    ROW("quiet_s", "s", 0.8, 0, 20, "No flow after the reflux or the closing spike."),
    ROW("recover_s", "s", 0.8, 0.05, 20, "Time constant of the resting flow's return."),
    ROW("augment_cm_s", "cm/s", 60, 0, 200, "Peak of the compression's half-sine."),
    ROW("compress_s", "s", 0.8, 0.1, 5, "Its length."),
    ROW("hold_s", "s", 0.5, 0, 10, "From its end to the release."),
    ROW("delay_s", "s", 0.05, 0, 1, "From the release to the onset of retrograde flow."),
    ROW("prv_cm_s", "cm/s", 30, 0.1, 150, "Peak of the reflux."),
    ROW("rise_s", "s", 0.1, 0.01, 1, "Its rise, a raised cosine."),
    ROW("tau_s", "s", 1.5, 0.05, 100, "Time constant of its decay."),
    ROW("stop_s", "s", 2, 0.02, 30, "From onset to the abrupt stop of the reflux."),
    ROW("closure_cm_s", "cm/s", 15, 0, 80, "competent: peak of the closing spike."),
    ROW("closure_s", "s", 0.2, 0.02, 1, "competent: its length; it ends abruptly."),
    ROW("profile", "1", 2, 1, 12, "Exponent of the velocity profile: 2 parabolic, 9 nearly plug."),
    ROW("broadening", "1", 0.03, 0, 0.3, "Relative SD of a scatterer's shift."),
    ROW("transit_s", "s", 0.04, 0.005, 1, "Time that a scatterer spends in the sample volume."),
    ROW("snr_db", "dB", 20, -20, 80, "Power of the blood's echo over that of the noise in the whole band."),
    ROW("clutter_db", "dB", 0, 0, 50, "Power of the wall's echo over that of the blood; 0: no wall."),
    ROW("clutter_hz", "Hz", 50, 2, 200, "Half width of the wall's spectrum."),
    ROW("wall_hz", "Hz", 0, 0, 1000, "Wall filter of the device; 0: none."),
    ROW("gain_db", "dB", 0, -6, 6, "Gain of Q over I."),
    ROW("phase_deg", "deg", 0, -30, 30, "Phase of Q short of a right angle."),
    ROW("crosstalk_db", "dB", 0, 0, 80, "separated: each channel in the other, so much weaker; 0: none."),
    ROW("dc", "1", 0, -1, 1, "Offset of both channels, in units of the blood's echo."),
    ROW("clicks", "1", 0, 0, 1000, "Clicks."),
    ROW("click_db", "dB", 20, -20, 60, "Their peak over the blood's echo."),
    ROW("speech", "1", 0, 0, 100, "Utterances of about a second in both channels."),
    ROW("speech_db", "dB", 5, -40, 40, "Their power over that of the blood."),
    ROW("mains_db", "dB", -100, -100, 40, "Power of mains hum over that of the blood; -100: none."),
    ROW("peak", "1", 0.7, 0.001, 10, "Largest sample, full scale = 1; above 1 the converter clips."),
};
_Static_assert(sizeof dsp_duplex_rows / sizeof dsp_duplex_rows[0] == DSP_DUPLEX_ROWS, "a row for every member");

double dsp_duplex_hz_per_cm_s(const dsp_duplex_settings *s) {
  return (s->antegrade_sign < 0 ? -1 : 1) * 0.02 * s->f0_hz * cos(s->angle_deg * 3.14159265358979323846 / 180) / DSP_DUPLEX_C_M_S;
}

/* A device and a flow of published range; the transmitted frequency is lowered until the fastest shift fits into the band. */
static void draw(dsp_duplex_settings *s, dsp_rng *rng) {
  static const double rates_hz[] = {8000, 11025, 16000, 22050, 32000, 44100};
  s->kind = dsp_rng_uniform(rng) < 0.5 ? DSP_DUPLEX_IQ : DSP_DUPLEX_SEPARATED;
  s->valve = dsp_rng_uniform(rng) < 1.0 / 3 ? DSP_DUPLEX_COMPETENT : DSP_DUPLEX_INCOMPETENT;
  s->events = dsp_rng_uniform(rng) < 0.5;
  s->antegrade_sign = dsp_rng_uniform(rng) < 0.5 ? 1 : -1;
  s->rate_hz = rates_hz[(size_t)(dsp_rng_uniform(rng) * 6)];
  s->angle_deg = dsp_rng_between(rng, 45, 60);
  s->f0_hz = 1e5 * round(10 * dsp_rng_log_between(rng, 2, 10));
  s->diameter_mm = dsp_rng_between(rng, 3, 12);
  s->trials = 1 + floor(2 * dsp_rng_uniform(rng));
  s->lead_s = dsp_rng_between(rng, 5, 9);
  s->cycle_s = dsp_rng_between(rng, 9, 12);
  s->cycle_jitter_s = 0.5;
  s->rest_cm_s = dsp_rng_between(rng, 5, 15);
  s->phasic = dsp_rng_between(rng, 0.3, 1);
  s->breath_hz = dsp_rng_between(rng, 0.15, 0.35);
  s->quiet_s = dsp_rng_between(rng, 0.3, 1.5);
  s->recover_s = dsp_rng_between(rng, 0.3, 1.5);
  s->augment_cm_s = dsp_rng_between(rng, 30, 120);
  s->compress_s = dsp_rng_between(rng, 0.5, 1.5);
  s->hold_s = dsp_rng_uniform(rng) < 0.5 ? 0 : dsp_rng_between(rng, 0, 1);
  s->delay_s = dsp_rng_between(rng, 0, 0.2);
  s->prv_cm_s = dsp_rng_between(rng, 10, 80);
  s->rise_s = dsp_rng_between(rng, 0.05, 0.15);
  s->tau_s = dsp_rng_log_between(rng, 0.4, 4);
  s->stop_s = dsp_rng_between(rng, 0.55, 4);
  s->closure_cm_s = dsp_rng_between(rng, 5, 30);
  s->closure_s = dsp_rng_between(rng, 0.05, 0.35);
  s->profile = dsp_rng_between(rng, 2, 9);
  s->broadening = dsp_rng_between(rng, 0.02, 0.08);
  s->gain_db = dsp_rng_between(rng, -1, 1);
  s->phase_deg = dsp_rng_between(rng, -5, 5);
  double fastest_hz = fmax(s->augment_cm_s, s->prv_cm_s) * fabs(dsp_duplex_hz_per_cm_s(s)) * (1 + 3 * s->broadening);
  if (fastest_hz > 0.42 * s->rate_hz) s->f0_hz = fmax(2e6, floor(s->f0_hz * 0.42 * s->rate_hz / fastest_hz));
}

dsp_status dsp_duplex_settle(dsp_duplex_settings *settings, const double *values, uint64_t seed, dsp_error *error) {
  dsp_rng rng;
  dsp_rng_seed(&rng, seed, STREAM_SETTINGS);
  memcpy(settings, values, sizeof *settings);
  if (settings->randomise > 0) draw(settings, &rng);
  settings->rate_hz = round(settings->rate_hz);
  double busy_s = settings->compress_s + settings->hold_s + settings->delay_s +
                  (settings->valve > 0 ? fmax(settings->stop_s, settings->rise_s) : settings->closure_s) + settings->cycle_jitter_s;
  if (busy_s > settings->cycle_s)
    return dsp_fail(error, DSP_BAD_OPTION, ID("cycle_s"), "time for compression, hold, delay, reflux and jitter", "%g s for %g s",
                    settings->cycle_s, busy_s);
  return DSP_OK;
}
