#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "storage/delta_table.h"
#include "storage/parquet_file.h"
#include "storage/partition_path.h"

/// What the tests of Delta tables share: a table in a temporary folder, and files of rows for it.
namespace millrace::storage {

class TableTest : public testing::Test {
  protected:
    TableTest() { std::filesystem::remove_all(root_); }
    ~TableTest() override { std::filesystem::remove_all(root_); }

    static std::shared_ptr<arrow::Schema> test_schema() {
        return arrow::schema({arrow::field("id", arrow::int64(), false),
                              arrow::field("offset", arrow::int64()), arrow::field("name", arrow::utf8()),
                              arrow::field("day", arrow::utf8(), false)});
    }
    static const ParquetLayout& test_layout() {
        static const ParquetLayout layout{.schema = arrow::schema({arrow::field("id", arrow::int64(), false),
                                                                   arrow::field("offset", arrow::int64()),
                                                                   arrow::field("name", arrow::utf8())}),
                                          .plain = {},
                                          .delta_encoded = {"offset"},
                                          .without_stats = {}};
        return layout;
    }

    DeltaTable open() { return DeltaTable::open_or_create(root_, *test_schema(), {"day"}); }
    /// Writes a file of rows whose ids and offsets are those from `from` on, before `to`. Commits nothing.
    AddFile write(std::int64_t from, std::int64_t to, const std::string& day = "2019-10-01") {
        arrow::Int64Builder ids;
        arrow::StringBuilder names;
        for (std::int64_t i = from; i < to; ++i) {
            EXPECT_TRUE(ids.Append(i).ok());
            EXPECT_TRUE((i % 3 == 0 ? names.AppendNull() : names.Append("n" + std::to_string(i))).ok());
        }
        const auto id_array = ids.Finish().ValueOrDie();
        const auto rows = arrow::RecordBatch::Make(test_layout().schema, to - from,
                                                   {id_array, id_array, names.Finish().ValueOrDie()});
        AddFile add;
        add.partition_values = {{"day", day}};
        add.path =
            partition_directory(add.partition_values) + "/part-" + std::to_string(files_++) + ".parquet";
        std::filesystem::create_directories((root_ / add.path).parent_path());
        ParquetWriter writer(root_ / add.path, test_layout());
        writer.write(*rows);
        const auto written = writer.finish();
        add.size = written.bytes;
        add.stats = written.stats;
        return add;
    }
    static Commit adding(AddFile add, std::int64_t version = 0) {
        Commit commit;
        commit.adds.push_back(std::move(add));
        if (version > 0) commit.txns.push_back({"app", version, {}});
        return commit;
    }
    static Commit removing(const AddFile& add, base::WallTime when) {
        Commit commit;
        commit.removes.push_back({add.path, add.partition_values, add.size, when, true});
        return commit;
    }
    static bool proceed(const Commit& /*other*/) { return true; }
    [[nodiscard]] std::filesystem::path log(const std::string& name) const {
        return root_ / "_delta_log" / name;
    }
    void append_to_log(int version, const std::string& text) const {
        std::ofstream(log("0000000000000000000" + std::to_string(version) + ".json")) << text;
    }
    /// Makes a file as old as this, by its time of modification.
    void age(const AddFile& add, std::chrono::seconds age) const {
        std::filesystem::last_write_time(root_ / add.path,
                                         std::filesystem::file_time_type::clock::now() - age);
    }

    const std::filesystem::path root_ =
        std::filesystem::temp_directory_path() / ("millrace_delta_test_" + std::to_string(::getpid()));

  private:
    int files_ = 0;
};

}  // namespace millrace::storage
