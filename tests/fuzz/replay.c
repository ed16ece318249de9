/* SPDX-License-Identifier: GPL-3.0-or-later
 * A fuzz target without a fuzzer: runs it once over each file of the corpus folders given, and over no bytes at all. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file's bytes, exactly as many as it has, so that a sanitizer sees the first one read beyond them. NULL: not readable. */
static uint8_t *contents(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  uint8_t *data = NULL;
  long length = fseek(file, 0, SEEK_END) ? -1 : ftell(file);
  if (length >= 0) data = malloc(length ? (size_t)length : 1);
  rewind(file);
  if (data && fread(data, 1, (size_t)length, file) != (size_t)length) {
    free(data);
    data = NULL;
  }
  fclose(file);
  *size = (size_t)length;
  return data;
}

static int replay(const char *path) {
  size_t size;
  uint8_t *data = contents(path, &size);
  if (!data) return -1;
  LLVMFuzzerTestOneInput(data, size);
  free(data);
  return 0;
}

int main(int argc, char **argv) {
  int n = 0;
  LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
  for (int i = 1; i < argc; i++) {
    struct dirent **names;
    int n_names = scandir(argv[i], &names, NULL, alphasort);
    if (n_names < 0) {
      fprintf(stderr, "replay: cannot list %s\n", argv[i]);
      return 1;
    }
    for (int k = 0; k < n_names; k++) {
      char path[4096];
      snprintf(path, sizeof path, "%s/%s", argv[i], names[k]->d_name);
      if (names[k]->d_name[0] != '.') {
        if (replay(path)) {
          fprintf(stderr, "replay: cannot read %s\n", path);
          return 1;
        }
        n++;
      }
      free(names[k]);
    }
    free(names);
  }
  printf("%d inputs\n", n);
  return n ? 0 : 1;
}
