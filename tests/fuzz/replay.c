/* SPDX-License-Identifier: GPL-3.0-or-later
 * A fuzz target without a fuzzer: runs it once over each file of the corpus folders given, and over no bytes at all. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) return -1;
  long size = ftell(file);
  if (size < 0) return -1;
  rewind(file);
  /* Exactly as many bytes as the file has, so that a sanitizer sees the first one read beyond it. */
  uint8_t *data = malloc(size ? (size_t)size : 1);
  if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) return -1;
  fclose(file);
  LLVMFuzzerTestOneInput(data, (size_t)size);
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
