/* SPDX-License-Identifier: GPL-3.0-or-later
 * A recording: what a reader hands to a protocol. Physical units, NaN for a missing sample, a gap in time is a segment.
 * Whatever nobody stated stays unknown: NULL text, NaN number, or the enum's UNKNOWN. */
#ifndef DSP_RECORDING_H
#define DSP_RECORDING_H

#include <dsp/audio.h>
#include <dsp/memory.h>
#include <dsp/units.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum dsp_role {
  DSP_ROLE_UNKNOWN,
  DSP_ROLE_VOLUME,        /**< mL */
  DSP_ROLE_STRAIN,        /**< mL/100 mL */
  DSP_ROLE_PRESSURE,      /**< mmHg */
  DSP_ROLE_CUFF_PRESSURE, /**< mmHg */
  DSP_ROLE_PPG,           /**< any unit or none */
  DSP_ROLE_VELOCITY,      /**< cm/s */
  DSP_ROLE_AUDIO,         /**< full scale = 1 */
  DSP_ROLE_ECG,
  DSP_ROLE_TRIGGER,
  DSP_ROLE_TIME
} dsp_role;

typedef enum dsp_side { DSP_SIDE_UNKNOWN, DSP_SIDE_LEFT, DSP_SIDE_RIGHT } dsp_side;

typedef enum dsp_event_kind {
  DSP_EVENT_NOTE,
  DSP_EVENT_SUPINE,
  DSP_EVENT_STAND,
  DSP_EVENT_TILT_UP,
  DSP_EVENT_TILT_DOWN,
  DSP_EVENT_TIPTOE,
  DSP_EVENT_DORSIFLEXION,
  DSP_EVENT_WEIGHT_TRANSFER,
  DSP_EVENT_EXERCISE_START,
  DSP_EVENT_EXERCISE_END,
  DSP_EVENT_CUFF_INFLATE,
  DSP_EVENT_CUFF_RELEASE,
  DSP_EVENT_ARTERIAL_INFLATE,
  DSP_EVENT_ARTERIAL_RELEASE,
  DSP_EVENT_COMPRESS,
  DSP_EVENT_RELEASE,
  DSP_EVENT_VALSALVA,
  DSP_EVENT_CALIBRATION
} dsp_event_kind;

typedef enum dsp_stereo { DSP_STEREO_UNKNOWN, DSP_STEREO_AUTO, DSP_STEREO_IQ, DSP_STEREO_SEPARATED, DSP_STEREO_MONO } dsp_stereo;

/** What a gauge's calibration step meant: percent of volume, or percent of gauge length (a factor of two). */
typedef enum dsp_cal_semantics { DSP_CAL_UNKNOWN, DSP_CAL_VOLUME_PCT, DSP_CAL_LENGTH_PCT } dsp_cal_semantics;

/** A stretch without a gap in time. Sample `first + i` is at t0_s + i / rate_hz. */
typedef struct dsp_segment {
  double t0_s;  /**< from the recording's first sample */
  size_t first; /**< index into the channel's samples */
  size_t n;     /**< > 0 */
} dsp_segment;

typedef struct dsp_channel {
  const char *name;            /**< as the file has it, without its unit; never NULL */
  const char *label;           /**< the side-car's free label, or NULL */
  const char *unit_as_written; /**< the file's spelling, or NULL when it has none */
  const dsp_unit *unit;        /**< NULL: none stated, or not in the table (then unit_as_written says what) */
  dsp_role role;
  dsp_side side;
  const char *site; /**< "calf" ..., or NULL */
  double rate_hz;   /**< > 0 */
  double *x;        /**< n samples in `unit`, NaN missing; owned by the recording. NULL: they are in the recording's audio */
  size_t n;
  size_t missing;        /**< NaN among them */
  dsp_segment *segments; /**< in order of time, together n samples; owned by the recording */
  size_t n_segments;
  double scale, offset; /**< x = raw * scale + offset, raw being the file's own numbers; 1 and 0 when they are equal */
  bool resampled;       /**< put on a regular grid from an irregular clock */
  double jitter_s;      /**< largest distance of a time stamp from the regular grid; 0 when no clock was given */
  bool calibrated;      /**< scale and offset come from the side-car */
  dsp_cal_semantics cal_semantics;
  int polarity; /**< +1 or -1 as stated, 0 unknown; not applied to x */
} dsp_channel;

typedef struct dsp_event {
  double t_s;
  double dur_s; /**< 0 when none was given */
  dsp_event_kind kind;
  unsigned count;     /**< repetitions, 0 when not given */
  double volume_ml;   /**< of a calibration step, NaN when not given */
  double percent;     /**< of an electrical calibration step, NaN when not given */
  const char *text;   /**< free text, or NULL */
  const char *source; /**< "side-car" or the reader's id */
} dsp_event;

typedef struct dsp_warning {
  const char *code; /**< id of a row of dsp_flag_rows */
  const char *text;
} dsp_warning;

typedef struct dsp_doppler {
  double f0_hz, angle_deg, c_m_s, diameter_mm; /**< NaN unknown */
  dsp_stereo stereo;
  bool swap;
  int antegrade_sign; /**< +1, -1, 0 unknown */
  const char *vein;   /**< "GSV" ..., or NULL */
} dsp_doppler;

typedef struct dsp_recording {
  dsp_arena *arena;   /**< owns every string below */
  const char *name;   /**< file's base name */
  char sha256[65];    /**< of the input's bytes, lower-case hex, or "" */
  const char *format; /**< reader's id */
  double t_origin_s;  /**< the file's own time of its first sample; every other time counts from that sample */
  const char *t0;     /**< RFC 3339 start, or NULL */
  const char *device;
  double room_temp_c; /**< NaN unknown */
  const char *subject_key, *ceap;
  const char *compression, *visit, *condition_label;
  const char *protocol; /**< the side-car's, or NULL */
  dsp_doppler doppler;
  dsp_audio audio; /**< source of the channels without `x`; zeroed when there is none */
  dsp_channel *channels;
  size_t n_channels, channels_capacity;
  dsp_event *events; /**< in order of time once dsp_recording_sort_events has run */
  size_t n_events, events_capacity;
  dsp_warning *warnings;
  size_t n_warnings, warnings_capacity;
} dsp_recording;

/** An empty recording with everything unknown; NULL when out of memory. */
DSP_API DSP_MUST_USE dsp_recording *dsp_recording_new(void);
/** Frees the recording and all it owns. NULL is legal. */
DSP_API void dsp_recording_free(dsp_recording *recording);

/** Append a channel. Takes ownership of `x` (malloc'ed, `n` samples) in every case, also on failure. Counts the missing samples and makes
 * one segment from 0. Returns the channel (valid until the next call) or NULL when out of memory. */
DSP_API DSP_MUST_USE dsp_channel *dsp_recording_add_channel(dsp_recording *recording, const char *name, double rate_hz, double *x,
                                                            size_t n);

/** Take `audio` (in every case, also on failure) and append its channels, named by `names` (audio->n_channels of them), role audio. The
 * recording must have no channel yet: channel i of the recording is channel i of the audio. */
DSP_API DSP_MUST_USE dsp_status dsp_recording_add_audio(dsp_recording *recording, const dsp_audio *audio, const char *const *names);
/** Bring a channel of the audio into memory, so that it has an `x` like any other (a pressure that a sound card recorded). Nothing to do
 * for a channel that has one. DSP_LIMIT above 2^26 samples; `read` may fail. */
DSP_API DSP_MUST_USE dsp_status dsp_recording_load_channel(dsp_recording *recording, size_t index, dsp_error *error);

/** Replace a channel's segments by a copy of `segments` (n > 0). */
DSP_API DSP_MUST_USE dsp_status dsp_channel_set_segments(dsp_channel *channel, const dsp_segment *segments, size_t n);

/** Append a copy of `event`; its texts are copied into the arena. */
DSP_API DSP_MUST_USE dsp_status dsp_recording_add_event(dsp_recording *recording, const dsp_event *event);
/** Stable sort of the events by time. DSP_NO_MEMORY leaves them unsorted. */
DSP_API DSP_MUST_USE dsp_status dsp_recording_sort_events(dsp_recording *recording);

/** Append a warning; `code` must be a row of dsp_flag_rows (a caller's mistake otherwise). */
DSP_API DSP_MUST_USE dsp_status dsp_recording_warn(dsp_recording *recording, const char *code, const char *format, ...) DSP_PRINTF(3, 4);

/** Length in seconds: end of the last sample of any channel, minus the start. 0 without channels. */
DSP_API double dsp_recording_duration_s(const dsp_recording *recording);

/** Words of the contract ("volume", "left", "tiptoe", "iq", "length_pct") to enum and back. The `_find` forms return false for an unknown
 * word. */
DSP_API const char *dsp_role_text(dsp_role role);
DSP_API bool dsp_role_find(const char *text, dsp_role *role);
DSP_API const char *dsp_side_text(dsp_side side);
DSP_API bool dsp_side_find(const char *text, dsp_side *side);
DSP_API const char *dsp_event_kind_text(dsp_event_kind kind);
DSP_API bool dsp_event_kind_find(const char *text, dsp_event_kind *kind);
DSP_API const char *dsp_stereo_text(dsp_stereo stereo);
DSP_API bool dsp_stereo_find(const char *text, dsp_stereo *stereo);
/** The UCUM unit that a role requires ("mL" for volume), or NULL when it takes any. */
DSP_API const dsp_unit *dsp_role_unit(dsp_role role);

#endif
