/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every allocation of our own fails in turn, from reading to writing: each time a clean DSP_NO_MEMORY and nothing kept. `allocations STAGE`
 * goes through one stage of a standing test, `allocations file FORMAT PATH...` reads a recording of any format (the first path; the others
 * are its companions) and, unless FORMAT is "-", converts it. The linker puts our malloc, calloc, realloc and free in place of those that
 * our objects ask for (--wrap); the shared libraries keep theirs. */
#include <dsp/memory.h>
#include <dsp/phantom.h>
#include <dsp/protocol.h>
#include <execinfo.h>
#include <fmt/reader.h>
#include <fmt/writer.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The linker gives these names. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static long left = -1; /* allocations until one fails; below 0: none does */
static long live;      /* blocks that our objects hold */
static bool fired;
static void *callers[12]; /* of the allocation that failed, for addr2line */
static int n_callers;

static bool fails(void) {
  if (left < 0 || left-- > 0) return false;
  fired = true;
  n_callers = backtrace(callers, sizeof callers / sizeof *callers);
  return true;
}

static void *count(void *block) {
  if (block != NULL) live++;
  return block;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size) {
  return fails() ? NULL : count(__real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t size) {
  if (fails()) return NULL;
  void *block = __real_realloc(old, size);
  if (old == NULL) count(block);
  return block;
}

void __wrap_free(void *block) {
  if (block != NULL) live--;
  __real_free(block);
}

/* What the stages start from, made once with all the memory there is. */
static struct {
  const dsp_param_table **tables; /* of readers and protocols */
  dsp_params *params, *phantom_params;
  const dsp_phantom *phantom;
  dsp_recording *simulated, *recording;
  dsp_report *report;
  fmt_source csv, sidecar, image;
  FILE *file; /* the CSV once more, behind a descriptor */
} world;

static dsp_status settle(dsp_status status, const fmt_buffer *out) {
  return status == DSP_OK && out->failed ? DSP_NO_MEMORY : status;
}

static dsp_status stage_parameters(dsp_error *error) {
  dsp_params *params = dsp_params_new(world.tables);
  const dsp_status status = params != NULL ? dsp_params_set(params, "apg.stand.plateau_s", "15", error) : DSP_NO_MEMORY;
  dsp_params_free(params);
  return status;
}

static dsp_status stage_simulate(dsp_error *error) {
  dsp_recording *recording = NULL;
  dsp_truth *truth = NULL;
  const double *values = dsp_params_values(world.phantom_params, &world.phantom->params);
  fmt_buffer out = {0};
  dsp_status status = world.phantom->make(values, 1, &recording, &truth, error);
  if (status == DSP_OK) status = fmt_truth_json(&out, truth, world.phantom_params, 1, error);
  status = settle(status, &out);
  fmt_buffer_clear(&out);
  dsp_truth_free(truth);
  dsp_recording_free(recording);
  return status;
}

static dsp_status stage_recording_text(dsp_error *error) {
  fmt_buffer csv = {0}, sidecar = {0};
  dsp_status status = fmt_recording_csv(&csv, world.simulated, NULL, error);
  if (status == DSP_OK) status = fmt_recording_sidecar(&sidecar, world.simulated, error);
  status = settle(settle(status, &csv), &sidecar);
  fmt_buffer_clear(&csv);
  fmt_buffer_clear(&sidecar);
  return status;
}

static dsp_status stage_source(dsp_error *error) {
  fmt_source source = {0};
  rewind(world.file);
  const dsp_status status = fmt_source_read(&source, fileno(world.file), FMT_CAP_FILE_BYTES, 1, error);
  fmt_source_clear(&source);
  return status;
}

static dsp_status read_world(dsp_recording **recording, dsp_error *error) {
  const fmt_input input = {.source = &world.csv, .name = "leg.csv"};
  const fmt_read_options options = {.sidecar = &world.sidecar, .sidecar_name = "leg.pleth.json", .params = world.params};
  return fmt_read(recording, &input, &options, error);
}

static dsp_status stage_read(dsp_error *error) {
  dsp_recording *recording = NULL;
  const dsp_status status = read_world(&recording, error);
  if (status == DSP_OK) dsp_recording_free(recording);
  return status;
}

static dsp_status stage_info(dsp_error *error) {
  fmt_buffer out = {0};
  const dsp_status status = settle(fmt_info_json(&out, world.recording, error), &out);
  fmt_buffer_clear(&out);
  return status;
}

static dsp_status stage_analyze(dsp_error *error) {
  dsp_report *report = NULL;
  dsp_status status = dsp_analyze(world.recording, NULL, NULL, world.params, &report, error);
  if (status != DSP_OK) return status;
  status = fmt_report_add_libraries(report);
  if (status == DSP_OK) status = fmt_config_sha256(report->config_sha256, world.params);
  dsp_report_free(report);
  return status;
}

static dsp_status stage_json(dsp_error *error) {
  fmt_buffer out = {0};
  const dsp_status status = settle(fmt_report_json(&out, world.report, NULL, error), &out);
  fmt_buffer_clear(&out);
  return status;
}

static dsp_status stage_hdf5(dsp_error *error) {
  fmt_buffer out = {0};
  const dsp_status status = settle(fmt_report_hdf5(&out, world.report, NULL, error), &out);
  fmt_buffer_clear(&out);
  return status;
}

static dsp_status stage_check(dsp_error *error) {
  fmt_buffer problems = {0};
  const dsp_status status = settle(fmt_check_report(&problems, &world.image, error), &problems);
  fmt_buffer_clear(&problems);
  return status;
}

static dsp_status stage_svg(dsp_error *error) {
  fmt_buffer out = {0};
  const dsp_status status = settle(fmt_report_svg(&out, &world.image, error), &out);
  fmt_buffer_clear(&out);
  return status;
}

static dsp_status stage_trace(dsp_error *error) {
  fmt_buffer out = {0};
  const dsp_status status = settle(fmt_report_csv(&out, &world.image, error), &out);
  fmt_buffer_clear(&out);
  return status;
}

/* A recording in files. */
static struct {
  const char *format; /* to convert to, or "-" */
  char name[256];
  fmt_source source;
  fmt_file companions[16];
  size_t n;
} files;

static dsp_status stage_file(dsp_error *error) {
  const fmt_input input = {.source = &files.source, .name = files.name, .companions = files.companions, .n_companions = files.n};
  const fmt_read_options options = {0};
  dsp_recording *recording = NULL;
  fmt_parts parts = {0};
  dsp_status status = fmt_read(&recording, &input, &options, error);
  if (status == DSP_OK && files.format[0] != '-') status = fmt_convert(&parts, recording, files.format, error);
  fmt_parts_clear(&parts);
  dsp_recording_free(recording);
  return status;
}

typedef struct stage {
  const char *name;
  dsp_status (*run)(dsp_error *error);
} stage;

static const stage stages[] = {{"parameters", stage_parameters}, {"simulate", stage_simulate}, {"recording_text", stage_recording_text},
                               {"source", stage_source},         {"read", stage_read},         {"info", stage_info},
                               {"analyze", stage_analyze},       {"json", stage_json},         {"hdf5", stage_hdf5},
                               {"check", stage_check},           {"svg", stage_svg},           {"trace", stage_trace}};

static void need(dsp_status status, const dsp_error *error, const char *what) {
  if (status == DSP_OK) return;
  fprintf(stderr, "cannot prepare: %s: %s: %s\n", what, error->place, error->found);
  exit(99);
}

/* A standing test that is over in two minutes, at 10 Hz. */
static void prepare(void) {
  static const char *const settings[][2] = {{"rate_hz", "10"}, {"supine_s", "10"}, {"stand_s", "40"},
                                            {"rest_s", "20"},  {"refill_s", "20"}, {"lie_s", "10"}};
  dsp_error error = {0};
  fmt_buffer csv = {0}, sidecar = {0}, image = {0};
  size_t n = 1;
  for (size_t i = 0; fmt_readers[i] != NULL; i++) n++;
  for (size_t i = 0; dsp_protocols[i] != NULL; i++) n++;
  world.tables = dsp_zalloc(n, sizeof *world.tables);
  n = 0;
  for (size_t i = 0; fmt_readers[i] != NULL; i++) world.tables[n++] = &fmt_readers[i]->params;
  for (size_t i = 0; dsp_protocols[i] != NULL; i++) world.tables[n++] = &dsp_protocols[i]->params;
  world.params = dsp_params_new(world.tables);
  world.phantom = dsp_phantom_find("apg.stand");
  const dsp_param_table **phantom_tables = dsp_zalloc(2, sizeof *phantom_tables);
  phantom_tables[0] = &world.phantom->params;
  world.phantom_params = dsp_params_new(phantom_tables);
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    char name[64];
    (void)snprintf(name, sizeof name, "sim.apg.stand.%s", settings[i][0]);
    need(dsp_params_set(world.phantom_params, name, settings[i][1], &error), &error, name);
  }
  dsp_truth *truth = NULL;
  need(world.phantom->make(dsp_params_values(world.phantom_params, &world.phantom->params), 1, &world.simulated, &truth, &error), &error,
       "simulate");
  need(fmt_recording_csv(&csv, world.simulated, NULL, &error), &error, "csv");
  need(fmt_recording_sidecar(&sidecar, world.simulated, &error), &error, "side-car");
  need(fmt_source_from_memory(&world.csv, csv.bytes, csv.size, &error), &error, "csv");
  need(fmt_source_from_memory(&world.sidecar, sidecar.bytes, sidecar.size, &error), &error, "side-car");
  world.file = tmpfile();
  if (world.file == NULL || fwrite(csv.bytes, 1, csv.size, world.file) != csv.size || fflush(world.file) != 0) exit(99);
  need(read_world(&world.recording, &error), &error, "read");
  need(dsp_analyze(world.recording, NULL, NULL, world.params, &world.report, &error), &error, "analyze");
  need(fmt_report_add_libraries(world.report), &error, "libraries");
  need(fmt_config_sha256(world.report->config_sha256, world.params), &error, "digest");
  need(fmt_report_hdf5(&image, world.report, NULL, &error), &error, "hdf5");
  need(fmt_source_from_memory(&world.image, image.bytes, image.size, &error), &error, "image");
  dsp_truth_free(truth);
  fmt_buffer_clear(&csv);
  fmt_buffer_clear(&sidecar);
  fmt_buffer_clear(&image);
}

static int complain(const char *name, long i, const char *what, const dsp_error *error) {
  printf("%s: allocation %ld failed: %s: %s: %s\n", name, i, what, error->place, error->found);
  fflush(stdout);
  backtrace_symbols_fd(callers, n_callers, STDOUT_FILENO);
  return 1;
}

/* Fail allocation after allocation of one stage until it runs through. Returns the number of faults. */
static int try_stage(const stage *s, dsp_status whole) {
  int faults = 0;
  long i = 0;
  dsp_error error = {0};
  const dsp_status found = s->run(&error);
  if (found != whole) {
    printf("%s: with all the memory there is: %s: %s\n", s->name, dsp_status_text(found), error.found);
    return 1;
  }
  for (;; i++) {
    const long before = live;
    memset(&error, 0, sizeof error);
    fired = false;
    left = i;
    const dsp_status status = s->run(&error);
    left = -1;
    if (status != (fired ? DSP_NO_MEMORY : whole)) faults += complain(s->name, i, dsp_status_text(status), &error);
    if (live != before) faults += complain(s->name, i, "blocks are kept", &error);
    if (!fired) break;
  }
  printf("%-18s %5ld allocations failed in turn, %d faults\n", s->name, i, faults);
  return faults;
}

static bool take_file(fmt_source *source, const char *path) {
  FILE *file = fopen(path, "rb");
  const bool taken = file && fmt_source_read(source, fileno(file), FMT_CAP_FILE_BYTES, 1, NULL) == DSP_OK;
  if (file) (void)fclose(file);
  return taken;
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* A conversion that a format is no place for is refused with all the memory, too. */
static int try_file(const char *format, char **paths, int n) {
  static const stage file = {"file", stage_file};
  dsp_error error = {0};
  files.format = format;
  (void)snprintf(files.name, sizeof files.name, "%s", base_name(paths[0]));
  if (n > 16 || !take_file(&files.source, paths[0])) return 99;
  for (int i = 1; i < n; i++) {
    files.companions[files.n].name = base_name(paths[i]);
    if (!take_file(&files.companions[files.n++].source, paths[i])) return 99;
  }
  const dsp_status whole = stage_file(&error);
  if (whole != DSP_OK && format[0] == '-') {
    printf("%s: %s: %s\n", files.name, error.place, error.found);
    return 1;
  }
  return try_stage(&file, whole) > 0 ? 1 : 0;
}

/* The stage that is named, so that a crash in one hides no other. */
int main(int argc, char **argv) {
  if (argc > 3 && strcmp(argv[1], "file") == 0) return try_file(argv[2], argv + 3, argc - 3);
  for (size_t s = 0; argc == 2 && s < sizeof stages / sizeof *stages; s++) {
    if (strcmp(stages[s].name, argv[1]) != 0) continue;
    prepare();
    return try_stage(&stages[s], DSP_OK) > 0 ? 1 : 0;
  }
  fprintf(stderr, "usage: allocations STAGE | file FORMAT PATH...\n");
  return 2;
}
