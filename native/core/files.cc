#include "files.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "failure.h"

namespace noisemill {

namespace {

// The folder that contains a path; "." if the path is a name alone.
std::string parent_of(const std::string& path) {
  size_t end = path.size();
  while (end > 0 && os::is_separator(path[end - 1])) end--;
  while (end > 0 && !os::is_separator(path[end - 1])) end--;
  while (end > 1 && os::is_separator(path[end - 1])) end--;
  if (end == 0) return !path.empty() && os::is_separator(path[0]) ? path.substr(0, 1) : ".";
  return path.substr(0, end);
}

// Makes one folder. Succeeds if it already exists. Returns 0 or an error number.
int make_folder(const std::string& path, bool fsync) {
  int error = os::make_folder(path);
  if (error == 0) return fsync ? os::sync_folder(parent_of(path)) : 0;
  if (error != EEXIST) return error;
  // The name may belong to a dangling symbolic link.
  os::Facts found;
  error = os::facts_of(path, found);
  if (error != 0) return error;
  return found.kind == os::Kind::kFolder ? 0 : EEXIST;
}

// Makes a folder and its missing parents. With `fsync` they are on the disk when it returns.
// Returns 0 or an error number.
int make_folders(const std::string& path, bool fsync) {
  const int error = make_folder(path, fsync);
  const std::string parent = parent_of(path);
  if (error != ENOENT || parent == path) return error;
  const int parent_error = make_folders(parent, fsync);
  return parent_error != 0 ? parent_error : make_folder(path, fsync);
}

}  // namespace

InputFile::InputFile(const std::string& path, bool follow) {
  int error = os::open(path, follow, file_);
  if (error != 0) {
    const bool missing = error == ENOENT || error == ENOTDIR;
    throw system_failure(missing ? "E_INPUT_MISSING" : "E_INPUT_UNREADABLE", error);
  }
  error = os::facts_of(file_, facts_);
  if (error == 0 && facts_.kind == os::Kind::kFile) return;
  os::close(file_);
  if (error != 0) throw system_failure("E_INPUT_UNREADABLE", error);
  throw Failure{"E_INPUT_NOT_FILE", facts_.kind == os::Kind::kFolder ? "a folder" : "neither a file nor a folder"};
}

InputFile::~InputFile() { os::close(file_); }

void InputFile::hold(size_t length) {
  // Unlike a vector this is not initialised. It may be megabytes, and is overwritten at once.
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
    size_t count = 0;
    const int error = os::read(file_, position + done, buffer + done, length - done, count);
    if (error != 0) throw system_failure("E_INPUT_READ", error);
    if (count == 0) {
      throw Failure{"E_INPUT_CHANGED", "ends at byte " + std::to_string(position + done) + " of " + std::to_string(size())};
    }
    done += count;
  }
}

bool InputFile::is_same_file(const std::string& path) const {
  os::Facts found;
  return os::facts_of(path, found) == 0 && found.device == facts_.device && found.inode == facts_.inode;
}

OutputFile::OutputFile(const std::string& temporary, unsigned mode, bool fsync) : temporary_(temporary), fsync_(fsync) {
  int error = os::create(temporary, mode, file_);
  if (error == ENOENT) {
    error = make_folders(parent_of(temporary), fsync);
    if (error == 0) error = os::create(temporary, mode, file_);
  }
  if (error != 0) throw system_failure("E_OUTPUT_CREATE", error);
}

OutputFile::~OutputFile() {
  if (file_ != os::kNoFile) os::close(file_);
  if (!published_) os::remove(temporary_);
}

void OutputFile::write(uint64_t position, const uint8_t* buffer, size_t length) {
  for (size_t done = 0; done < length;) {
    size_t count = 0;
    const int error = os::write(file_, position + done, buffer + done, length - done, count);
    if (error != 0) throw system_failure("E_OUTPUT_WRITE", error);
    done += count;
  }
}

bool OutputFile::publish(const std::string& output, bool overwrite) {
  // Allocated before the output has its final name, because memory may be short.
  const std::string folder = parent_of(output);
  const bool guarded = name(output, overwrite);
  if (!fsync_) return guarded;
  const int error = os::sync_folder(folder);
  if (error != 0) throw system_failure("E_OUTPUT_PUBLISH", error);
  return guarded;
}

bool OutputFile::name(const std::string& output, bool overwrite) {
  int error = overwrite ? os::rename(temporary_, output) : os::rename_to_free_name(temporary_, output);
  const bool guarded = overwrite || error != ENOSYS;
  if (!guarded) error = os::name_exists(output) ? EEXIST : os::rename(temporary_, output);
  if (error == EEXIST && !overwrite) throw Failure{"E_OUTPUT_EXISTS", ""};
  if (error != 0) throw system_failure("E_OUTPUT_PUBLISH", error);
  published_ = true;
  return guarded;
}

void OutputFile::complete() {
  int error = fsync_ ? os::sync(file_) : 0;
  if (error == 0) error = os::close(std::exchange(file_, os::kNoFile));
  if (error != 0) throw system_failure("E_OUTPUT_WRITE", error);
}

}  // namespace noisemill
