#include "files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "failure.h"

namespace noisemill {

namespace {

// The folder that a path lies in; "." for a name alone.
std::string parent_of(const std::string& path) {
  size_t end = path.size();
  while (end > 0 && path[end - 1] == '/') end--;
  while (end > 0 && path[end - 1] != '/') end--;
  while (end > 1 && path[end - 1] == '/') end--;
  if (end == 0) return !path.empty() && path[0] == '/' ? "/" : ".";
  return path.substr(0, end);
}

// Puts the names in a folder on the disk. Returns 0 or an error number; that folders cannot be synced here is none.
int sync_folder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd == -1) return errno;
  const int error = fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error == EINVAL || error == ENOTSUP ? 0 : error;
}

// Makes one folder, or finds it there. Returns 0 or an error number.
int make_folder(const std::string& path, bool fsync) {
  if (mkdir(path.c_str(), 0777) == 0) return fsync ? sync_folder(parent_of(path)) : 0;
  const int error = errno;
  struct stat found;
  if (error != EEXIST) return error;
  // What has the name may be a link that leads nowhere.
  if (stat(path.c_str(), &found) != 0) return errno;
  return S_ISDIR(found.st_mode) ? 0 : error;
}

// Makes a folder and those above it, with `fsync` so that they are on the disk then. Returns 0 or an error number.
int make_folders(const std::string& path, bool fsync) {
  const int error = make_folder(path, fsync);
  const std::string parent = parent_of(path);
  if (error != ENOENT || parent == path) return error;
  const int parent_error = make_folders(parent, fsync);
  return parent_error != 0 ? parent_error : make_folder(path, fsync);
}

// At no time may it be read by anybody who may not read the input.
int create(const std::string& path, mode_t mode) {
  int fd;
  do {
    fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  } while (fd == -1 && errno == EINTR);
  return fd;
}

// What of a file's mode is kept: who may read, write and execute it.
constexpr mode_t kModeKept = 0777;

double modified_of(const struct stat& found) {
#if defined(__APPLE__)
  const struct timespec time = found.st_mtimespec;
#else
  const struct timespec time = found.st_mtim;
#endif
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec / 1000);
}

// Renames a file unless the new name is taken (EEXIST), where system and file system can. Returns 0, or -1 with errno.
int rename_to_free_name(const std::string& from, const std::string& to) {
#if defined(SYS_renameat2)
  constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE, in headers since glibc 2.28
  return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), kNoReplace));
#elif defined(__APPLE__)
  return renamex_np(from.c_str(), to.c_str(), RENAME_EXCL);
#else
  (void)from;
  (void)to;
  errno = ENOSYS;
  return -1;
#endif
}

}  // namespace

InputFile::InputFile(const std::string& path) {
  do {
    // Non-blocking, or opening a FIFO would wait for its writer.
    fd_ = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  } while (fd_ == -1 && errno == EINTR);
  if (fd_ == -1) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    throw system_failure(missing ? "E_INPUT_MISSING" : "E_INPUT_UNREADABLE", errno);
  }
  struct stat found;
  const bool known = fstat(fd_, &found) == 0;
  if (!known || !S_ISREG(found.st_mode)) {
    const int error = errno;
    ::close(fd_);
    if (!known) throw system_failure("E_INPUT_UNREADABLE", error);
    throw Failure{"E_INPUT_NOT_FILE", S_ISDIR(found.st_mode) ? "a folder" : "neither a file nor a folder"};
  }
  size_ = static_cast<uint64_t>(found.st_size);
  modified_ = modified_of(found);
  mode_ = found.st_mode & kModeKept;
  device_ = found.st_dev;
  inode_ = found.st_ino;
}

InputFile::~InputFile() { ::close(fd_); }

void InputFile::hold(size_t length) {
  // Not initialised, as vectors are: it may be megabytes, and is read into at once.
  std::unique_ptr<uint8_t[]> bytes(new uint8_t[length]);
  read(0, bytes.get(), length);
  held_ = std::move(bytes);
  held_bytes_ = length;
}

void InputFile::read(uint64_t position, uint8_t* buffer, size_t length) const {
  size_t done = 0;
  if (position < held_bytes_) {
    done = static_cast<size_t>(std::min<uint64_t>(length, held_bytes_ - position));
    std::memcpy(buffer, held_.get() + position, done);
  }
  while (done < length) {
    const ssize_t count = pread(fd_, buffer + done, length - done, static_cast<off_t>(position + done));
    if (count < 0) {
      if (errno == EINTR) continue;
      throw system_failure("E_INPUT_READ", errno);
    }
    if (count == 0) {
      throw Failure{"E_INPUT_CHANGED", "ends at byte " + std::to_string(position + done) + " of " + std::to_string(size_)};
    }
    done += static_cast<size_t>(count);
  }
}

bool InputFile::is_same_file(const std::string& path) const {
  struct stat found;
  return stat(path.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_;
}

bool name_exists(const std::string& path) {
  struct stat found;
  return lstat(path.c_str(), &found) == 0;
}

OutputFile::OutputFile(const std::string& temporary, mode_t mode, bool fsync)
    : temporary_(temporary), fsync_(fsync), fd_(create(temporary, mode)) {
  if (fd_ == -1 && errno == ENOENT) {
    const int error = make_folders(parent_of(temporary), fsync);
    if (error != 0) throw system_failure("E_OUTPUT_CREATE", error);
    fd_ = create(temporary, mode);
  }
  if (fd_ == -1) throw system_failure("E_OUTPUT_CREATE", errno);
  // What the umask took away.
  (void)fchmod(fd_, mode);
}

OutputFile::~OutputFile() {
  if (fd_ != -1) ::close(fd_);
  if (!published_) unlink(temporary_.c_str());
}

void OutputFile::write(uint64_t position, const uint8_t* buffer, size_t length) {
  for (size_t done = 0; done < length;) {
    const ssize_t count = pwrite(fd_, buffer + done, length - done, static_cast<off_t>(position + done));
    if (count < 0) {
      if (errno == EINTR) continue;
      throw system_failure("E_OUTPUT_WRITE", errno);
    }
    done += static_cast<size_t>(count);
  }
}

bool OutputFile::publish(const std::string& output, bool overwrite) {
  close();
  const bool guarded = name(output, overwrite);
  if (!fsync_) return guarded;
  const int error = sync_folder(parent_of(output));
  if (error != 0) throw system_failure("E_OUTPUT_PUBLISH", error);
  return guarded;
}

bool OutputFile::name(const std::string& output, bool overwrite) {
  if (overwrite) {
    rename(output);
    return true;
  }
  if (rename_to_free_name(temporary_, output) == 0) {
    published_ = true;
    return true;
  }
  // Any other fault shows with the link as well.
  if (errno == EEXIST) throw Failure{"E_OUTPUT_EXISTS", ""};
  if (link(temporary_.c_str(), output.c_str()) == 0) {
    published_ = true;
    if (unlink(temporary_.c_str()) != 0) throw system_failure("E_OUTPUT_PUBLISH", errno);
    return true;
  }
  if (errno == EEXIST) throw Failure{"E_OUTPUT_EXISTS", ""};
  if (errno != EPERM && errno != ENOTSUP && errno != EOPNOTSUPP && errno != ENOSYS) {
    throw system_failure("E_OUTPUT_PUBLISH", errno);
  }
  if (name_exists(output)) throw Failure{"E_OUTPUT_EXISTS", ""};
  rename(output);
  return false;
}

void OutputFile::rename(const std::string& output) {
  if (std::rename(temporary_.c_str(), output.c_str()) != 0) throw system_failure("E_OUTPUT_PUBLISH", errno);
  published_ = true;
}

void OutputFile::close() {
  if (fsync_ && ::fsync(fd_) != 0) throw system_failure("E_OUTPUT_WRITE", errno);
  const int fd = fd_;
  fd_ = -1;
  if (::close(fd) != 0 && errno != EINTR) throw system_failure("E_OUTPUT_WRITE", errno);
}

}  // namespace noisemill
