#include "base/worker_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

namespace millrace::base {
namespace {

TEST(WorkerPool, RunsAllTasksAndThrowsTheFirstFailure) {
    WorkerPool pool(3);
    std::atomic<int> run = 0;
    std::vector<std::function<void()>> tasks(100, [&] { ++run; });
    tasks[40] = [&] {
        ++run;
        throw std::runtime_error("a task failed");
    };
    EXPECT_THROW(pool.run_all(tasks), std::runtime_error);
    EXPECT_EQ(run, 100);
    pool.run_all({[&] { ++run; }});
    EXPECT_EQ(run, 101) << "the pool still works";
}

TEST(WorkerPool, TasksMayRunFurtherTasksHoweverFewThreadsThereAre) {
    for (const std::size_t threads : {0, 1, 2}) {
        WorkerPool pool(threads);
        std::atomic<int> run = 0;
        const std::vector<std::function<void()>> leaves(10, [&] { ++run; });
        const std::vector<std::function<void()>> branches(10, [&] { pool.run_all(leaves); });
        pool.run_all({[&] { pool.run_all(branches); }, [&] { pool.run_all(branches); }});
        EXPECT_EQ(run, 200) << threads;
    }
}

/// Runs in a child process whose address space has no room for so many stacks.
[[noreturn]] void make_a_pool_that_is_too_large() {
    const rlimit limit{1U << 30U, 1U << 30U};
    ::setrlimit(RLIMIT_AS, &limit);
    try {
        const WorkerPool pool(2'000);
    } catch (const std::exception&) {
        ::_exit(7);
    }
    ::_exit(0);
}

TEST(WorkerPool, ThrowsWhenItGetsTooFewThreads) {
#ifdef MILLRACE_SANITIZED
    GTEST_SKIP() << "sanitizers need all of the address space";
#endif
    EXPECT_EXIT(make_a_pool_that_is_too_large(), testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace millrace::base
