/* SPDX-License-Identifier: GPL-3.0-or-later
 * The side-car of a recording (pleth-sidecar/1): only what the recording knows and a text format cannot say. What is unknown has no key. */
#include <fmt/writer.h>

#include <math.h>
#include <string.h>

/* An object under construction: the separator before its next member. */
typedef struct object {
  fmt_buffer *out;
  bool filled;
} object;

static void key(object *o, const char *name) {
  fmt_put(o->out, o->filled ? ", " : "{");
  o->filled = true;
  fmt_put_json_text(o->out, name);
  fmt_put(o->out, ": ");
}

static void text(object *o, const char *name, const char *value) {
  if (!value) return;
  key(o, name);
  fmt_put_json_text(o->out, value);
}

static void number(object *o, const char *name, double value) {
  if (!isfinite(value)) return;
  key(o, name);
  fmt_put_number(o->out, value, "null");
}

static void end(object *o) {
  fmt_put(o->out, o->filled ? "}" : "{}");
}

/* One of several that have the same name in the file, where a reader has told them apart: "SmO2" and "SmO2.2". */
static bool shares_name(const dsp_recording *r, size_t i) {
  const char *name = r->channels[i].name;
  for (size_t k = 0; k < r->n_channels; k++) {
    const char *other = r->channels[k].name;
    const size_t n = strlen(other), m = strlen(name);
    if (k != i && ((m > n && strncmp(name, other, n) == 0 && name[n] == '.') || (n > m && strncmp(name, other, m) == 0 && other[m] == '.')))
      return true;
  }
  return false;
}

/* To be filled in; as it stands it says nothing. */
static void unknown(object *o, const char *name) {
  key(o, name);
  fmt_put(o->out, "null");
}

/* Audio has no column headings: its channels are named by their place, and so are those whose headings are not their own. */
static void put_channel(fmt_buffer *out, const dsp_recording *r, size_t i, bool to_complete) {
  const dsp_channel *c = &r->channels[i];
  object o = {out, false};
  if (i < r->audio.n_channels || shares_name(r, i))
    number(&o, "index", (double)i);
  else
    text(&o, "column", c->name);
  text(&o, "label", c->label);
  if (c->role != DSP_ROLE_UNKNOWN)
    text(&o, "role", dsp_role_text(c->role));
  else if (to_complete)
    unknown(&o, "role");
  text(&o, "unit", c->unit_as_written ? c->unit_as_written : c->unit ? c->unit->ucum : NULL);
  if (c->side != DSP_SIDE_UNKNOWN)
    text(&o, "side", dsp_side_text(c->side));
  else if (to_complete)
    unknown(&o, "side");
  if (c->site || !to_complete)
    text(&o, "site", c->site);
  else
    unknown(&o, "site");
  if (c->polarity != 0) number(&o, "polarity", c->polarity);
  if (c->cal_semantics != DSP_CAL_UNKNOWN) {
    key(&o, "calibration");
    object calibration = {out, false};
    text(&calibration, "cal_semantics", c->cal_semantics == DSP_CAL_LENGTH_PCT ? "length_pct" : "volume_pct");
    end(&calibration);
  }
  end(&o);
}

static void put_event(fmt_buffer *out, const dsp_event *e) {
  object o = {out, false};
  number(&o, "t_s", e->t_s);
  text(&o, "kind", dsp_event_kind_text(e->kind));
  if (e->count > 0) number(&o, "count", e->count);
  if (e->dur_s > 0) number(&o, "duration_s", e->dur_s);
  number(&o, "volume_ml", e->volume_ml);
  number(&o, "percent", e->percent);
  text(&o, "text", e->text);
  end(&o);
}

static void put_doppler(fmt_buffer *out, const dsp_doppler *d) {
  object o = {out, false};
  number(&o, "f0_hz", d->f0_hz);
  number(&o, "angle_deg", d->angle_deg);
  number(&o, "c_m_s", d->c_m_s);
  if (d->stereo != DSP_STEREO_UNKNOWN) text(&o, "stereo", dsp_stereo_text(d->stereo));
  if (d->swap) {
    key(&o, "swap");
    fmt_put(out, "true");
  }
  if (d->antegrade_sign != 0) number(&o, "antegrade_sign", d->antegrade_sign);
  text(&o, "vein", d->vein);
  number(&o, "diameter_mm", d->diameter_mm);
  end(&o);
}

/* A group of facts, kept only when one of them is known. */
static void put_group(fmt_buffer *out, const char *name, size_t n, const char *const names[], const char *const texts[], double temp_c) {
  bool known = isfinite(temp_c);
  for (size_t i = 0; i < n; i++) known = known || texts[i];
  if (!known) return;
  fmt_printf(out, ",\n  \"%s\": ", name);
  object o = {out, false};
  for (size_t i = 0; i < n; i++) text(&o, names[i], texts[i]);
  number(&o, "room_temp_c", temp_c);
  end(&o);
}

static bool doppler_known(const dsp_doppler *d) {
  return isfinite(d->f0_hz) || isfinite(d->angle_deg) || isfinite(d->c_m_s) || isfinite(d->diameter_mm) ||
         d->stereo != DSP_STEREO_UNKNOWN || d->swap || d->antegrade_sign != 0 || d->vein;
}

static void put_channels(fmt_buffer *out, const dsp_recording *r, bool to_complete) {
  for (size_t i = 0; i < r->n_channels; i++) {
    fmt_put(out, i == 0 ? ",\n  \"channels\": [" : ",\n               ");
    put_channel(out, r, i, to_complete);
    if (i + 1 == r->n_channels) fmt_put(out, "]");
  }
}

/* What no sound says of the beam that made it. */
static void put_beam(fmt_buffer *out) {
  static const char *const facts[] = {"f0_hz", "angle_deg", "stereo", "antegrade_sign", "vein"};
  object o = {out, false};
  fmt_put(out, ",\n  \"doppler\": ");
  for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) unknown(&o, facts[i]);
  end(&o);
}

/* The file goes on to speak for its own events and times. */
dsp_status fmt_suggest_sidecar(fmt_buffer *out, const dsp_recording *r, dsp_error *error) {
  fmt_put(out, "{ \"schema\": \"pleth-sidecar/1\"");
  fmt_put(out, ",\n  \"protocol\": ");
  if (r->protocol)
    fmt_put_json_text(out, r->protocol);
  else
    fmt_put(out, "null");
  put_channels(out, r, true);
  if (r->audio.n_channels > 0) put_beam(out);
  fmt_put(out, " }\n");
  return out->failed ? dsp_fail_memory(error) : DSP_OK;
}

dsp_status fmt_recording_sidecar(fmt_buffer *out, const dsp_recording *r, dsp_error *error) {
  fmt_put(out, "{ \"schema\": \"pleth-sidecar/1\"");
  if (r->protocol) {
    fmt_put(out, ",\n  \"protocol\": ");
    fmt_put_json_text(out, r->protocol);
  }
  put_group(out, "acquisition", 2, (const char *const[]){"t0", "device"}, (const char *const[]){r->t0, r->device}, r->room_temp_c);
  put_group(out, "subject", 2, (const char *const[]){"key", "ceap"}, (const char *const[]){r->subject_key, r->ceap}, HUGE_VAL);
  put_group(out, "condition", 3, (const char *const[]){"compression", "visit", "label"},
            (const char *const[]){r->compression, r->visit, r->condition_label}, HUGE_VAL);
  put_channels(out, r, false);
  if (doppler_known(&r->doppler)) {
    fmt_put(out, ",\n  \"doppler\": ");
    put_doppler(out, &r->doppler);
  }
  for (size_t i = 0; i < r->n_events; i++) {
    fmt_put(out, i == 0 ? ",\n  \"events\": [" : ",\n             ");
    put_event(out, &r->events[i]);
    if (i + 1 == r->n_events) fmt_put(out, "]");
  }
  fmt_put(out, " }\n");
  return out->failed ? dsp_fail_memory(error) : DSP_OK;
}
