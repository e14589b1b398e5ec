#include "base/file.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/error.h"

namespace millrace::base {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
  protected:
    FileTest() { fs::remove_all(directory_), fs::create_directories(directory_); }
    ~FileTest() override { fs::remove_all(directory_); }
    fs::path directory_ = fs::temp_directory_path() / ("millrace_file_test_" + std::to_string(::getpid()));
};

TEST_F(FileTest, OneOfManyThreadsPutsTheFile) {
    std::atomic<int> winners = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            winners += put_if_absent(directory_ / "v1", std::string(100, static_cast<char>('a' + i))) ? 1 : 0;
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(winners, 1);
    const std::string content = read_file(directory_ / "v1");
    EXPECT_EQ(content, std::string(100, content[0]));
    EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1)
        << "temporary files are left";
}

TEST_F(FileTest, ReplacingKeepsTheNameAndChangesTheContent) {
    replace_file(directory_ / "f", "one");
    replace_file(directory_ / "f", "two");
    EXPECT_EQ(read_file(directory_ / "f"), "two");
    EXPECT_EQ(read_file_if_exists(directory_ / "none"), std::nullopt);
}

TEST_F(FileTest, AFailedReplacementLeavesNoTemporaryFile) {
    fs::create_directory(directory_ / "f");
    EXPECT_THROW(replace_file(directory_ / "f", "one"), Error);
    EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1);
}

TEST_F(FileTest, AMissingFileIsNamedInTheError) {
    try {
        const File file(directory_ / "missing", File::Mode::read);
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("missing"), std::string::npos);
        EXPECT_EQ(error.exit_code(), 3);
    }
}

TEST_F(FileTest, AFileWhosePathLeadsElsewhereIsNoticed) {
    const fs::path folder = directory_ / "shop";
    const auto made = [&] {
        fs::create_directories(folder);
        return File(folder / "lock", File::Mode::read_write);
    };
    const File removed = made();
    const File parent(folder, File::Mode::read);
    EXPECT_NO_THROW(removed.check_in_place());
    fs::remove_all(folder);
    EXPECT_THROW(removed.check_in_place(), Error);
    EXPECT_THROW(parent.check_in_place(), Error);
    const File renamed = made();
    EXPECT_THROW(removed.check_in_place(), Error) << "another file has the path";
    EXPECT_THROW(parent.check_in_place(), Error);
    EXPECT_NO_THROW(renamed.check_in_place());
    fs::rename(folder, directory_ / "elsewhere");
    EXPECT_THROW(renamed.check_in_place(), Error);
    const File last = made();
    EXPECT_THROW(renamed.check_in_place(), Error);
    EXPECT_NO_THROW(last.check_in_place());
}

}  // namespace
}  // namespace millrace::base
