/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files that are not read: makers' closed formats, sound that was compressed with loss, documents and archives. Each is told by its first
 * bytes or, where these say nothing, by its name, and answered with what to export instead. */
#include "foreign.h"
#include <string.h>
#include <strings.h>

enum { MAGIC_MAX = 12 };

#define AS_TABLE "the numbers exported as text (CSV)"
#define AS_SOUND "the recording as WAV or FLAC: lossy compression destroys the phase from which direction is read"
#define AS_WAV   "the same samples as WAV or FLAC, for instance by sox IN OUT.wav"
#define AS_CED   "an export from Spike2 as text or as MATLAB file (File, Export As)"

typedef struct foreign_row {
  const char *found;
  const char *expected;
  size_t at; /* of the magic bytes */
  const char *magic;
  size_t n;              /* of them; 0 none is known */
  bool weak;             /* few bytes: they count only where no reader wants the file */
  const char *extension; /* counts only where no reader wants the file; NULL none */
} foreign_row;

static const foreign_row rows[] = {
    {"LabChart's own format", "an export from LabChart as text, binary or MATLAB file (File, Export)", 0, "", 0, true, "adicht"},
    {"LabChart's own format", "an export from LabChart as text, binary or MATLAB file (File, Export)", 0, "", 0, true, "adidat"},
    {"a Spike2 file (.smr)", AS_CED, 2, "(C) CED", 7, false, "smr"},
    {"a Spike2 file (.smrx)", AS_CED, 0, "S64", 3, true, "smrx"},
    {"MP3 sound", AS_SOUND, 0, "ID3", 3, true, "mp3"},
    {"MP3 sound", AS_SOUND, 0, "\xFF\xFB", 2, true, NULL},
    {"MP3 sound", AS_SOUND, 0, "\xFF\xF3", 2, true, NULL},
    {"MP3 sound", AS_SOUND, 0, "\xFF\xF2", 2, true, NULL},
    {"AAC sound", AS_SOUND, 0, "\xFF\xF1", 2, true, "aac"},
    {"AAC sound", AS_SOUND, 0, "\xFF\xF9", 2, true, NULL},
    {"AAC sound or a film (MP4)", AS_SOUND, 4, "ftyp", 4, false, "m4a"},
    {"Ogg sound", AS_SOUND, 0, "OggS", 4, false, "ogg"},
    {"WMA sound", AS_SOUND, 0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11", 8, false, "wma"},
    {"AIFF sound", AS_WAV, 8, "AIFF", 4, false, "aiff"},
    {"AIFF sound", AS_WAV, 8, "AIFC", 4, false, "aif"},
    {"Sun/NeXT sound (.au)", AS_WAV, 0, ".snd", 4, false, "au"},
    {"Sun/NeXT sound (.au)", AS_WAV, 0, "dns.", 4, false, "snd"},
    {"Core Audio sound (.caf)", AS_WAV, 0, "caff\0", 5, false, "caf"},
    {"Wave64 sound (.w64)", AS_WAV, 0, "riff\x2E\x91\xCF\x11", 8, false, "w64"},
    {"WavPack sound", AS_WAV, 0, "wvpk", 4, false, "wv"},
    {"Creative Voice sound (.voc)", AS_WAV, 0, "Creative Voice File", 19, false, "voc"},
    {"a film (AVI)", AS_SOUND, 8, "AVI LIST", 8, false, "avi"},
    {"a film (Matroska or WebM)", AS_SOUND, 0, "\x1A\x45\xDF\xA3", 4, false, "mkv"},
    {"a PDF document", AS_TABLE "; a printed report holds results, not the recording", 0, "%PDF-", 5, false, "pdf"},
    {"an Excel or OpenDocument file, or another ZIP archive", "the sheet saved as CSV, or the files taken out of the archive", 0, "PK\3\4",
     4, false, "xlsx"},
    {"an empty ZIP archive", AS_TABLE, 0, "PK\5\6", 4, false, "zip"},
    {"an old Excel file or another compound document", "the sheet saved as CSV", 0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8, false, "xls"},
    {"a RAR archive", "the files taken out of the archive", 0, "Rar!\x1A\7", 6, false, "rar"},
    {"a 7z archive", "the files taken out of the archive", 0, "7z\xBC\xAF\x27\x1C", 6, false, "7z"},
    {"a JPEG picture", AS_TABLE, 0, "\xFF\xD8\xFF", 3, false, "jpg"},
    {"a PNG picture", AS_TABLE, 0, "\x89PNG\r\n\x1A\n", 8, false, "png"},
    {"an RTF document", AS_TABLE, 0, "{\\rtf", 5, false, "rtf"},
};

static bool has_magic(const foreign_row *row, const fmt_source *source) {
  return row->n && source->size >= row->at + row->n && memcmp(source->bytes + row->at, row->magic, row->n) == 0;
}

static bool has_extension(const foreign_row *row, const char *name) {
  const char *dot = name ? strrchr(name, '.') : NULL;
  return row->extension && dot && strcasecmp(dot + 1, row->extension) == 0;
}

dsp_status foreign_refuse(const fmt_input *input, bool orphan, dsp_error *error) {
  const foreign_row *found = NULL;
  for (size_t i = 0; !found && i < sizeof rows / sizeof rows[0]; i++)
    if (has_magic(&rows[i], input->source) && (orphan || !rows[i].weak)) found = &rows[i];
  for (size_t i = 0; orphan && !found && i < sizeof rows / sizeof rows[0]; i++)
    if (has_extension(&rows[i], input->name)) found = &rows[i];
  return found ? dsp_fail(error, DSP_BAD_INPUT, "", found->expected, "%s, which is not read", found->found) : DSP_OK;
}
