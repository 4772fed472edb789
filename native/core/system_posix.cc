#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include <cstdio>

#include "system.h"

namespace noisemill::os {

namespace {

constexpr mode_t kModeKept = 0777;

// Repeats a call that a signal interrupted.
template <typename Call>
auto retried(const Call& call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

int error_of(int result) { return result == -1 ? errno : 0; }

int descriptor(File file) { return static_cast<int>(file); }

int opened(int result, File& file) {
  file = result;
  return error_of(result);
}

int counted(ssize_t result, size_t& count) {
  if (result == -1) return errno;
  count = static_cast<size_t>(result);
  return 0;
}

double modified_of(const struct stat& found) {
#if defined(__APPLE__)
  const struct timespec time = found.st_mtimespec;
#else
  const struct timespec time = found.st_mtim;
#endif
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec / 1000);
}

int facts_from(int result, const struct stat& found, Facts& facts) {
  if (result == -1) return errno;
  facts.kind = S_ISREG(found.st_mode) ? Kind::kFile : S_ISDIR(found.st_mode) ? Kind::kFolder : Kind::kOther;
  facts.size = static_cast<uint64_t>(found.st_size);
  facts.modified = modified_of(found);
  facts.mode = found.st_mode & kModeKept;
  facts.device = static_cast<uint64_t>(found.st_dev);
  facts.inode = found.st_ino;
  return 0;
}

// Renames with one system call that fails if the name exists. Returns -1 and sets errno if it fails
// or if the system has no such call.
int rename_unless_taken(const char* from, const char* to) {
#if defined(SYS_renameat2)
  constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE, in headers since glibc 2.28
  return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, kNoReplace));
#elif defined(__APPLE__)
  return renamex_np(from, to, RENAME_EXCL);
#else
  (void)from;
  (void)to;
  errno = ENOSYS;
  return -1;
#endif
}

}  // namespace

int open(const std::string& path, bool follow, File& file) {
  const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW);
  return opened(retried([&] { return ::open(path.c_str(), flags); }), file);
}

int create(const std::string& path, unsigned mode, File& file) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  const int error = opened(retried([&] { return ::open(path.c_str(), kFlags, mode); }), file);
  // Restores the permissions that the umask removed.
  if (error == 0) (void)fchmod(descriptor(file), static_cast<mode_t>(mode));
  return error;
}

int close(File file) {
  const int error = error_of(::close(descriptor(file)));
  return error == EINTR ? 0 : error;
}

int remove(const std::string& path) { return error_of(unlink(path.c_str())); }

int facts_of(File file, Facts& facts) {
  struct stat found;
  return facts_from(fstat(descriptor(file), &found), found, facts);
}

int facts_of(const std::string& path, Facts& facts) {
  struct stat found;
  return facts_from(stat(path.c_str(), &found), found, facts);
}

bool name_exists(const std::string& path) {
  struct stat found;
  return lstat(path.c_str(), &found) == 0;
}

int read(File file, uint64_t position, uint8_t* buffer, size_t length, size_t& count) {
  return counted(retried([&] { return pread(descriptor(file), buffer, length, static_cast<off_t>(position)); }), count);
}

int write(File file, uint64_t position, const uint8_t* buffer, size_t length, size_t& count) {
  return counted(retried([&] { return pwrite(descriptor(file), buffer, length, static_cast<off_t>(position)); }), count);
}

int sync(File file) { return error_of(fsync(descriptor(file))); }

int sync_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder == -1) return errno;
  const int error = error_of(fsync(folder));
  ::close(folder);
  return error == EINVAL || error == ENOTSUP ? 0 : error;
}

int make_folder(const std::string& path) { return error_of(mkdir(path.c_str(), 0777)); }

int rename(const std::string& from, const std::string& to) { return error_of(std::rename(from.c_str(), to.c_str())); }

int rename_to_free_name(const std::string& from, const std::string& to) {
  if (rename_unless_taken(from.c_str(), to.c_str()) == 0) return 0;
  // A hard link also fails if the name exists. If the renaming failed for another reason, the link
  // does too.
  if (errno == EEXIST) return EEXIST;
  if (link(from.c_str(), to.c_str()) == 0) return remove(from);
  const int error = errno;
  return error == EPERM || error == ENOTSUP || error == EOPNOTSUPP ? ENOSYS : error;
}

bool is_separator(char character) { return character == '/'; }

bool is_full(int error) { return error == ENOSPC || error == EDQUOT; }

}  // namespace noisemill::os
