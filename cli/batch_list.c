/* SPDX-License-Identifier: GPL-3.0-or-later
 * Recordings below folders: every file with an extension that a reader knows, or that --include names, by name, so that the order is the
 * same everywhere; not what this program writes, not hidden files, not the samples of a header file beside them. */
#include "batch_list.h"
#include "batch_log.h"
#include "batch_manifest.h"
#include "batch_record.h"
#include "exits.h"
#include "input.h"
#include "inputs.h"
#include "message.h"
#include <dirent.h>
#include <dsp/memory.h>
#include <errno.h>
#include <fmt/reader.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

typedef struct batch_walk {
  batch_list *list;
  const cli_options *options;
  struct stat output; /* the folder that the batch writes; st_ino 0 none */
} batch_walk;

void batch_wish_clear(batch_wish *wish) {
  free(wish->sidecar);
  free(wish->protocol);
  free(wish->sha256);
  memset(wish, 0, sizeof *wish);
}

/* Room for the wishes of all paths, those before the first one with a wish included. */
static bool reserve_wishes(batch_list *list) {
  const size_t had = list->wishes_capacity;
  if (dsp_grow(&list->wishes, &list->wishes_capacity, list->n + 1, sizeof *list->wishes) != DSP_OK) return false;
  memset(list->wishes + had, 0, (list->wishes_capacity - had) * sizeof *list->wishes);
  return true;
}

int batch_list_add(batch_list *list, const char *path, batch_wish *wish) {
  char *copy = strdup(path);
  if (copy == NULL || dsp_grow(&list->paths, &list->capacity, list->n + 1, sizeof *list->paths) != DSP_OK ||
      (wish != NULL && !reserve_wishes(list))) {
    free(copy);
    if (wish != NULL) batch_wish_clear(wish);
    return message_memory();
  }
  if (wish != NULL) list->wishes[list->n] = *wish;
  list->paths[list->n++] = copy;
  return EXIT_DONE;
}

batch_wish batch_list_wish(const batch_list *list, size_t i) {
  return i < list->wishes_capacity ? list->wishes[i] : (batch_wish){0};
}

static bool ends_in(const char *name, const char *end) {
  const size_t length = strlen(name), tail = strlen(end);
  return length > tail && strcasecmp(name + length - tail, end) == 0;
}

/* A hidden name matches only where the pattern's own begins with a dot, too. */
static bool matches(const char *path, const char *const *patterns, size_t n) {
  const char *base = input_base(path);
  for (size_t i = 0; i < n; i++) {
    const bool seen = base[0] != '.' || input_base(patterns[i])[0] == '.';
    if (seen && (fnmatch(patterns[i], base, 0) == 0 || fnmatch(patterns[i], path, 0) == 0)) return true;
  }
  return false;
}

static bool known_extension(const char *name) {
  for (size_t r = 0; fmt_readers[r] != NULL; r++)
    for (size_t i = 0; fmt_readers[r]->extensions[i] != NULL; i++) {
      char end[32];
      (void)snprintf(end, sizeof end, ".%s", fmt_readers[r]->extensions[i]);
      if (ends_in(name, end)) return true;
    }
  return false;
}

/* The samples of a WFDB record are its header's companion, not a recording of their own. */
static bool is_samples(const char *path) {
  char header[4096];
  if (!ends_in(path, ".dat") || strlen(path) >= sizeof header) return false;
  (void)snprintf(header, sizeof header, "%.*s.hea", (int)(strlen(path) - 4), path);
  return access(header, F_OK) == 0;
}

static bool wanted(const batch_walk *walk, const char *path) {
  const cli_options *o = walk->options;
  const char *base = input_base(path);
  if (matches(path, o->excludes, o->n_excludes) || ends_in(base, ".pleth.json") || is_samples(path)) return false;
  if (o->n_includes > 0) return matches(path, o->includes, o->n_includes);
  return base[0] != '.' && !ends_in(base, ".pleth.h5") && known_extension(base);
}

/* Where a batch has worked: what lies there is what it wrote. */
static bool is_output(const batch_walk *walk, const struct stat *facts, const char *path) {
  char memory[4096];
  if (facts->st_dev == walk->output.st_dev && facts->st_ino == walk->output.st_ino) return true;
  const int length = snprintf(memory, sizeof memory, "%s/" BATCH_FOLDER "/inputs", path);
  return length > 0 && (size_t)length < sizeof memory && access(memory, F_OK) == 0;
}

static int walk_folder(const batch_walk *walk, const char *folder, int depth);

/* Folders in folders, to a depth that is bounded. NOLINTNEXTLINE(misc-no-recursion) */
static int visit(const batch_walk *walk, const char *path, int depth) {
  struct stat facts;
  const bool there = stat(path, &facts) == 0; /* a link may point at nothing: that is a row, too */
  if (there && S_ISDIR(facts.st_mode)) {
    struct stat link;
    const bool linked = lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
    const bool hidden = input_base(path)[0] == '.';
    return linked || hidden || is_output(walk, &facts, path) || matches(path, walk->options->excludes, walk->options->n_excludes)
               ? EXIT_DONE
               : walk_folder(walk, path, depth + 1);
  }
  return (!there || S_ISREG(facts.st_mode)) && wanted(walk, path) ? batch_list_add(walk->list, path, NULL) : EXIT_DONE;
}

static int by_bytes(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_dots(const struct dirent *entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* A folder that cannot be looked into is a row of the table: nobody knows what is missing. NOLINTNEXTLINE(misc-no-recursion) */
static int walk_folder(const batch_walk *walk, const char *folder, int depth) {
  struct dirent **entries = NULL;
  int status = EXIT_DONE;
  const int n = depth < DEPTH_MAX ? scandir(folder, &entries, not_dots, by_bytes) : -1;
  if (n < 0) return batch_list_add(walk->list, folder, NULL);
  for (int i = 0; i < n; i++) {
    fmt_buffer path = {0};
    fmt_put(&path, folder);
    if (path.size > 0 && path.bytes[path.size - 1] != '/') fmt_put(&path, "/");
    fmt_put(&path, entries[i]->d_name);
    if (status == EXIT_DONE) status = path.failed ? message_memory() : visit(walk, path.bytes, depth);
    fmt_buffer_clear(&path);
    free(entries[i]);
  }
  free(entries);
  return status;
}

/* A named folder is walked; a named file is taken, wanted or not: if it cannot be read, that is a row of the table. */
static int add_named(const batch_walk *walk, const char *path) {
  struct stat facts;
  return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode) ? walk_folder(walk, path, 0) : batch_list_add(walk->list, path, NULL);
}

/* Is this part of a path `word`, or `word` and underscores? */
static bool is_taken(const char *part, size_t length, const char *word) {
  const size_t own = strlen(word);
  return length >= own && memcmp(part, word, own) == 0 && strspn(part + own, "_") >= length - own;
}

/* "up" and "root" stand for what is no name; a folder that is called so gets an underscore more, so that no two reports share a place. */
void batch_list_report(fmt_buffer *name, const char *path) {
  const char *const start = path;
  fmt_put(name, path[0] == '/' ? "reports/root" : "reports");
  while (*path != '\0') {
    const size_t length = strcspn(path, "/");
    const bool up = length == 2 && memcmp(path, "..", 2) == 0;
    if (length > 0 && !(length == 1 && path[0] == '.')) {
      fmt_put(name, "/");
      fmt_put_bytes(name, up ? "up" : path, length);
      if (is_taken(path, length, "up") || (path == start && is_taken(path, length, "root"))) fmt_put(name, "_");
    }
    path += length + (path[length] == '/');
  }
  fmt_put(name, ".pleth.h5");
}

/* Fowler, Noll and Vo's 64-bit hash (FNV-1a). */
static uint64_t hash(const char *text) {
  uint64_t h = 14695981039346656037u;
  for (; *text != '\0'; text++) h = (h ^ (unsigned char)*text) * 1099511628211u;
  return h ^ (h >> 32);
}

static size_t index_size(size_t n) {
  size_t size = 16;
  while (size < 2 * n) size *= 2;
  return size;
}

/* Is what `path` gives kept under the name `report`? */
static bool shares(const char *path, const fmt_buffer *report, fmt_buffer *other) {
  other->size = 0;
  batch_list_report(other, path);
  return !other->failed && strcmp(other->bytes, report->bytes) == 0;
}

/* Twice the same recording, perhaps in two spellings ("a", "./a"), would be one report. */
static int refuse_doubles(const batch_list *list) {
  const size_t size = index_size(list->n);
  size_t *index = dsp_zalloc(size, sizeof *index);
  fmt_buffer report = {0}, other = {0};
  int status = EXIT_DONE;
  if (index == NULL) return message_memory();
  for (size_t i = 0; status == EXIT_DONE && i < list->n; i++) {
    report.size = 0;
    batch_list_report(&report, list->paths[i]);
    if (report.failed) {
      status = message_memory();
      break;
    }
    size_t at = hash(report.bytes) & (size - 1);
    while (index[at] != 0 && !shares(list->paths[index[at] - 1], &report, &other)) at = (at + 1) & (size - 1);
    if (index[at] != 0) {
      message_hint(list->paths[i], "name it once", "this input is named twice");
      status = EXIT_USAGE;
    }
    index[at] = i + 1;
  }
  fmt_buffer_clear(&report);
  fmt_buffer_clear(&other);
  free(index);
  return status;
}

int batch_list_gather(batch_list *list, const cli_options *options, const char *output) {
  cli_inputs inputs = {0};
  batch_walk walk = {.list = list, .options = options};
  memset(list, 0, sizeof *list);
  if (stat(output, &walk.output) != 0) memset(&walk.output, 0, sizeof walk.output);
  const bool manifest = options->given[OPT_MANIFEST], named = options->n_operands > 0 || options->given[OPT_FILES_FROM];
  int status = !manifest || named ? inputs_gather(&inputs, options) : EXIT_DONE;
  for (size_t i = 0; status == EXIT_DONE && i < inputs.n; i++) status = add_named(&walk, inputs.paths[i]);
  inputs_clear(&inputs);
  if (status == EXIT_DONE && manifest) status = batch_manifest_add(list, options->value[OPT_MANIFEST]);
  if (status == EXIT_DONE && list->n == 0) {
    message_error(NULL, NULL, "recordings (pleth list readers tells their extensions; --include takes others)", "no recording found");
    status = EXIT_NONE;
  }
  return status == EXIT_DONE ? refuse_doubles(list) : status;
}

int batch_list_save(const batch_list *list, const char *path) {
  fmt_buffer text = {0};
  dsp_error error = {0};
  for (size_t i = 0; i < list->n; i++) {
    batch_put_cell(&text, list->paths[i]);
    fmt_put(&text, "\n");
  }
  int status = text.failed ? message_memory() : EXIT_DONE;
  if (status == EXIT_DONE && fmt_write_file(path, text.bytes, text.size, &error) != DSP_OK) {
    message_failure(path, &error);
    status = EXIT_OUTPUT;
  }
  fmt_buffer_clear(&text);
  return status;
}

int batch_list_load(batch_list *list, const char *path) {
  char *line = NULL;
  size_t capacity = 0;
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    message_error(path, NULL, "the folder of a batch", "cannot open: %s", strerrordesc_np(errno));
    return EXIT_NONE;
  }
  int status = EXIT_DONE;
  while (status == EXIT_DONE && getline(&line, &capacity, file) > 0) {
    line[strcspn(line, "\n")] = '\0';
    batch_cut_cell(line);
    status = batch_list_add(list, line, NULL);
  }
  free(line);
  (void)fclose(file);
  return status;
}

void batch_list_clear(batch_list *list) {
  for (size_t i = 0; i < list->n; i++) free(list->paths[i]);
  for (size_t i = 0; i < list->wishes_capacity; i++) batch_wish_clear(&list->wishes[i]);
  free(list->paths);
  free(list->wishes);
  memset(list, 0, sizeof *list);
}

/* Open addressing; a free place holds 0, others their line plus one. */
size_t *batch_list_index(const batch_list *list) {
  const size_t size = index_size(list->n);
  size_t *index = dsp_zalloc(size, sizeof *index);
  for (size_t i = 0; index != NULL && i < list->n; i++) {
    size_t at = hash(list->paths[i]) & (size - 1);
    while (index[at] != 0 && strcmp(list->paths[index[at] - 1], list->paths[i]) != 0) at = (at + 1) & (size - 1);
    if (index[at] == 0) index[at] = i + 1;
  }
  return index;
}

size_t batch_list_find(const batch_list *list, const size_t *index, const char *path) {
  const size_t size = index_size(list->n);
  size_t at = hash(path) & (size - 1);
  while (index[at] != 0 && strcmp(list->paths[index[at] - 1], path) != 0) at = (at + 1) & (size - 1);
  return index[at] != 0 ? index[at] - 1 : list->n;
}
