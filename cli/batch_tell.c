/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a batch says on stdout: a JSON line for each recording where that is wanted, and how it ended. */
#include "batch_tell.h"
#include "exits.h"
#include "json_out.h"
#include "message.h"
#include "output.h"
#include "text.h"

static const char *plural(size_t n) {
  return n == 1 ? "" : "s";
}

void batch_tell_one(batch_run *run, size_t job, const char *status, const char *reason) {
  fmt_buffer line = {0};
  if (!run->options->given[OPT_JSON]) return;
  fmt_put(&line, "{\"recording\": ");
  fmt_put_json_text(&line, run->list.paths[job]);
  fmt_printf(&line, ", \"status\": \"%s\"", status);
  if (reason[0] != '\0') {
    fmt_put(&line, ", \"reason\": ");
    fmt_put_json_text(&line, reason);
  }
  fmt_put(&line, "}\n");
  if (line.failed)
    run->json.failed = true;
  else if (json_alone(run->options))
    output_write(line.bytes, line.size);
  else
    fmt_put_bytes(&run->json, line.bytes, line.size);
  fmt_buffer_clear(&line);
}

/* The last JSON line, and all of them when they go into a file. */
static int end_json(batch_run *run) {
  return run->options->given[OPT_JSON] ? json_write(run->options, &run->json) : EXIT_DONE;
}

static int say(const batch_run *run, fmt_buffer *text) {
  const int status = text->failed ? message_memory() : EXIT_DONE;
  if (status == EXIT_DONE && !run->options->given[OPT_QUIET] && !json_alone(run->options)) output_write(text->bytes, text->size);
  fmt_buffer_clear(text);
  return status;
}

int batch_tell_shard(batch_run *run) {
  const batch_shard *shard = &run->shard;
  fmt_buffer text = {0};
  fmt_printf(&text, "shard %zu of %zu: %zu of %zu units, %zu of them taken from others; %zu recording%s, %zu failed, %zu done before\n",
             shard->k, shard->n, shard->taken, shard->units, shard->stolen, run->done, plural(run->done), run->failed, run->skipped);
  fmt_printf(&run->json,
             "{\"shard\": {\"k\": %zu, \"n\": %zu, \"units\": %zu, \"taken\": %zu, \"from_others\": %zu, \"recordings\": %zu, "
             "\"failed\": %zu, \"skipped\": %zu}}\n",
             shard->k, shard->n, shard->units, shard->taken, shard->stolen, run->done, run->failed, run->skipped);
  const int status = say(run, &text);
  return status == EXIT_DONE ? end_json(run) : status;
}

static void put_worst(const batch_run *run, const batch_tally *tally, fmt_buffer *text) {
  const size_t others = tally->failed + tally->flagged - tally->n_worst;
  for (size_t i = 0; i < tally->n_worst; i++) {
    fmt_put(text, i == 0 ? "to look at first:\n  " : "  ");
    text_put_clean(text, run->list.paths[tally->worst[i].line]);
    fmt_put(text, ": ");
    text_put_clean(text, tally->worst[i].text);
    fmt_put(text, "\n");
  }
  if (others > 0) fmt_printf(text, "  and %zu more (status, reason and flags in summary.csv)\n", others);
}

int batch_tell_end(batch_run *run, const batch_tally *tally) {
  fmt_buffer text = {0};
  fmt_printf(&text,
             "%zu recording%s: %zu analysed (%zu of them flagged, %zu without any value), %zu failed; %zu were done before and skipped\n",
             tally->n, plural(tally->n), tally->analysed, tally->flagged, tally->empty, tally->failed, run->skipped);
  put_worst(run, tally, &text);
  fmt_printf(&text, "tables: %s/summary.csv, %s/batch.h5; reports: %s/reports\n", run->folder, run->folder, run->folder);
  fmt_printf(&run->json,
             "{\"summary\": {\"recordings\": %zu, \"analysed\": %zu, \"flagged\": %zu, \"without_values\": %zu, \"failed\": %zu, "
             "\"skipped\": %zu}}\n",
             tally->n, tally->analysed, tally->flagged, tally->empty, tally->failed, run->skipped);
  const int status = say(run, &text);
  return status == EXIT_DONE ? end_json(run) : status;
}
