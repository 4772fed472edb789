/*
 * Lets calls of the C library fail, on files below a folder: compiled by the tests, loaded by LD_PRELOAD, told by the environment.
 *
 *   NOISEMILL_FAULT_FOLDER  the folder, absolute
 *   NOISEMILL_FAULT_CALL    open, read, write, close, name (link and the renamings), stat, sync, truncate, chmod, unlink, mkdir
 *                           or readdir
 *   NOISEMILL_FAULT_NTH     which of those calls, from 1
 *   NOISEMILL_FAULT_ERROR   the number of the error; or `short` for half of what was asked for; `cut` and `remove`: the file is cut to
 *                           half of its length or removed, then all goes its way
 *   NOISEMILL_FAULT_LASTS   if it is set: all later ones too
 *   NOISEMILL_FAULT_FIRED   a file that is made when a call fails
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum outcome { GOES_ON, FAILS, IS_SHORT };

static const char *folder, *wanted, *error_text, *fired;
static long nth;
static int lasts;
static atomic_long seen;

__attribute__((constructor)) static void configure(void) {
  wanted = getenv("NOISEMILL_FAULT_CALL");
  folder = getenv("NOISEMILL_FAULT_FOLDER");
  error_text = getenv("NOISEMILL_FAULT_ERROR");
  fired = getenv("NOISEMILL_FAULT_FIRED");
  lasts = getenv("NOISEMILL_FAULT_LASTS") != NULL;
  const char *number = getenv("NOISEMILL_FAULT_NTH");
  nth = number ? atol(number) : 0;
  if (!wanted || !folder || !error_text || !fired) nth = 0;
}

static int is_below(const char *path) {
  const size_t length = strlen(folder);
  return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Past the wrappers of this file. */
static long raw(long number, long a, long b, long c, long d) {
  static long (*next)(long, ...);
  if (!next) next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  return next(number, a, b, c, d);
}

static void note_fired(void) {
  const long fd = raw(SYS_openat, AT_FDCWD, (long)fired, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd >= 0) raw(SYS_close, fd, 0, 0, 0);
}

/* What becomes of a call on the file of this absolute path. */
static enum outcome decide(const char *call, const char *path) {
  if (nth == 0 || strcmp(call, wanted) != 0 || !is_below(path)) return GOES_ON;
  const long count = atomic_fetch_add(&seen, 1) + 1;
  if (count != nth && !(lasts && count > nth)) return GOES_ON;
  note_fired();
  if (strcmp(error_text, "short") == 0) return IS_SHORT;
  if (strcmp(error_text, "remove") == 0) {
    raw(SYS_unlinkat, AT_FDCWD, (long)path, 0, 0);
    return GOES_ON;
  }
  if (strcmp(error_text, "cut") == 0) {
    struct stat found;
    if (stat(path, &found) == 0) raw(SYS_truncate, (long)path, found.st_size / 2, 0, 0);
    return GOES_ON;
  }
  errno = atoi(error_text);
  return FAILS;
}

static enum outcome on_path(const char *call, const char *path) {
  if (nth == 0 || path == NULL) return GOES_ON;
  if (path[0] == '/') return decide(call, path);
  char whole[2 * PATH_MAX];
  if (getcwd(whole, PATH_MAX) == NULL) return GOES_ON;
  strcat(whole, "/");
  strncat(whole, path, PATH_MAX - 1);
  return decide(call, whole);
}

static enum outcome on_file(const char *call, int fd) {
  if (nth == 0) return GOES_ON;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const long length = raw(SYS_readlinkat, AT_FDCWD, (long)link, (long)path, sizeof path - 1);
  if (length <= 0) return GOES_ON;
  path[length] = '\0';
  return decide(call, path);
}

#define NEXT(type, name, ...) \
  static type (*next)(__VA_ARGS__); \
  if (!next) next = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static size_t half(size_t length) { return length > 1 ? length / 2 : length; }

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list list; \
    va_start(list, flags); \
    const mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0; \
    va_end(list); \
    NEXT(int, #name, const char *, int, ...); \
    return on_path("open", path) == FAILS ? -1 : next(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
  int name(int at, const char *path, int flags, ...) { \
    va_list list; \
    va_start(list, flags); \
    const mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0; \
    va_end(list); \
    NEXT(int, #name, int, const char *, int, ...); \
    return on_path("open", path) == FAILS ? -1 : next(at, path, flags, mode); \
  }
OPENAT(openat)
OPENAT(openat64)

#define MOVE(name, call, buffer) \
  ssize_t name(int fd, buffer bytes, size_t length) { \
    NEXT(ssize_t, #name, int, buffer, size_t); \
    const enum outcome outcome = on_file(call, fd); \
    return outcome == FAILS ? -1 : next(fd, bytes, outcome == IS_SHORT ? half(length) : length); \
  }
MOVE(read, "read", void *)
MOVE(write, "write", const void *)

#define MOVE_AT(name, call, buffer, offset) \
  ssize_t name(int fd, buffer bytes, size_t length, offset position) { \
    NEXT(ssize_t, #name, int, buffer, size_t, offset); \
    const enum outcome outcome = on_file(call, fd); \
    return outcome == FAILS ? -1 : next(fd, bytes, outcome == IS_SHORT ? half(length) : length, position); \
  }
MOVE_AT(pread, "read", void *, off_t)
MOVE_AT(pread64, "read", void *, off64_t)
MOVE_AT(pwrite, "write", const void *, off_t)
MOVE_AT(pwrite64, "write", const void *, off64_t)

#define ON_FILE(name, call) \
  int name(int fd) { \
    NEXT(int, #name, int); \
    return on_file(call, fd) == FAILS ? -1 : next(fd); \
  }
ON_FILE(fsync, "sync")
ON_FILE(fdatasync, "sync")

/* A close that fails has closed the file. */
int close(int fd) {
  NEXT(int, "close", int);
  if (on_file("close", fd) != FAILS) return next(fd);
  const int error = errno;
  next(fd);
  errno = error;
  return -1;
}

#define TRUNCATE(name, offset) \
  int name(int fd, offset length) { \
    NEXT(int, #name, int, offset); \
    return on_file("truncate", fd) == FAILS ? -1 : next(fd, length); \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int fchmod(int fd, mode_t mode) {
  NEXT(int, "fchmod", int, mode_t);
  return on_file("chmod", fd) == FAILS ? -1 : next(fd, mode);
}

#define STAT(name, type) \
  int name(int fd, type *found) { \
    NEXT(int, #name, int, type *); \
    return on_file("stat", fd) == FAILS ? -1 : next(fd, found); \
  }
STAT(fstat, struct stat)
STAT(fstat64, struct stat64)

/* What programs call that were compiled against a glibc before 2.33. */
int __fxstat64(int version, int fd, struct stat64 *found) {
  NEXT(int, "__fxstat64", int, int, struct stat64 *);
  return on_file("stat", fd) == FAILS ? -1 : next(version, fd, found);
}

#define TWO_NAMES(name) \
  int name(const char *from, const char *to) { \
    NEXT(int, #name, const char *, const char *); \
    return on_path("name", from) == FAILS ? -1 : next(from, to); \
  }
TWO_NAMES(rename)
TWO_NAMES(link)

int unlink(const char *path) {
  NEXT(int, "unlink", const char *);
  return on_path("unlink", path) == FAILS ? -1 : next(path);
}

int mkdir(const char *path, mode_t mode) {
  NEXT(int, "mkdir", const char *, mode_t);
  return on_path("mkdir", path) == FAILS ? -1 : next(path, mode);
}

struct dirent64 *readdir64(DIR *entries) {
  NEXT(struct dirent64 *, "readdir64", DIR *);
  return on_file("readdir", dirfd(entries)) == FAILS ? NULL : next(entries);
}

/* libuv asks for statx and the addon for renameat2 by number. */
long syscall(long number, ...) {
  long a[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  NEXT(long, "syscall", long, ...);
  if (nth != 0) {
    if (number == SYS_renameat2 && on_path("name", (const char *)a[1]) == FAILS) return -1;
    if (number == SYS_close && on_file("close", (int)a[0]) == FAILS) return -1;
    const int of_file = number == SYS_statx && a[1] != 0 && ((const char *)a[1])[0] == '\0';
    if (of_file && on_file("stat", (int)a[0]) == FAILS) return -1;
  }
  return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int statx(int at, const char *restrict path, int flags, unsigned mask, struct statx *restrict found) {
  NEXT(int, "statx", int, const char *, int, unsigned, struct statx *);
  if (nth != 0 && path[0] == '\0' && on_file("stat", at) == FAILS) return -1;
  return next(at, path, flags, mask, found);
}
