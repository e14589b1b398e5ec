#include "serve/child_process.h"

#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>

namespace millrace::serve {
namespace {

namespace fs = std::filesystem;
using Ending = ChildResult::Ending;

/// A shell's command, and what became of it.
struct Ran {
    ChildResult result;
    std::string output;
};
Ran run(const std::string& command, const ChildLimits& limits = {}, std::string_view input = {},
        const fs::path& directory = "/") {
    Ran ran;
    ran.result = run_child({.arguments = {"/bin/sh", "-c", command}, .directory = directory, .input = input},
                           limits, [&](std::string_view piece) { ran.output += piece; });
    return ran;
}

TEST(ChildProcess, IsGivenItsInputAndTellsWhatItWroteAndHowItEnded) {
    const auto ran = run("read line; echo \"got $line\"; echo wrong >&2; exit 3", {}, "a line\n");
    EXPECT_EQ(ran.result.ending, Ending::exited);
    EXPECT_EQ(ran.result.exit_code, 3);
    EXPECT_EQ(ran.output, "got a line\n");
    EXPECT_EQ(ran.result.errors, "wrong\n");
}

TEST(ChildProcess, StartsInItsDirectoryWithAnEnvironmentOfItsOwn) {
    ::setenv("MILLRACE_TEST_SECRET", "a secret", 1);
    const fs::path directory = fs::canonical(fs::temp_directory_path());
    const auto ran = run("pwd; echo \"[$MILLRACE_TEST_SECRET]\"", {}, {}, directory);
    EXPECT_EQ(ran.output, directory.string() + "\n[]\n");
    ::unsetenv("MILLRACE_TEST_SECRET");
}

TEST(ChildProcess, AllOfALongOutputIsTaken) {
    const auto ran = run("head -c 3000000 /dev/zero");
    EXPECT_EQ(ran.output.size(), 3'000'000U);
}

TEST(ChildProcess, EndsAtTooMuchOutput) {
    const auto ran = run("exec yes", {.output_bytes = 100'000});
    EXPECT_EQ(ran.result.ending, Ending::too_much_output);
    EXPECT_LE(ran.output.size(), 100'000U);
}

TEST(ChildProcess, OnlyTheStartOfManyErrorsIsKept) {
    const auto ran = run("head -c 3000000 /dev/zero >&2");
    EXPECT_EQ(ran.result.ending, Ending::exited);
    EXPECT_LT(ran.result.errors.size(), 100'000U);
}

TEST(ChildProcess, EndsWhenItsTimeIsOverOrItIsToStop) {
    EXPECT_EQ(run("exec sleep 60", {.time = std::chrono::milliseconds(50)}).result.ending,
              Ending::out_of_time);
    base::StopSignal stop;
    stop.request();
    EXPECT_EQ(run("exec sleep 60", {.stop = &stop}).result.ending, Ending::stopped);
}

TEST(ChildProcess, OneThatClosesItsOutputGoesOnUntilItsTimeIsOver) {
    const ChildLimits limits{.time = std::chrono::milliseconds(50)};
    EXPECT_EQ(run("exec >&- 2>&-; exec sleep 60", limits).result.ending, Ending::out_of_time);
}

TEST(ChildProcess, CannotHaveMoreMemory) {
    const auto ran =
        run("exec tail /dev/zero", {.memory_bytes = std::int64_t{64} << 20});  // one endless line
    EXPECT_EQ(ran.result.ending, Ending::exited);
    EXPECT_NE(ran.result.exit_code, 0);
    EXPECT_NE(ran.result.errors.find("memory exhausted"), std::string::npos) << ran.result.errors;
}

TEST(ChildProcess, CannotWriteALargerFile) {
    const fs::path file =
        fs::temp_directory_path() / ("millrace_child_process_test_" + std::to_string(::getpid()));
    const auto ran = run("exec head -c 200000 /dev/zero > " + file.string(), {.file_bytes = 100'000});
    EXPECT_EQ(ran.result.ending, Ending::file_too_large);
    EXPECT_LE(fs::file_size(file), 100'000U);
    fs::remove(file);
}

TEST(ChildProcess, TellsTheSignalThatKilledIt) {
    const auto ran = run("kill -ABRT $$");
    EXPECT_EQ(ran.result.ending, Ending::killed);
    EXPECT_EQ(ran.result.signal, SIGABRT);
}

TEST(ChildProcess, AFaultOfTheReaderEndsIt) {
    const auto refuse = [](std::string_view) { throw std::runtime_error("no more"); };
    EXPECT_THROW(
        run_child({.arguments = {"/bin/sh", "-c", "exec yes"}, .directory = "/", .input = {}}, {}, refuse),
        std::runtime_error);
}

}  // namespace
}  // namespace millrace::serve
