#include "base/scratch_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

namespace millrace::base {
namespace {

namespace fs = std::filesystem;

class ScratchFolderTest : public testing::Test {
  protected:
    ScratchFolderTest() { fs::remove_all(parent_); }
    ~ScratchFolderTest() override { fs::remove_all(parent_); }

    /// Returns the folder of a process that was killed after it wrote a file.
    fs::path folder_of_a_killed_process() {
        const ::pid_t child = ::fork();
        if (child == 0) {
            const ScratchFolder folder(parent_);
            File(folder.path() / "rows", File::Mode::create).write_at(0, "rows");
            ::kill(::getpid(), SIGKILL);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return fs::directory_iterator(parent_)->path();
    }

    const fs::path parent_ =
        fs::temp_directory_path() / ("millrace_scratch_folder_test_" + std::to_string(::getpid()));
};

TEST_F(ScratchFolderTest, IsRemovedWithItsFiles) {
    std::optional<ScratchFolder> folder(std::in_place, parent_);
    const fs::path path = folder->path();
    File(path / "rows", File::Mode::create).write_at(0, "rows");
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
    folder.reset();
    EXPECT_FALSE(fs::exists(path));
}

TEST_F(ScratchFolderTest, TheNextFolderRemovesThatOfAKilledProcess) {
    const fs::path abandoned = folder_of_a_killed_process();
    EXPECT_TRUE(fs::exists(abandoned / "rows"));
    const ScratchFolder next(parent_);
    EXPECT_FALSE(fs::exists(abandoned));
}

TEST_F(ScratchFolderTest, StaysWhileItsProcessLives) {
    const ScratchFolder first(parent_);
    File(first.path() / "rows", File::Mode::create).write_at(0, "rows");
    const ScratchFolder second(parent_);
    EXPECT_TRUE(fs::exists(first.path() / "rows"));
}

TEST_F(ScratchFolderTest, AFolderThatIsBeingCreatedStays) {
    fs::create_directories(parent_ / "new");
    const ScratchFolder next(parent_);
    EXPECT_TRUE(fs::exists(parent_ / "new"));
}

}  // namespace
}  // namespace millrace::base
