#include "bronze/high_watermarks.h"

#include <fmt/format.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace millrace::bronze {

namespace {

constexpr std::uint64_t magic = 0x3130'6275'504c'4d00;  // "MLPub01", little-endian
constexpr const char* remedy =
    "Stop every program that uses the log, then delete the file. It is created again from the segments, and "
    "no record is cut.";

}  // namespace

/// The bytes of the file, in the machine's byte order, because the file never leaves the machine.
struct HighWatermarks::Layout {
    struct Partition {
        std::int64_t start;
        std::int64_t end;
    };

    std::uint64_t magic;
    std::int32_t epoch;
    std::int32_t partitions;
    std::uint32_t deleted;
    std::uint32_t counter;
    Partition partition[1];

    static std::size_t bytes(int partitions) {
        return sizeof(Layout) + static_cast<std::size_t>(partitions - 1) * sizeof(Partition);
    }
};

void HighWatermarks::create(const std::filesystem::path& path, const Shape& shape, Offset end) {
    std::string content(Layout::bytes(shape.partitions), '\0');
    Layout layout{};
    layout.magic = magic;
    layout.epoch = shape.epoch;
    layout.partitions = shape.partitions;
    std::memcpy(content.data(), &layout, offsetof(Layout, partition));
    const Layout::Partition each{.start = 0, .end = end.value()};
    for (std::size_t at = offsetof(Layout, partition); at < content.size(); at += sizeof each)
        std::memcpy(content.data() + at, &each, sizeof each);
    base::replace_file(path, content);
}

void HighWatermarks::mark_deleted(const std::filesystem::path& path) {
    const auto file = base::File::open_if_exists(path);
    if (!file) return;
    Layout found{};
    const std::size_t bytes = file->read_at(0, reinterpret_cast<char*>(&found), sizeof found);
    const bool mappable = bytes == sizeof found && found.magic == magic && found.partitions > 0 &&
                          found.partitions <= max_partitions &&
                          file->size() >= static_cast<std::int64_t>(Layout::bytes(found.partitions));
    if (mappable) HighWatermarks(path, {.epoch = found.epoch, .partitions = found.partitions}).set_deleted();
}

HighWatermarks::HighWatermarks(const std::filesystem::path& path, const Shape& shape)
    : path_(path), bytes_(Layout::bytes(shape.partitions)) {
    const base::File file(path, base::File::Mode::read_write);
    if (file.size() < static_cast<std::int64_t>(bytes_)) {
        throw Error(fmt::format("opening {}", path.string()), "the file is truncated", remedy);
    }
    void* mapped = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd(), 0);
    if (mapped == MAP_FAILED) throw system_error(fmt::format("mapping {}", path.string()), errno);
    layout_ = static_cast<Layout*>(mapped);
    if (layout_->magic != magic || layout_->epoch != shape.epoch || layout_->partitions != shape.partitions) {
        ::munmap(mapped, bytes_);
        throw Error(fmt::format("opening {}", path.string()), "it does not belong to this topic", remedy);
    }
}

HighWatermarks::~HighWatermarks() {
    ::munmap(layout_, bytes_);
}

Offset HighWatermarks::end(int partition) const {
    const std::int64_t end =
        std::atomic_ref(layout_->partition[partition].end).load(std::memory_order_acquire);
    return Offset(std::max<std::int64_t>(end, 0));
}

bool HighWatermarks::knows_end(int partition) const {
    return std::atomic_ref(layout_->partition[partition].end).load(std::memory_order_acquire) >= 0;
}

Offset HighWatermarks::start(int partition) const {
    return Offset(std::atomic_ref(layout_->partition[partition].start).load(std::memory_order_acquire));
}

void HighWatermarks::set_end(int partition, Offset end) {
    std::atomic_ref(layout_->partition[partition].end).store(end.value(), std::memory_order_release);
    wake();
}

void HighWatermarks::set_start(int partition, Offset start) {
    std::atomic_ref(layout_->partition[partition].start).store(start.value(), std::memory_order_release);
}

bool HighWatermarks::deleted() const {
    return std::atomic_ref(layout_->deleted).load() != 0;
}

void HighWatermarks::set_deleted() {
    std::atomic_ref(layout_->deleted).store(1);
    wake();
}

std::uint32_t HighWatermarks::counter() const {
    return std::atomic_ref(layout_->counter).load(std::memory_order_acquire);
}

void HighWatermarks::wait(std::uint32_t seen, std::chrono::microseconds limit) const {
    const auto us = limit.count();
    const timespec timeout{.tv_sec = us / 1'000'000, .tv_nsec = us % 1'000'000 * 1000};
    ::syscall(SYS_futex, &layout_->counter, FUTEX_WAIT, seen, &timeout, nullptr, 0);
}

void HighWatermarks::wake() const {
    std::atomic_ref(layout_->counter).fetch_add(1, std::memory_order_acq_rel);
    ::syscall(SYS_futex, &layout_->counter, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace millrace::bronze
