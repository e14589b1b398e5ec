#include "produce/appender.h"

#include <array>
#include <atomic>
#include <exception>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "bronze/partitioner.h"

namespace millrace::produce {

/// Fills one batch while its thread appends the other one.
class Appender::Writer {
  public:
    Writer(bronze::EventLog& log, int partition)
        : log_(log), partition_(partition), thread_([this] { work(); }) {}
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() {
        {
            const base::MutexLock lock(mutex_);
            ending_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

    [[nodiscard]] std::int64_t acknowledged() const { return acknowledged_; }
    bronze::RecordBatchBuilder& filling() { return batches_[filling_]; }

    /// Gives the filled batch to the thread, once the thread has appended the other one.
    void submit() {
        const base::MutexLock lock(mutex_);
        while (appending_) changed_.wait(mutex_);
        rethrow();
        if (filling().empty()) return;
        appending_ = true;
        filling_ ^= 1U;
        changed_.notify_all();
    }

    void wait() {
        const base::MutexLock lock(mutex_);
        while (appending_) changed_.wait(mutex_);
        rethrow();
    }

  private:
    void rethrow() MILLRACE_REQUIRES(mutex_) {
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    }

    void work() {
        base::MutexLock lock(mutex_);
        for (;;) {
            while (!appending_ && !ending_) changed_.wait(mutex_);
            if (!appending_) return;
            bronze::RecordBatchBuilder& batch = batches_[filling_ ^ 1U];
            lock.unlock();
            std::exception_ptr failure;
            try {
                log_.append(partition_, batch);
                acknowledged_ += batch.count();
            } catch (...) {
                failure = std::current_exception();
            }
            batch.clear();
            lock.lock();
            if (failure) failure_ = failure;
            appending_ = false;
            changed_.notify_all();
        }
    }

    bronze::EventLog& log_;
    const int partition_;
    std::array<bronze::RecordBatchBuilder, 2> batches_;
    std::atomic<std::int64_t> acknowledged_ = 0;
    unsigned filling_ = 0;  // the caller's batch; the thread owns the other one while appending_
    base::Mutex mutex_;
    base::ConditionVariable changed_;
    bool appending_ MILLRACE_GUARDED_BY(mutex_) = false;
    bool ending_ MILLRACE_GUARDED_BY(mutex_) = false;
    std::exception_ptr failure_ MILLRACE_GUARDED_BY(mutex_);
    std::thread thread_;
};

Appender::Appender(bronze::EventLog& log, std::size_t batch_bytes) : batch_bytes_(batch_bytes) {
    for (int p = 0; p < log.partitions(); ++p) writers_.push_back(std::make_unique<Writer>(log, p));
}

Appender::~Appender() = default;

void Appender::add(std::string_view key, std::string_view value, base::WallTime timestamp,
                   const std::vector<bronze::Header>& headers) {
    Writer& writer =
        *writers_[static_cast<std::size_t>(bronze::partition_of(key, static_cast<int>(writers_.size())))];
    writer.filling().add(key, value, timestamp, headers);
    if (writer.filling().bytes() >= batch_bytes_) writer.submit();
}

std::int64_t Appender::acknowledged() const {
    std::int64_t records = 0;
    for (const auto& writer : writers_) records += writer->acknowledged();
    return records;
}

void Appender::flush() {
    for (const auto& writer : writers_) writer->submit();
    for (const auto& writer : writers_) writer->wait();
}

}  // namespace millrace::produce
