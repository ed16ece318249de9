/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a mark in a recording means: the contract's own words for events and a few that laboratories write; anything else is a note. */
#include "event_text.h"
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 100000 /* as in the side-car */

typedef struct word_kind {
  const char *word;
  dsp_event_kind kind;
} word_kind;

/* Besides the contract's own words. */
static const word_kind synonyms[] = {
    {"standing", DSP_EVENT_STAND},         {"stand up", DSP_EVENT_STAND},
    {"stehen", DSP_EVENT_STAND},           {"aufstehen", DSP_EVENT_STAND},
    {"debout", DSP_EVENT_STAND},           {"de pie", DSP_EVENT_STAND},
    {"lying", DSP_EVENT_SUPINE},           {"lie down", DSP_EVENT_SUPINE},
    {"liegen", DSP_EVENT_SUPINE},          {"tiptoes", DSP_EVENT_TIPTOE},
    {"tip-toe", DSP_EVENT_TIPTOE},         {"heel raise", DSP_EVENT_TIPTOE},
    {"heel raises", DSP_EVENT_TIPTOE},     {"fersenstand", DSP_EVENT_TIPTOE},
    {"zehenstand", DSP_EVENT_TIPTOE},      {"inflate", DSP_EVENT_CUFF_INFLATE},
    {"inflation", DSP_EVENT_CUFF_INFLATE}, {"deflate", DSP_EVENT_CUFF_RELEASE},
    {"deflation", DSP_EVENT_CUFF_RELEASE}, {"cuff release", DSP_EVENT_CUFF_RELEASE},
};

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* "10 tiptoes", "10x tiptoe", "tiptoe x10" say how many, "tiptoe 3" which one: the word that is left, and the count or 0. */
static const char *split_count(const char *text, size_t *n, unsigned *count) {
  char *end = NULL;
  const char *number = NULL;
  *n = strlen(text);
  *count = 0;
  if (is_digit(text[0])) {
    number = text;
    while (is_digit(*text)) text++;
    while (*text == ' ') text++;
    if ((text[0] == 'x' || text[0] == 'X') && text[1] == ' ') text++;
    while (*text == ' ') text++;
    *n = strlen(text);
  } else {
    while (*n && is_digit(text[*n - 1])) --*n;
    const char *after = text + *n;
    while (*n && text[*n - 1] == ' ') --*n;
    if (*after && *n > 1 && (text[*n - 1] == 'x' || text[*n - 1] == 'X') && text[*n - 2] == ' ') {
      number = after;
      --*n;
    }
    while (*n && text[*n - 1] == ' ') --*n;
  }
  if (!number) return text;
  const unsigned long value = strtoul(number, &end, 10);
  if (value > COUNT_MAX)
    *n = 0; /* no word for an event */
  else
    *count = (unsigned)value;
  return text;
}

dsp_event_kind event_text_kind(const char *text, unsigned *count) {
  char word[40], joined[40];
  dsp_event_kind kind = DSP_EVENT_NOTE;
  size_t n;
  text = split_count(text, &n, count);
  if (n == 0 || n >= sizeof word) return kind;
  for (size_t i = 0; i < n; i++) {
    const char c = text[i];
    word[i] = c;
    if (c >= 'A' && c <= 'Z') word[i] = (char)(c + 32);
    joined[i] = word[i];
    if (c == ' ' || c == '-') joined[i] = '_';
  }
  word[n] = joined[n] = '\0';
  if (dsp_event_kind_find(joined, &kind)) return kind;
  for (size_t i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++)
    if (strcmp(synonyms[i].word, word) == 0) return synonyms[i].kind;
  return DSP_EVENT_NOTE;
}
