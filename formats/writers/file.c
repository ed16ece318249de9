/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one function that puts bytes on disk: a file without a name in the target's folder (O_TMPFILE), written, synced, then linked to a
 * temporary name and renamed, folder synced, so that a kill or a full disk at any moment leaves the old file, the new file, or none, and
 * never a part of one. Where the file system knows no files without a name, the temporary name is there from the start. */
#include <fmt/writer.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TARGET_RULE     "a new name or a regular file"
#define TEMPORARY_TRIES 1000

/* Where the bytes go: the folder, the name in it, and the file that stands there. */
typedef struct target {
  char path[PATH_MAX]; /* absolute when a link was followed */
  char folder[PATH_MAX];
  const char *name; /* into path */
  bool sync;        /* wait for the disk */
  bool exists;
  struct stat old;
} target;

static dsp_status fail_errno(dsp_error *error, const char *doing, int code) {
  const char *expected = code == ENOSPC || code == EDQUOT  ? "free space for the output"
                         : code == EACCES || code == EPERM ? "a folder that this user may write to"
                         : code == EROFS                   ? "a file system that is not mounted read-only"
                         : code == ENOENT                  ? "a folder that exists"
                                                           : "";
  return dsp_fail(error, DSP_IO_ERROR, "", expected, "%s: %s", doing, strerrordesc_np(code) ? strerrordesc_np(code) : "unknown error");
}

static const char *kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "a special file";
}

static void split(target *t) {
  char *slash = strrchr(t->path, '/');
  t->name = slash ? slash + 1 : t->path;
  size_t length = slash ? (size_t)(slash - t->path) : 0;
  memcpy(t->folder, t->path, length);
  t->folder[length] = '\0';
  if (!slash) strcpy(t->folder, ".");
  if (slash == t->path) strcpy(t->folder, "/");
}

/* Follow links to a regular file, refuse everything that is neither absent nor a regular file. */
static dsp_status resolve(target *t, const char *path, dsp_error *error) {
  size_t length = strlen(path);
  if (length == 0) return dsp_fail(error, DSP_IO_ERROR, "", TARGET_RULE, "the empty name");
  if (length >= sizeof t->path) return fail_errno(error, "cannot write", ENAMETOOLONG);
  memcpy(t->path, path, length + 1);
  struct stat here;
  bool linked = lstat(path, &here) == 0 && S_ISLNK(here.st_mode);
  t->exists = stat(path, &t->old) == 0;
  int code = t->exists ? 0 : errno;
  if (linked && code == ENOENT) return dsp_fail(error, DSP_IO_ERROR, "", TARGET_RULE, "a link to nothing");
  if (linked && code == ELOOP) return dsp_fail(error, DSP_IO_ERROR, "", TARGET_RULE, "a link that leads back to itself");
  if (code != 0 && code != ENOENT) return fail_errno(error, "cannot write", code);
  if (t->exists && !S_ISREG(t->old.st_mode)) return dsp_fail(error, DSP_IO_ERROR, "", TARGET_RULE, "%s", kind_of(t->old.st_mode));
  if (!t->exists && path[length - 1] == '/') return dsp_fail(error, DSP_IO_ERROR, "", TARGET_RULE, "the name of a folder");
  if (linked && !realpath(path, t->path)) return fail_errno(error, "cannot follow the link", errno);
  split(t);
  return DSP_OK;
}

dsp_status fmt_target_check(const char *path, dsp_error *error) {
  target t = {0};
  dsp_status status = resolve(&t, path, error);
  if (status != DSP_OK) return status;
  struct stat folder;
  if (stat(t.folder, &folder) != 0) return fail_errno(error, "cannot write into the folder", errno);
  if (!S_ISDIR(folder.st_mode)) return fail_errno(error, "cannot write into the folder", ENOTDIR);
  if (access(t.folder, W_OK | X_OK) != 0) return fail_errno(error, "cannot write into the folder", errno);
  return DSP_OK;
}

static int write_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t done = write(fd, bytes, size);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno;
    if (done == 0) return EIO;
    bytes += done;
    size -= (size_t)done;
  }
  return 0;
}

/* The new file takes over what the old one allowed to whom; who may not give files away keeps them. */
static int keep_mode(int fd, const struct stat *old) {
  struct stat now;
  if (fstat(fd, &now) != 0) return errno;
  if ((now.st_uid != old->st_uid || now.st_gid != old->st_gid) && fchown(fd, old->st_uid, old->st_gid) != 0 && errno != EPERM) return errno;
  return fchmod(fd, old->st_mode & 0777) == 0 ? 0 : errno;
}

/* A new file in the folder. While it is written it has no name where the file system allows that, so that a kill leaves nothing behind. */
typedef struct fresh {
  int folder, fd; /* fd: -1 none */
  char name[64];  /* its temporary name, "" none */
} fresh;

/* Make the file by a name that nobody has, or link one without a name to it. */
static int name_file(fresh *file, const char *unnamed) {
  int code = EEXIST;
  for (unsigned i = 0; i < TEMPORARY_TRIES && code == EEXIST; i++) {
    snprintf(file->name, sizeof file->name, ".pleth-%ld-%u.tmp", (long)getpid(), i);
    if (unnamed)
      code = linkat(AT_FDCWD, unnamed, file->folder, file->name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
    else
      code = (file->fd = openat(file->folder, file->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666)) >= 0 ? 0 : errno;
  }
  if (code != 0) file->name[0] = '\0';
  return code;
}

static int fill(const fresh *file, const target *t, const void *bytes, size_t size) {
  int code = t->exists ? keep_mode(file->fd, &t->old) : 0;
  if (code == 0) code = write_all(file->fd, bytes, size);
  return code == 0 && t->sync && fsync(file->fd) != 0 ? errno : code;
}

/* A new target gets its name at once; one that replaces a file a temporary name, since a link replaces nothing. */
static int link_file(fresh *file, const target *t) {
  assert(t->name);
  char unnamed[32];
  snprintf(unnamed, sizeof unnamed, "/proc/self/fd/%d", file->fd);
  if (!t->exists && linkat(AT_FDCWD, unnamed, file->folder, t->name, AT_SYMLINK_FOLLOW) == 0) return 0;
  const int code = name_file(file, unnamed);
  return code == 0 && renameat(file->folder, file->name, file->folder, t->name) != 0 ? errno : code;
}

/* The bytes on disk under the target's name, or an error number. */
static int make_file(fresh *file, const target *t, const void *bytes, size_t size) {
  file->fd = openat(file->folder, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
  if (file->fd >= 0) {
    int code = fill(file, t, bytes, size);
    if (code != 0) return code;
    code = link_file(file, t);
    if (code == 0 || file->name[0]) return code;
    (void)close(file->fd); /* it cannot be linked, for instance without /proc: with a name from the start, then */
  }
  int code = name_file(file, NULL);
  if (code == 0) code = fill(file, t, bytes, size);
  return code == 0 && renameat(file->folder, file->name, file->folder, t->name) != 0 ? errno : code;
}

static dsp_status write_whole(const char *path, const void *bytes, size_t size, bool sync, dsp_error *error) {
  target t = {.sync = sync};
  dsp_status status = resolve(&t, path, error);
  if (status != DSP_OK) return status;
  fresh file = {.folder = open(t.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .fd = -1};
  const bool listable = file.folder >= 0;
  if (!listable && errno == EACCES) file.folder = open(t.folder, O_PATH | O_DIRECTORY | O_CLOEXEC); /* writable but not listable: no sync */
  if (file.folder < 0) return fail_errno(error, "cannot open the folder", errno);
  int code = make_file(&file, &t, bytes, size);
  const char *doing = file.fd < 0 ? "cannot create a file" : "cannot write";
  if (file.fd >= 0 && close(file.fd) != 0 && code == 0) code = errno;
  if (code != 0 && file.name[0]) unlinkat(file.folder, file.name, 0);
  if (code == 0 && listable && sync && fsync(file.folder) != 0 && errno != EINVAL) code = errno;
  close(file.folder);
  return code == 0 ? DSP_OK : fail_errno(error, doing, code);
}

dsp_status fmt_write_file(const char *path, const void *bytes, size_t size, dsp_error *error) {
  return write_whole(path, bytes, size, true, error);
}

dsp_status fmt_write_file_unsynced(const char *path, const void *bytes, size_t size, dsp_error *error) {
  return write_whole(path, bytes, size, false, error);
}

dsp_status fmt_commit_file(const char *temporary, const char *path, dsp_error *error) {
  target t = {0};
  dsp_status status = resolve(&t, path, error);
  if (status != DSP_OK) return status;
  int code = 0;
  const int fd = open(temporary, O_RDONLY | O_CLOEXEC), folder = open(t.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || fsync(fd) != 0 || rename(temporary, t.path) != 0) code = errno;
  if (code == 0 && folder >= 0 && fsync(folder) != 0 && errno != EINVAL) code = errno;
  if (fd >= 0) close(fd);
  if (folder >= 0) close(folder);
  return code == 0 ? DSP_OK : fail_errno(error, "cannot write", code);
}
