#include "silver/ranges/row_drop.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/random_id.h"
#include "silver/silver_table.h"
#include "storage/kept_rows.h"
#include "storage/parquet_file.h"

namespace millrace::silver {

namespace {

/// Tells of numbers that are asked for in ascending order whether they are in an ascending list.
class Ascending {
  public:
    explicit Ascending(const std::vector<std::int64_t>& numbers)
        : next_(numbers.begin()), end_(numbers.end()) {}

    bool contains(std::int64_t number) {
        while (next_ != end_ && *next_ < number) ++next_;
        return next_ != end_ && *next_ == number;
    }

  private:
    std::vector<std::int64_t>::const_iterator next_;
    std::vector<std::int64_t>::const_iterator end_;
};

}  // namespace

void drop_rows(const std::filesystem::path& root, storage::AddFile& file,
               const std::vector<std::int64_t>& rows) {
    constexpr std::string_view ending = ".snappy.parquet";
    const std::filesystem::path old = root / file.path;
    storage::AddFile kept = file;
    kept.path =
        fmt::format("{}-{}{}", std::string_view(file.path).substr(0, file.path.size() - ending.size()),
                    base::random_id(), ending);
    storage::ParquetWriter writer(root / kept.path, silver_layout());
    Ascending dropped(rows);
    std::int64_t before = 0;  // rows of the batches before
    storage::scan_parquet(old, *silver_layout().schema, {}, [&](const arrow::RecordBatch& batch) {
        storage::append_kept_rows(writer, batch,
                                  [&](std::int64_t row) { return !dropped.contains(before + row); });
        before += batch.num_rows();
    });
    const storage::WrittenFile written = writer.finish();
    storage::describe(kept, written);
    if (written.rows == 0) {
        std::filesystem::remove(root / kept.path);
        kept.path.clear();
    }
    std::filesystem::remove(old);
    base::sync_directory(old.parent_path());
    file = std::move(kept);
}

void drop_rows(FileIds& ids, const std::vector<std::int64_t>& rows) {
    Ascending dropped(rows);
    FileIds kept;
    for (std::size_t row = 0; row < ids.hashes.size(); ++row) {
        if (dropped.contains(static_cast<std::int64_t>(row))) continue;
        kept.hashes.push_back(ids.hashes[row]);
        kept.times.push_back(ids.times[row]);
    }
    ids = std::move(kept);
}

}  // namespace millrace::silver
