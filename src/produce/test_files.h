#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

/// What the tests of the import share: a temporary folder with files.
namespace millrace::produce {

class FilesTest : public testing::Test {
  protected:
    FilesTest() {
        std::filesystem::remove_all(directory_);
        std::filesystem::create_directories(directory_);
    }
    ~FilesTest() override { std::filesystem::remove_all(directory_); }

    /// Writes a file, and returns its path.
    std::filesystem::path file(const std::string& name, const std::string& content) {
        std::ofstream(directory_ / name, std::ios::binary) << content;
        return directory_ / name;
    }

    const std::filesystem::path directory_ =
        std::filesystem::temp_directory_path() / ("millrace_import_test_" + std::to_string(::getpid()));
};

}  // namespace millrace::produce
