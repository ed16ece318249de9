/* SPDX-License-Identifier: GPL-3.0-or-later
 * Progress of a batch on stderr. The clock is asked for nothing else: no result depends on it. */
#include "batch_progress.h"
#include "message.h"
#include "worker.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TERMINAL_MS = 100, PLAIN_MS = 5000, RATE_MS = 1000, BAR = 24 };
#define KEPT 0.9 /* of the old rate after each second: it follows the last ten or so */

void batch_progress_begin(batch_progress *progress, size_t total, bool wanted) {
  const int64_t now = worker_now_ms();
  *progress = (batch_progress){.wanted = wanted, .terminal = isatty(STDERR_FILENO) == 1, .total = total, .drawn_ms = now, .seen_ms = now};
}

static void put_time(char *text, size_t size, double seconds) {
  const unsigned long s = (unsigned long)(seconds + 0.5);
  if (s < 3600)
    (void)snprintf(text, size, "%lu:%02lu", s / 60, s % 60);
  else
    (void)snprintf(text, size, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
}

/* The rate of late: what was done before is skipped fast, and says nothing about the rest. */
static double rate_now(batch_progress *progress, size_t done, int64_t now) {
  const double seconds = (double)(now - progress->seen_ms) / 1000;
  const double late = seconds > 0 ? (double)(done - progress->seen) / seconds : 0;
  if (now - progress->seen_ms >= RATE_MS) {
    const double kept = progress->rate > 0 ? pow(KEPT, seconds) : 0;
    progress->rate = kept * progress->rate + (1 - kept) * late;
    progress->seen_ms = now;
    progress->seen = done;
  }
  return progress->rate > 0 ? progress->rate : late;
}

void batch_progress_show(batch_progress *progress, size_t done, size_t failed) {
  const int64_t now = worker_now_ms();
  const double rate = rate_now(progress, done, now);
  const bool last = done == progress->total;
  if (!progress->wanted || (!last && now - progress->drawn_ms < (progress->terminal ? TERMINAL_MS : PLAIN_MS))) return;
  char line[160], left[32], bar[BAR + 1];
  progress->drawn_ms = now;
  put_time(left, sizeof left, rate > 0 ? (double)(progress->total - done) / rate : 0);
  const size_t full = progress->total > 0 ? done * BAR / progress->total : BAR;
  memset(bar, '.', BAR);
  memset(bar, '#', full);
  bar[BAR] = '\0';
  if (progress->terminal)
    (void)snprintf(line, sizeof line, "[%s] %zu of %zu, %.1f/s, %s left, %zu failed", bar, done, progress->total, rate, left, failed);
  else
    (void)snprintf(line, sizeof line, "%zu of %zu, %.1f/s, %s left, %zu failed\n", done, progress->total, rate, left, failed);
  message_transient(progress->terminal && last ? "" : line, progress->terminal && !last);
}
