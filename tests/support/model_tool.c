/* SPDX-License-Identifier: GPL-3.0-or-later
 * A recording as the readers hand it over, as JSON: what `pleth info --json` tells, and for each channel its numbers. Failure: one line
 * "place: found; expected" on stderr, status 1.
 * usage: model_tool [-k] [-f FORMAT] [-s NAME=VALUE]... FILE [COMPANION...]   A companion *.pleth.json is the side-car, map.json the map.
 */
#include <fcntl.h>
#include <fmt/reader.h>
#include <fmt/writer.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TABLES_MAX = 64, FILES_MAX = 64 };

static dsp_status open_source(fmt_source *source, const char *path, dsp_error *error) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return dsp_fail(error, DSP_IO_ERROR, path, "a file", "nothing");
  const dsp_status status = fmt_source_read(source, fd, FMT_CAP_FILE_BYTES, 0, error);
  close(fd);
  return status;
}

static const char *base(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Sample `i` of channel `k`, which may be sound. */
static double sample_of(const dsp_recording *r, size_t k, size_t i) {
  float frame[256];
  if (r->channels[k].x) return r->channels[k].x[i];
  return r->audio.n_channels <= 256 && r->audio.read(r->audio.context, frame, i, 1, NULL) == DSP_OK ? (double)frame[k] : NAN;
}

static void put_channel(fmt_buffer *out, const dsp_recording *r, size_t k) {
  const dsp_channel *c = &r->channels[k];
  fmt_put(out, "{\"name\": ");
  fmt_put_json_text(out, c->name);
  fmt_put(out, ", \"unit\": ");
  fmt_put_json_text(out, c->unit_as_written);
  fmt_put(out, ", \"rate_hz\": ");
  fmt_put_number(out, c->rate_hz, "null");
  fmt_put(out, ", \"scale\": ");
  fmt_put_number(out, c->scale, "null");
  fmt_put(out, ", \"offset\": ");
  fmt_put_number(out, c->offset, "null");
  fmt_put(out, ", \"segments\": [");
  for (size_t i = 0; i < c->n_segments; i++) {
    fmt_put(out, i ? ", [" : "[");
    fmt_put_number(out, c->segments[i].t0_s, "null");
    fmt_printf(out, ", %zu, %zu]", c->segments[i].first, c->segments[i].n);
  }
  fmt_put(out, "], \"x\": [");
  for (size_t i = 0; i < c->n; i++) {
    if (i) fmt_put(out, ", ");
    fmt_put_number(out, sample_of(r, k, i), "null");
  }
  fmt_put(out, "]}");
}

static dsp_status put_model(const dsp_recording *r, dsp_error *error) {
  fmt_buffer out = {0};
  fmt_put(&out, "{\"info\": ");
  const dsp_status status = fmt_info_json(&out, r, error);
  fmt_put(&out, ", \"t0\": ");
  fmt_put_json_text(&out, r->t0);
  fmt_put(&out, ", \"subject\": ");
  fmt_put_json_text(&out, r->subject_key);
  fmt_put(&out, ", \"device\": ");
  fmt_put_json_text(&out, r->device);
  fmt_put(&out, ", \"channels\": [");
  for (size_t i = 0; i < r->n_channels; i++) {
    if (i) fmt_put(&out, ",\n ");
    put_channel(&out, r, i);
  }
  fmt_put(&out, "]}\n");
  if (!out.failed && status == DSP_OK) fwrite(out.bytes, 1, out.size, stdout);
  fmt_buffer_clear(&out);
  return status;
}

typedef struct belongings {
  fmt_source sidecar, map;
  fmt_file files[FILES_MAX];
} belongings;

/* A further file, by its name: a side-car, the map, or a companion. */
static dsp_status take_file(belongings *own, fmt_input *input, fmt_read_options *options, const char *path, dsp_error *error) {
  const char *name = base(path), *ending = strstr(name, ".pleth.json");
  if (ending && !ending[strlen(".pleth.json")]) {
    options->sidecar = &own->sidecar, options->sidecar_name = name;
    return open_source(&own->sidecar, path, error);
  }
  if (strcmp(name, "map.json") == 0) {
    options->map = &own->map, options->map_name = name;
    return open_source(&own->map, path, error);
  }
  fmt_file *file = &own->files[input->n_companions];
  file->name = name;
  const dsp_status status = open_source(&file->source, path, error);
  input->n_companions += status == DSP_OK;
  return status;
}

int main(int argc, char **argv) {
  const dsp_param_table *tables[TABLES_MAX] = {0};
  fmt_source source = {0};
  belongings own = {0};
  fmt_input input = {.source = &source, .companions = own.files};
  fmt_read_options options = {0};
  dsp_error error = {0};
  dsp_recording *recording = NULL;
  for (size_t i = 0; fmt_readers[i] && i + 1 < TABLES_MAX; i++) tables[i] = &fmt_readers[i]->params;
  dsp_params *params = dsp_params_new(tables);
  options.params = params;
  dsp_status status = params ? DSP_OK : DSP_NO_MEMORY;
  for (int opt = 0; status == DSP_OK && (opt = getopt(argc, argv, "kf:s:")) != -1;) {
    if (opt == 'k') input.keep_identifiers = true;
    if (opt == 'f') options.format = optarg;
    char *value = opt == 's' ? strchr(optarg, '=') : NULL;
    if (value) *value++ = '\0', status = dsp_params_set(params, optarg, value, &error);
    if (opt == '?') status = DSP_BAD_OPTION;
  }
  if (status == DSP_OK && optind < argc) {
    input.name = base(argv[optind]);
    status = open_source(&source, argv[optind], &error);
  }
  for (int i = optind + 1; status == DSP_OK && i < argc && input.n_companions < FILES_MAX; i++)
    status = take_file(&own, &input, &options, argv[i], &error);
  if (status == DSP_OK) status = fmt_read(&recording, &input, &options, &error);
  if (status == DSP_OK) status = put_model(recording, &error);
  if (status != DSP_OK) fprintf(stderr, "%s: %s; %s\n", error.place, error.found, error.expected);
  dsp_recording_free(recording);
  for (size_t i = 0; i < input.n_companions; i++) fmt_source_clear(&own.files[i].source);
  fmt_source_clear(&own.sidecar);
  fmt_source_clear(&own.map);
  fmt_source_clear(&source);
  dsp_params_free(params);
  return status == DSP_OK ? 0 : 1;
}
