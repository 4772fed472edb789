// The system calls of files.cc. system_posix.cc and system_win32.cc implement them. Functions of
// type int return an errno number, or 0. Paths are UTF-8 on Windows and the system's bytes
// elsewhere.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

namespace noisemill::os {

// An open file: a descriptor, or a HANDLE.
using File = intptr_t;
constexpr File kNoFile = -1;

enum class Kind { kFile, kFolder, kOther };

struct Facts {
  Kind kind;
  uint64_t size;
  // In whole microseconds since 1970, exact up to the year 2255.
  double modified;
  // Permissions to read, write and execute, 0 to 0777. Always 0666 on Windows, where the folder
  // decides permissions.
  unsigned mode;
  // Together they identify a file.
  uint64_t device;
  uint64_t inode;
};

// Opens a path for reading. It does not wait for the other end of a FIFO. With `follow` it accepts
// anything; otherwise it returns ELOOP for a symbolic link. Its folder may be one in any case.
int open(const std::string& path, bool follow, File& file);
// Creates a file for writing; fails if the name exists. `mode` is set from the start, so that
// nobody whom it excludes can ever read the file.
int create(const std::string& path, unsigned mode, File& file);
int close(File file);
int remove(const std::string& path);

int facts_of(File file, Facts& facts);
// Follows symbolic links.
int facts_of(const std::string& path, Facts& facts);
// Whether this name exists. A dangling symbolic link counts.
bool name_exists(const std::string& path);

// Read and write at a position, so that several threads can share a file. `count` may be less than
// `length`; a read at the end of the file gives 0.
int read(File file, uint64_t position, uint8_t* buffer, size_t length, size_t& count);
int write(File file, uint64_t position, const uint8_t* buffer, size_t length, size_t& count);

// Put a file, or the names in a folder, on the disk. It is not an error if the file system cannot
// sync folders.
int sync(File file);
int sync_folder(const std::string& path);

// Makes one folder. Returns EEXIST if the name exists.
int make_folder(const std::string& path);

// Renames a file, and replaces any file that has the new name.
int rename(const std::string& from, const std::string& to);
// Renames a file to a name that must be free. Returns EEXIST if it is not, and ENOSYS if the system
// or file system cannot do this in one step.
int rename_to_free_name(const std::string& from, const std::string& to);

// Whether a character separates the names in a path.
bool is_separator(char character);

// Whether an error means that the volume or a quota is full.
bool is_full(int error);

}  // namespace noisemill::os
