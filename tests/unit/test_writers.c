/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text buffers (numbers, escapes) and the one function that puts bytes on disk. */
#include "../support/cases.h"
#include "../support/runner.h"
#include <check.h>
#include <fmt/writer.h>

#include <dirent.h>
#include <fcntl.h>
#include <float.h>
#include <ftw.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static fmt_buffer out;
static char folder[64];

static void open_all(void) {
  out = (fmt_buffer){0};
  strcpy(folder, "/tmp/pleth-writers-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where) {
  (void)st;
  (void)kind;
  (void)where;
  return remove(path);
}

static void close_all(void) {
  fmt_buffer_clear(&out);
  ck_assert_int_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *number(double value) {
  fmt_buffer_clear(&out);
  fmt_put_number(&out, value, "n/a");
  return out.bytes;
}

START_TEST(numbers_are_short) {
  ck_assert_str_eq(number(0.1), "0.1");
  ck_assert_str_eq(number(-0.0), "0");
  ck_assert_str_eq(number(1.0 / 3.0), "0.3333333333333333");
  ck_assert_str_eq(number(0.1 + 0.2), "0.30000000000000004");
  ck_assert_str_eq(number(700.0), "700");
  ck_assert_str_eq(number(-1e14), "-100000000000000");
  ck_assert_str_eq(number(1e22), "1e+22");
  ck_assert_str_eq(number(DBL_TRUE_MIN), "5e-324");
  ck_assert_str_eq(number(DBL_MAX), "1.7976931348623157e+308");
  ck_assert_str_eq(number((double)NAN), "n/a");
  ck_assert_str_eq(number(HUGE_VAL), "n/a");
}
END_TEST

START_TEST(numbers_read_back) {
  uint64_t state = 88172645463325252u; /* xorshift64 */
  for (int i = 0, n = cases(200000, 5000); i < n; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    double value = 0.0;
    memcpy(&value, &state, sizeof value);
    if (!isfinite(value)) continue;
    ck_assert_double_eq(strtod(number(value), NULL), value);
    ck_assert_uint_le(strlen(out.bytes), 24);
  }
}
END_TEST

START_TEST(numbers_ignore_the_locale) {
  static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "nl_NL.UTF-8", "sv_SE.UTF-8"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) setlocale(LC_ALL, names[i]); /* whichever is installed */
  ck_assert_str_eq(number(2.5), "2.5");
  ck_assert_str_eq(number(1.25e-7), "1.25e-07");
  setlocale(LC_ALL, "C");
}
END_TEST

static const char *escaped(void (*put)(fmt_buffer *, const char *), const char *text) {
  fmt_buffer_clear(&out);
  put(&out, text);
  return out.bytes;
}

START_TEST(json_is_escaped) {
  ck_assert_str_eq(escaped(fmt_put_json_text, NULL), "null");
  ck_assert_str_eq(escaped(fmt_put_json_text, ""), "\"\"");
  ck_assert_str_eq(escaped(fmt_put_json_text, "a\"b\\c\n\t\x01\x7F"), "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\"");
  ck_assert_str_eq(escaped(fmt_put_json_text, "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}
END_TEST

/* RFC 3629: what is not UTF-8 becomes U+FFFD, and nothing after it is lost. */
START_TEST(broken_utf8_is_replaced) {
  static const char *const broken[] = {"\xFF", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC3", "\x80"};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    char text[16];
    snprintf(text, sizeof text, "%sz", broken[i]);
    const char *json = escaped(fmt_put_json_text, text);
    ck_assert_int_eq(strncmp(json, "\"\xEF\xBF\xBD", 4), 0);
    ck_assert_str_eq(json + strlen(json) - 2, "z\"");
  }
}
END_TEST

START_TEST(csv_is_escaped) {
  ck_assert_str_eq(escaped(fmt_put_csv_text, "plain text"), "plain text");
  ck_assert_str_eq(escaped(fmt_put_csv_text, "a,b"), "\"a,b\"");
  ck_assert_str_eq(escaped(fmt_put_csv_text, "say \"x\""), "\"say \"\"x\"\"\"");
  ck_assert_str_eq(escaped(fmt_put_csv_text, "two\nlines"), "\"two\nlines\"");
  ck_assert_str_eq(escaped(fmt_put_csv_text, "=1+1"), "'=1+1");
  ck_assert_str_eq(escaped(fmt_put_csv_text, "+1"), "'+1");
  ck_assert_str_eq(escaped(fmt_put_csv_text, "-x"), "'-x");
  ck_assert_str_eq(escaped(fmt_put_csv_text, "@a,b"), "\"'@a,b\"");
}
END_TEST

START_TEST(xml_is_escaped) {
  ck_assert_str_eq(escaped(fmt_put_xml_text, "<a href=\"x\">&'</a>"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;");
  ck_assert_str_eq(escaped(fmt_put_xml_text, "a\x01\x1F"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
  ck_assert_str_eq(escaped(fmt_put_xml_text, "a\nb"), "a&#10;b");
}
END_TEST

static const char *in_folder(char path[128], const char *name) {
  snprintf(path, 128, "%s/%s", folder, name);
  return path;
}

static void put_file(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  ck_assert_int_eq(fclose(file), 0);
}

static void has(const char *path, const char *text) {
  char bytes[256] = "";
  FILE *file = fopen(path, "rb");
  ck_assert_ptr_nonnull(file);
  size_t n = fread(bytes, 1, sizeof bytes - 1, file);
  fclose(file);
  bytes[n] = '\0';
  ck_assert_str_eq(bytes, text);
}

static int names_in(const char *path) {
  int n = 0;
  DIR *dir = opendir(path);
  ck_assert_ptr_nonnull(dir);
  while (readdir(dir)) n++;
  closedir(dir);
  return n - 2;
}

START_TEST(a_new_file_is_written) {
  char path[128];
  dsp_error error = {0};
  mode_t mask = umask(027);
  ck_assert_int_eq(fmt_target_check(in_folder(path, "new"), &error), DSP_OK);
  ck_assert_int_eq(fmt_write_file(path, "hello", 5, &error), DSP_OK);
  umask(mask);
  struct stat st;
  has(path, "hello");
  ck_assert_int_eq(stat(path, &st), 0);
  ck_assert_uint_eq(st.st_mode & 0777, 0640);
  ck_assert_int_eq(names_in(folder), 1);
}
END_TEST

START_TEST(an_old_file_is_replaced_and_keeps_its_mode) {
  char path[128];
  struct stat before, after;
  put_file(in_folder(path, "old"), "a much longer content");
  ck_assert_int_eq(chmod(path, 0604), 0);
  ck_assert_int_eq(stat(path, &before), 0);
  ck_assert_int_eq(fmt_write_file(path, "new", 3, NULL), DSP_OK);
  ck_assert_int_eq(stat(path, &after), 0);
  has(path, "new");
  ck_assert_uint_eq(after.st_mode & 0777, 0604);
  ck_assert_uint_ne(before.st_ino, after.st_ino); /* never written in place */
  ck_assert_int_eq(names_in(folder), 1);
}
END_TEST

START_TEST(a_link_is_replaced_at_its_target) {
  char sub[128], target[128], link[128];
  ck_assert_int_eq(mkdir(in_folder(sub, "sub"), 0777), 0);
  put_file(in_folder(target, "sub/target"), "old");
  ck_assert_int_eq(symlink("sub/target", in_folder(link, "link")), 0);
  ck_assert_int_eq(fmt_write_file(link, "new", 3, NULL), DSP_OK);
  struct stat st;
  ck_assert_int_eq(lstat(link, &st), 0);
  ck_assert(S_ISLNK(st.st_mode));
  has(target, "new");
  ck_assert_int_eq(names_in(sub), 1);
}
END_TEST

static void refused(const char *path, const char *part) {
  dsp_error error = {0};
  ck_assert_int_eq(fmt_target_check(path, &error), DSP_IO_ERROR);
  ck_assert_msg(strstr(error.found, part) != NULL, "%s: \"%s\" lacks \"%s\"", path, error.found, part);
  ck_assert_int_eq(fmt_write_file(path, "x", 1, NULL), DSP_IO_ERROR);
}

START_TEST(what_is_no_regular_file_is_refused) {
  char path[128];
  refused(folder, "a folder");
  refused("/dev/full", "a device");
  refused("/dev/null", "a device");
  refused("", "empty");
  ck_assert_int_eq(mkfifo(in_folder(path, "pipe"), 0666), 0);
  refused(path, "a pipe");
  ck_assert_int_eq(symlink("nowhere", in_folder(path, "dangling")), 0);
  refused(path, "a link to nothing");
  ck_assert_int_eq(symlink("loop", in_folder(path, "loop")), 0);
  refused(path, "leads back");
  refused(in_folder(path, "no/such/folder"), "folder");
  refused(in_folder(path, "slash/"), "folder");
  ck_assert_int_eq(names_in(folder), 3);
}
END_TEST

/* As an unprivileged user in a child, for root may write anywhere. Statuses: 0 refused as it must be, 1 not, 2 no such user possible. */
static int as_nobody(int (*attempt)(const char *path), const char *path) {
  pid_t child = fork();
  if (child == 0) {
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(2);
    _exit(attempt(path));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

static int write_refused(const char *path) {
  dsp_error error = {0}, early = {0};
  bool late = fmt_write_file(path, "x", 1, &error) == DSP_IO_ERROR && strstr(error.found, "Permission denied");
  return late && fmt_target_check(path, &early) == DSP_IO_ERROR ? 0 : 1;
}

START_TEST(a_read_only_folder_is_refused) {
  char path[128], sub[128];
  ck_assert_int_eq(chmod(folder, 0755), 0);
  ck_assert_int_eq(mkdir(in_folder(sub, "sub"), 0555), 0);
  ck_assert_int_eq(as_nobody(write_refused, in_folder(path, "sub/new")), 0);
  ck_assert_int_eq(names_in(sub), 0);
}
END_TEST

static int write_too_long(const char *path) {
  static char bytes[65536];
  const struct rlimit limit = {4096, 4096};
  dsp_error error = {0};
  signal(SIGXFSZ, SIG_IGN);
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
  return fmt_write_file(path, bytes, sizeof bytes, &error) == DSP_IO_ERROR && strstr(error.found, "too large") ? 0 : 1;
}

START_TEST(a_failed_write_leaves_the_old_file_alone) {
  char path[128];
  ck_assert_int_eq(chmod(folder, 0777), 0);
  put_file(in_folder(path, "old"), "old");
  ck_assert_int_eq(as_nobody(write_too_long, path), 0);
  has(path, "old");
  ck_assert_int_eq(names_in(folder), 1);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("writers");
  TCase *text = tcase_create("text"), *file = tcase_create("file");
  tcase_add_checked_fixture(text, open_all, close_all);
  tcase_add_test(text, numbers_are_short);
  tcase_add_test(text, numbers_read_back);
  tcase_add_test(text, numbers_ignore_the_locale);
  tcase_add_test(text, json_is_escaped);
  tcase_add_test(text, broken_utf8_is_replaced);
  tcase_add_test(text, csv_is_escaped);
  tcase_add_test(text, xml_is_escaped);
  tcase_add_checked_fixture(file, open_all, close_all);
  tcase_add_test(file, a_new_file_is_written);
  tcase_add_test(file, an_old_file_is_replaced_and_keeps_its_mode);
  tcase_add_test(file, a_link_is_replaced_at_its_target);
  tcase_add_test(file, what_is_no_regular_file_is_refused);
  tcase_add_test(file, a_read_only_folder_is_refused);
  tcase_add_test(file, a_failed_write_leaves_the_old_file_alone);
  suite_add_tcase(suite, text);
  suite_add_tcase(suite, file);
  return run_suite(suite);
}
