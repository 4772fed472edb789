// What files.cc asks of the system, in the same words for each: system_posix.cc and system_win32.cc answer. All return an error
// number of C's, 0 for none. Paths are UTF-8 on Windows, and the bytes that the system has elsewhere.
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
  // Whole microseconds since 1970, exact up to the year 2255.
  double modified;
  // Who may read, write and execute it: 0 to 0777. Always 0666 on Windows, where that goes by the folder.
  unsigned mode;
  // The two tell files apart.
  uint64_t device;
  uint64_t inode;
};

// For reading; whatever it is, and without waiting for the other end of a FIFO.
int open(const std::string& path, File& file);
// A file that was not there, for writing. At no time may it be read by anybody whom `mode` does not let.
int create(const std::string& path, unsigned mode, File& file);
int close(File file);
int remove(const std::string& path);

int facts_of(File file, Facts& facts);
// Of what a symbolic link leads to.
int facts_of(const std::string& path, Facts& facts);
// Whether anything, a dangling symbolic link included, has this name.
bool name_exists(const std::string& path);

// At a position, so that several threads can; `count` may be less than `length`, and is 0 at the end of the file.
int read(File file, uint64_t position, uint8_t* buffer, size_t length, size_t& count);
int write(File file, uint64_t position, const uint8_t* buffer, size_t length, size_t& count);

// Puts a file, or the names in a folder, on the disk. That folders cannot be synced here is no error.
int sync(File file);
int sync_folder(const std::string& path);

// One folder; EEXIST if anything has the name.
int make_folder(const std::string& path);

// Gives a file another name, and replaces what has it.
int rename(const std::string& from, const std::string& to);
// The same for a name that is free: EEXIST where it is not, ENOSYS where system and file system cannot do that in one step.
int rename_to_free_name(const std::string& from, const std::string& to);

// Whether this separates the names in a path.
bool is_separator(char character);

// Whether a volume, or somebody's share of it, is full.
bool is_full(int error);

}  // namespace noisemill::os
