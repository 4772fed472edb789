// What any program must do that makes a file of each file of a folder, without the work on samples.
//
//     file-calls bytes|calls THREADS FROM TO
//
// `bytes`: opens each file, reads all of it and writes it to a new file, in the same blocks as
// noisemill. `calls`: opens each file, asks for its size, reads its first bytes, creates a file under
// a temporary name, writes one byte to it and renames it. Each thread takes whole files, but if
// there is one file only, the threads share its blocks. Folders are made first, by one thread.
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

struct Copy {
  int from;
  int to;
  uint64_t blocks;
};

Copy open_copy(const Paths& paths) {
  const Copy copy = {open_input(paths.from), create(paths.to), 0};
  struct stat found;
  if (fstat(copy.from, &found) != 0) fail(paths.from);
  return {copy.from, copy.to, (static_cast<uint64_t>(found.st_size) + kBlockBytes - 1) / kBlockBytes};
}

void close_copy(const Copy& copy) {
  if (close(copy.to) != 0) fail("close");
  close(copy.from);
}

void copy_block(const Copy& copy, uint64_t block, uint8_t* buffer) {
  const off_t at = static_cast<off_t>(block * kBlockBytes);
  const ssize_t length = pread(copy.from, buffer, kBlockBytes, at);
  if (length < 0) fail("pread");
  for (ssize_t done = 0; done < length;) {
    const ssize_t count = pwrite(copy.to, buffer + done, static_cast<size_t>(length - done), at + done);
    if (count < 0) fail("pwrite");
    done += count;
  }
}

void copy_file(const Paths& paths, uint8_t* buffer) {
  const Copy copy = open_copy(paths);
  for (uint64_t block = 0; block < copy.blocks; block++) copy_block(copy, block, buffer);
  close_copy(copy);
}

void call(const Paths& paths, uint8_t* buffer) {
  const int from = open_input(paths.from);
  struct stat found;
  if (fstat(from, &found) != 0) fail(paths.from);
  if (read(from, buffer, kHeaderBytes) < 0) fail("read");
  const std::string temporary = paths.to + ".tmp";
  const int to = create(temporary);
  if (write(to, buffer, 1) != 1) fail("write");
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

template <typename Work>
void on_threads(size_t count, const Work& work) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; i++) {
    threads.emplace_back([&] {
      // On some machines a copy is half as fast if only one of its two ends is aligned to a page.
      uint8_t* buffer = static_cast<uint8_t*>(std::aligned_alloc(kPageBytes, kBlockBytes));
      if (buffer == nullptr) fail("aligned_alloc");
      work(buffer);
      std::free(buffer);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const bool moves = std::string(argv[1]) == "bytes";
  const size_t count = static_cast<size_t>(std::atoi(argv[2]));
  const std::vector<Paths> files = list(argv[3], argv[4]);
  std::atomic<uint64_t> next = 0;
  if (moves && files.size() == 1) {
    const Copy copy = open_copy(files[0]);
    on_threads(count, [&](uint8_t* buffer) {
      for (uint64_t block; (block = next++) < copy.blocks;) copy_block(copy, block, buffer);
    });
    close_copy(copy);
  } else {
    on_threads(std::min(files.size(), count), [&](uint8_t* buffer) {
      for (uint64_t i; (i = next++) < files.size();) moves ? copy_file(files[i], buffer) : call(files[i], buffer);
    });
  }
  return 0;
}
