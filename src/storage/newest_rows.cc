#include "storage/newest_rows.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <variant>

#include "base/error.h"
#include "storage/arrow_status.h"
#include "storage/column.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::storage {

namespace {

constexpr const char* ordering_rows = "ordering a table's rows";

/// A value of a column. A smaller value comes first.
using KeyPart = std::variant<std::int64_t, std::string>;

/// Orders numbers from the greatest down: the complement reverses the order and cannot overflow. Nulls come
/// last.
KeyPart key_part(const arrow::Array* column, std::int64_t row) {
    if (column == nullptr || column->IsNull(row)) return std::numeric_limits<std::int64_t>::max();
    switch (column->type_id()) {
        case arrow::Type::INT32:
            return ~std::int64_t{dynamic_cast<const arrow::Int32Array&>(*column).Value(row)};
        case arrow::Type::INT64:
            return ~dynamic_cast<const arrow::Int64Array&>(*column).Value(row);
        case arrow::Type::TIMESTAMP:
            return ~model::to_us(time_at(dynamic_cast<const arrow::TimestampArray&>(*column), row));
        default:
            return value_of(column->GetScalar(row), ordering_rows)->ToString();
    }
}

struct Candidate {
    model::Timestamp time;
    std::vector<KeyPart> ties;
    std::size_t file = 0;
    std::int64_t row = 0;
};

/// Returns whether `a` comes before `b`.
bool comes_before(const Candidate& a, const Candidate& b) {
    if (a.time != b.time) return a.time > b.time;
    if (a.ties != b.ties) return a.ties < b.ties;
    return std::pair(a.file, a.row) < std::pair(b.file, b.row);
}

/// Keeps the newest of the rows that are added.
class Newest {
  public:
    explicit Newest(const NewestRows& wanted) : wanted_(wanted) {}

    [[nodiscard]] bool is_full() const { return kept_.size() == wanted_.limit; }
    /// Returns the time of the oldest row that is kept.
    [[nodiscard]] model::Timestamp oldest() const { return kept_.front().time; }

    void add(const arrow::RecordBatch& batch, std::size_t file, std::int64_t first_row) {
        const auto column = batch.GetColumnByName(wanted_.time);
        if (column == nullptr || column->type_id() != arrow::Type::TIMESTAMP)
            throw Error(ordering_rows, fmt::format("a file has no times in the column {}", wanted_.time));
        const auto& times = dynamic_cast<const arrow::TimestampArray&>(*column);
        for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
            if (times.IsNull(row)) continue;
            const model::Timestamp time = time_at(times, row);
            if (is_full() && time < oldest()) continue;
            if (wanted_.filter && !wanted_.filter(batch, row)) continue;
            keep({time, ties_of(batch, row), file, first_row + row});
        }
    }

    std::vector<Candidate> in_order() && {
        std::ranges::sort_heap(kept_, comes_before);
        return std::move(kept_);
    }

  private:
    [[nodiscard]] std::vector<KeyPart> ties_of(const arrow::RecordBatch& batch, std::int64_t row) const {
        std::vector<KeyPart> ties;
        ties.reserve(wanted_.ties.size());
        for (const std::string& name : wanted_.ties)
            ties.push_back(key_part(batch.GetColumnByName(name).get(), row));
        return ties;
    }

    void keep(Candidate candidate) {
        if (is_full()) {
            if (!comes_before(candidate, kept_.front())) return;
            std::ranges::pop_heap(kept_, comes_before);
            kept_.pop_back();
        }
        kept_.push_back(std::move(candidate));
        std::ranges::push_heap(kept_, comes_before);
    }

    const NewestRows& wanted_;
    std::vector<Candidate> kept_;  // a heap with the last row of the order in front
};

/// Returns the newest time that rows of a file may have.
model::Timestamp newest_time(const AddFile& file, const std::string& column) {
    return FileStats(file).max_time(column).value_or(model::Timestamp::max());
}

std::vector<std::string> needed_columns(const NewestRows& wanted) {
    std::vector<std::string> columns = {wanted.time};
    columns.insert(columns.end(), wanted.ties.begin(), wanted.ties.end());
    columns.insert(columns.end(), wanted.filter_columns.begin(), wanted.filter_columns.end());
    std::ranges::sort(columns);
    columns.erase(std::ranges::unique(columns).begin(), columns.end());
    return columns;
}

void scan(const DeltaTable& table, const AddFile& file, std::size_t index, const NewestRows& wanted,
          Newest& newest) {
    std::int64_t first_row = 0;
    const auto columns = needed_columns(wanted);
    scan_parquet(table.root() / file.path, *wanted.columns, columns, [&](const arrow::RecordBatch& batch) {
        newest.add(batch, index, first_row);
        first_row += batch.num_rows();
    });
}

}  // namespace

std::vector<RowPlace> newest_rows(const DeltaTable& table, const NewestRows& wanted) {
    if (wanted.limit == 0) return {};
    std::vector<std::pair<model::Timestamp, const AddFile*>> files;
    for (const auto& [path, file] : table.snapshot().files)
        files.emplace_back(newest_time(file, wanted.time), &file);
    std::ranges::sort(files, [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second->path < b.second->path;
    });
    Newest newest(wanted);
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (newest.is_full() && files[i].first < newest.oldest()) break;
        scan(table, *files[i].second, i, wanted, newest);
    }
    std::vector<RowPlace> places;
    for (const Candidate& kept : std::move(newest).in_order())
        places.push_back({files[kept.file].second, kept.row, kept.time});
    return places;
}

void read_rows(const DeltaTable& table, const arrow::Schema& schema, const std::vector<RowPlace>& places,
               const std::vector<std::string>& columns,
               const std::function<void(std::size_t, const arrow::RecordBatch&, std::int64_t)>& visit) {
    // Index in `places` by file and row.
    std::map<const AddFile*, std::map<std::int64_t, std::size_t>> by_file;
    for (std::size_t i = 0; i < places.size(); ++i) by_file[places[i].file][places[i].row] = i;
    for (const auto& [file, rows] : by_file) {
        ParquetReader reader(table.root() / file->path, schema, columns);
        std::int64_t first_row = 0;
        for (auto next = rows.begin(); next != rows.end();) {
            const auto batch = reader.next();
            if (batch == nullptr)
                throw Error(fmt::format("reading {}", file->path), "it has fewer rows than before");
            for (; next != rows.end() && next->first < first_row + batch->num_rows(); ++next)
                visit(next->second, *batch, next->first - first_row);
            first_row += batch->num_rows();
        }
    }
}

}  // namespace millrace::storage
