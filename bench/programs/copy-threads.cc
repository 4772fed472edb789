// Copies files into a folder with several threads. They read and write the same blocks as
// noisemill, but do not touch the samples. So this measures noisemill's work without its kernel.
//
//     copy-threads THREADS FOLDER FILE...
//
// If there are several files, each thread copies whole files. The threads share the blocks of a
// single file.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr size_t kBlockBytes = 256 * 1024;
constexpr size_t kPageBytes = 4096;

struct Copy {
  int from;
  int to;
  uint64_t blocks;
};

[[noreturn]] void fail(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

Copy open_copy(const std::string& folder, const std::string& file) {
  const std::string output = folder + "/" + file.substr(file.find_last_of('/') + 1);
  Copy copy = {open(file.c_str(), O_RDONLY | O_CLOEXEC), open(output.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), 0};
  struct stat found;
  if (copy.from == -1 || fstat(copy.from, &found) != 0) fail(file);
  if (copy.to == -1) fail(output);
  copy.blocks = (static_cast<uint64_t>(found.st_size) + kBlockBytes - 1) / kBlockBytes;
  return copy;
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

template <typename Work>
void on_threads(int count, const Work& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; i++) {
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
  if (argc < 4) return 2;
  const int threads = std::atoi(argv[1]);
  const std::string folder = argv[2];
  const std::vector<std::string> files(argv + 3, argv + argc);
  std::atomic<uint64_t> next = 0;
  if (files.size() == 1) {
    const Copy copy = open_copy(folder, files[0]);
    on_threads(threads, [&](uint8_t* buffer) {
      for (uint64_t block; (block = next++) < copy.blocks;) copy_block(copy, block, buffer);
    });
    close_copy(copy);
  } else {
    on_threads(threads, [&](uint8_t* buffer) {
      for (uint64_t file; (file = next++) < files.size();) {
        const Copy copy = open_copy(folder, files[file]);
        for (uint64_t block = 0; block < copy.blocks; block++) copy_block(copy, block, buffer);
        close_copy(copy);
      }
    });
  }
  return 0;
}
