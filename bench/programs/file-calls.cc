// What any program must do that makes a file of each file of a folder, without the work on samples.
//
//     file-calls bytes|calls THREADS FROM TO
//
// `bytes`: opens each file, reads all of it and writes it to a new file. `calls`: opens each file,
// asks for its size, reads its first bytes, creates a file under a temporary name, writes one byte
// to it and renames it. Each thread takes whole files. Folders are made first, by one thread.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr size_t kBlockBytes = 256 * 1024;
constexpr size_t kPageBytes = 4096;
constexpr size_t kHeaderBytes = 64;

struct Paths {
  std::string from;
  std::string to;
};

[[noreturn]] void fail(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

int open_input(const std::string& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd == -1) fail(file);
  return fd;
}

int create(const std::string& file) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd == -1) fail(file);
  return fd;
}

void write_all(int fd, const uint8_t* bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    const ssize_t count = write(fd, bytes + done, length - done);
    if (count < 0) fail("write");
    done += static_cast<size_t>(count);
  }
}

void move_bytes(const Paths& paths, uint8_t* buffer) {
  const int from = open_input(paths.from);
  const int to = create(paths.to);
  for (ssize_t length; (length = read(from, buffer, kBlockBytes)) != 0;) {
    if (length < 0) fail("read");
    write_all(to, buffer, static_cast<size_t>(length));
  }
  if (close(to) != 0) fail("close");
  close(from);
}

void call(const Paths& paths, uint8_t* buffer) {
  const int from = open_input(paths.from);
  struct stat found;
  if (fstat(from, &found) != 0) fail(paths.from);
  if (read(from, buffer, kHeaderBytes) < 0) fail("read");
  const std::string temporary = paths.to + ".tmp";
  const int to = create(temporary);
  write_all(to, buffer, 1);
  if (close(to) != 0) fail("close");
  close(from);
  if (rename(temporary.c_str(), paths.to.c_str()) != 0) fail("rename");
}

// Files below a folder. Makes the same folders below the other.
std::vector<Paths> list(const std::string& from, const std::string& to) {
  std::vector<Paths> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(from)) {
    const std::string target = to + entry.path().string().substr(from.size());
    if (entry.is_directory()) std::filesystem::create_directories(target);
    else files.push_back({entry.path().string(), target});
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const bool moves = std::string(argv[1]) == "bytes";
  const std::vector<Paths> files = list(argv[3], argv[4]);
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  const size_t count = std::min(files.size(), static_cast<size_t>(std::atoi(argv[2])));
  for (size_t i = 0; i < count; i++) {
    threads.emplace_back([&] {
      // On some machines a copy is half as fast if only one of its two ends is aligned to a page.
      uint8_t* buffer = static_cast<uint8_t*>(std::aligned_alloc(kPageBytes, kBlockBytes));
      if (buffer == nullptr) fail("aligned_alloc");
      for (size_t file; (file = next++) < files.size();) moves ? move_bytes(files[file], buffer) : call(files[file], buffer);
      std::free(buffer);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}
