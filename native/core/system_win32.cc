#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <algorithm>

#include "system.h"

namespace noisemill::os {

namespace {

// Maps a Windows error to the errno number that Node uses for it. All others become EIO.
int number_of(DWORD error) {
  switch (error) {
    case ERROR_SUCCESS:
      return 0;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_PATHNAME:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
    case ERROR_DIRECTORY:
      return ENOENT;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
      return EEXIST;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
      return EPERM;
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
      return EBUSY;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
    case ERROR_CANNOT_MAKE:
      return ENOSPC;
    case ERROR_WRITE_PROTECT:
      return EROFS;
    case ERROR_TOO_MANY_OPEN_FILES:
      return EMFILE;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
      return ENOMEM;
    case ERROR_FILENAME_EXCED_RANGE:
      return ENAMETOOLONG;
    case ERROR_CANT_RESOLVE_FILENAME:
      return ELOOP;
    case ERROR_CANT_ACCESS_FILE:
      return EACCES;
    case ERROR_NOT_SAME_DEVICE:
      return EXDEV;
    case ERROR_FILE_TOO_LARGE:
      return EFBIG;
    case ERROR_NOT_SUPPORTED:
      return ENOTSUP;
    case ERROR_INVALID_FUNCTION:
      return EISDIR;
    case ERROR_INVALID_PARAMETER:
    case ERROR_NO_UNICODE_TRANSLATION:
      return EINVAL;
    default:
      return EIO;
  }
}

int error_of(BOOL result) { return result ? 0 : number_of(GetLastError()); }

HANDLE handle_of(File file) { return reinterpret_cast<HANDLE>(file); }

// Converts a path to UTF-16. The result is empty, which names no file, if the path is not valid
// UTF-8. Long paths need no care here, because JavaScript passes them in the form without a length
// limit; see `pack` in lib/backends/native.ts.
std::wstring wide(const std::string& path) {
  const int bytes = static_cast<int>(path.size());
  const int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path.data(), bytes, nullptr, 0);
  std::wstring text(static_cast<size_t>(length), L'\0');
  MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path.data(), bytes, text.data(), length);
  return text;
}

// Opens a path with Node's flags: others may read, write, rename and remove the file, and it may be
// a folder.
int open_as(const std::string& path, DWORD access, DWORD disposition, File& file, DWORD flags = 0) {
  const HANDLE handle = CreateFileW(wide(path).c_str(), access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                                    disposition, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_BACKUP_SEMANTICS | flags, nullptr);
  file = reinterpret_cast<File>(handle);
  return error_of(handle != INVALID_HANDLE_VALUE);
}

uint64_t joined(DWORD high, DWORD low) { return static_cast<uint64_t>(high) << 32 | low; }

OVERLAPPED at(uint64_t position) {
  OVERLAPPED place = {};
  place.Offset = static_cast<DWORD>(position);
  place.OffsetHigh = static_cast<DWORD>(position >> 32);
  return place;
}

DWORD at_most(size_t length) { return static_cast<DWORD>(std::min<size_t>(length, 1u << 30)); }

// FILETIME counts units of 100 ns since 1601.
double modified_of(const FILETIME& time) {
  constexpr int64_t kFrom1601To1970 = 11644473600 * 1000000;
  return static_cast<double>(static_cast<int64_t>(joined(time.dwHighDateTime, time.dwLowDateTime) / 10) - kFrom1601To1970);
}

}  // namespace

int open(const std::string& path, bool follow, File& file) {
  if (follow) return open_as(path, GENERIC_READ, OPEN_EXISTING, file);
  const int error = open_as(path, GENERIC_READ, OPEN_EXISTING, file, FILE_FLAG_OPEN_REPARSE_POINT);
  if (error != 0 || GetFileType(handle_of(file)) != FILE_TYPE_DISK) return error;
  FILE_ATTRIBUTE_TAG_INFO found;
  const int unknown = error_of(GetFileInformationByHandleEx(handle_of(file), FileAttributeTagInfo, &found, sizeof found));
  if (unknown == 0 && !(found.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)) return 0;
  close(file);
  if (unknown != 0) return unknown;
  // As in Node's lstat. Other files that have a reparse point are read like any file.
  if (found.ReparseTag == IO_REPARSE_TAG_SYMLINK || found.ReparseTag == IO_REPARSE_TAG_MOUNT_POINT) return ELOOP;
  return open_as(path, GENERIC_READ, OPEN_EXISTING, file);
}

int create(const std::string& path, unsigned, File& file) { return open_as(path, GENERIC_WRITE, CREATE_NEW, file); }

int close(File file) { return error_of(CloseHandle(handle_of(file))); }

int remove(const std::string& path) { return error_of(DeleteFileW(wide(path).c_str())); }

int facts_of(File file, Facts& facts) {
  // Devices such as CON and NUL have no other properties.
  facts = {Kind::kOther, 0, 0, 0, 0, 0};
  if (GetFileType(handle_of(file)) != FILE_TYPE_DISK) return 0;
  BY_HANDLE_FILE_INFORMATION found;
  const int error = error_of(GetFileInformationByHandle(handle_of(file), &found));
  if (error != 0) return error;
  facts.kind = found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? Kind::kFolder : Kind::kFile;
  facts.size = joined(found.nFileSizeHigh, found.nFileSizeLow);
  facts.modified = modified_of(found.ftLastWriteTime);
  facts.mode = 0666;
  facts.device = found.dwVolumeSerialNumber;
  facts.inode = joined(found.nFileIndexHigh, found.nFileIndexLow);
  return 0;
}

int facts_of(const std::string& path, Facts& facts) {
  File file;
  int error = open_as(path, FILE_READ_ATTRIBUTES, OPEN_EXISTING, file);
  if (error != 0) return error;
  error = facts_of(file, facts);
  close(file);
  return error;
}

bool name_exists(const std::string& path) { return GetFileAttributesW(wide(path).c_str()) != INVALID_FILE_ATTRIBUTES; }

int read(File file, uint64_t position, uint8_t* buffer, size_t length, size_t& count) {
  OVERLAPPED place = at(position);
  DWORD done = 0;
  const BOOL result = ReadFile(handle_of(file), buffer, at_most(length), &done, &place);
  count = done;
  if (!result && GetLastError() == ERROR_HANDLE_EOF) return 0;
  return error_of(result);
}

int write(File file, uint64_t position, const uint8_t* buffer, size_t length, size_t& count) {
  OVERLAPPED place = at(position);
  DWORD done = 0;
  const BOOL result = WriteFile(handle_of(file), buffer, at_most(length), &done, &place);
  count = done;
  return error_of(result);
}

int sync(File file) { return error_of(FlushFileBuffers(handle_of(file))); }

int sync_folder(const std::string&) { return 0; }

int make_folder(const std::string& path) { return error_of(CreateDirectoryW(wide(path).c_str(), nullptr)); }

int rename(const std::string& from, const std::string& to) {
  return error_of(MoveFileExW(wide(from).c_str(), wide(to).c_str(), MOVEFILE_REPLACE_EXISTING));
}

int rename_to_free_name(const std::string& from, const std::string& to) {
  return error_of(MoveFileExW(wide(from).c_str(), wide(to).c_str(), 0));
}

bool is_separator(char character) { return character == '/' || character == '\\'; }

bool is_full(int error) { return error == ENOSPC; }

}  // namespace noisemill::os
