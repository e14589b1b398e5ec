#include "gold/stage/gold_comparison.h"

#include <arrow/api.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "gold/stage/gold_file.h"
#include "gold/stage/gold_writer.h"
#include "model/timestamp.h"
#include "storage/arrow_status.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::gold {

namespace fs = std::filesystem;

namespace {

constexpr const char* comparing = "comparing gold rows";

/// The hashes of a row.
struct RowHash {
    std::uint64_t key = 0;  ///< hash of the key columns (table_key())
    XXH128_hash_t all{};    ///< hash of all columns
};

/// A hash of any number of rows that does not depend on their order.
struct Fingerprint {
    std::uint64_t rows = 0;
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    void add(const RowHash& row) {
        ++rows;
        low += row.all.low64;
        high += row.all.high64;
    }
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// A row as text.
struct RowText {
    std::string name;                ///< the key, as name=value
    std::vector<std::string> cells;  ///< the values of the other columns, in order
};
using TextByKey = std::map<std::uint64_t, RowText>;  // the key is RowHash::key

std::string cell_text(const arrow::Array* column, std::int64_t row) {
    if (column == nullptr || column->IsNull(row)) return "null";
    const std::string text = storage::value_of(column->GetScalar(row), comparing)->ToString();
    return column->type_id() == arrow::Type::STRING ? '"' + text + '"' : text;
}

void append_sized(std::string_view bytes, std::string& into) {
    const std::uint64_t size = bytes.size();
    into.append(reinterpret_cast<const char*>(&size), sizeof size);
    into.append(bytes);
}

void append_cell(const arrow::Array* column, std::int64_t row, std::string& into) {
    const bool null = column == nullptr || column->IsNull(row);
    into += null ? '\0' : '\1';
    if (null) return;
    switch (column->type_id()) {
        case arrow::Type::STRING:
            return append_sized(static_cast<const arrow::StringArray&>(*column).GetView(row), into);
        case arrow::Type::INT64:
        case arrow::Type::DOUBLE:
        case arrow::Type::TIMESTAMP:
        case arrow::Type::DECIMAL128: {
            const auto width = static_cast<std::size_t>(column->type()->bit_width() / 8);
            const auto* values = reinterpret_cast<const char*>(column->data()->buffers[1]->data());
            into.append(values + static_cast<std::size_t>(column->offset() + row) * width, width);
            return;
        }
        default:
            return append_sized(storage::value_of(column->GetScalar(row), comparing)->ToString(), into);
    }
}

/// Reads the rows of a batch. A column that the batch lacks is null: its file is older than the column.
class RowReader {
  public:
    RowReader(Table table, const arrow::RecordBatch& rows) {
        const auto& key = table_key(table);
        for (const std::string& name : table_layout(table).schema->field_names()) {
            const bool in_key = std::ranges::find(key, name) != key.end();
            (in_key ? key_ : others_).push_back({name, rows.GetColumnByName(name)});
        }
    }

    RowHash hash(std::int64_t row) {
        bytes_.clear();
        for (const Column& column : key_) append_cell(column.array.get(), row, bytes_);
        const std::uint64_t key = XXH3_64bits(bytes_.data(), bytes_.size());
        for (const Column& column : others_) append_cell(column.array.get(), row, bytes_);
        return {key, XXH3_128bits(bytes_.data(), bytes_.size())};
    }
    [[nodiscard]] RowText text(std::int64_t row) const {
        RowText text;
        for (const Column& column : key_) {
            text.name += fmt::format("{}{}={}", text.name.empty() ? "" : " ", column.name,
                                     cell_text(column.array.get(), row));
        }
        for (const Column& column : others_) text.cells.push_back(cell_text(column.array.get(), row));
        return text;
    }

  private:
    struct Column {
        std::string name;
        std::shared_ptr<arrow::Array> array;
    };
    std::vector<Column> key_;
    std::vector<Column> others_;
    std::string bytes_;
};

void add_rows(Table table, const arrow::RecordBatch& rows, Fingerprint& into) {
    RowReader reader(table, rows);
    for (std::int64_t row = 0; row < rows.num_rows(); ++row) into.add(reader.hash(row));
}

/// Keeps the text of the `limit` rows with the smallest keys, so that both sides keep the same rows.
void keep_text(std::uint64_t key, const RowReader& reader, std::int64_t row, std::size_t limit,
               TextByKey& into) {
    if (into.size() >= limit && key >= std::prev(into.end())->first) return;
    into.insert_or_assign(key, reader.text(row));
    if (into.size() > limit) into.erase(std::prev(into.end()));
}

}  // namespace

/// One day of a table.
struct GoldComparison::Day {
    /// A published row.
    struct Row {
        std::uint64_t key = 0;
        std::uint64_t hash = 0;
        friend auto operator<=>(const Row&, const Row&) = default;
    };

    Table table;
    std::vector<fs::path> files;
    Fingerprint published;
    Fingerprint computed;
    std::vector<Row> rows;      // sorted
    std::vector<bool> matched;  // for each of `rows`, whether it was also computed
    TextByKey only_published;
    TextByKey only_computed;

    void scan(const std::function<void(const arrow::RecordBatch&)>& visit) const {
        const auto& columns = *table_layout(table).schema;
        for (const fs::path& file : files) storage::scan_parquet(file, columns, {}, visit);
    }
    void index_published();
    void match(const arrow::RecordBatch& batch, std::size_t limit);
    void find_unmatched(std::size_t limit);
    void report(std::size_t limit, std::vector<GoldDifference>& into) const;
};

void GoldComparison::Day::index_published() {
    rows.reserve(published.rows);
    scan([this](const arrow::RecordBatch& batch) {
        RowReader reader(table, batch);
        for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
            const RowHash hash = reader.hash(row);
            rows.push_back({hash.key, hash.all.low64});
        }
    });
    std::ranges::sort(rows);
    matched.assign(rows.size(), false);
}

/// Marks the published rows that were also computed, and keeps the text of computed rows that were not
/// published.
void GoldComparison::Day::match(const arrow::RecordBatch& batch, std::size_t limit) {
    RowReader reader(table, batch);
    for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
        const RowHash hash = reader.hash(row);
        const Row wanted{hash.key, hash.all.low64};
        auto found = static_cast<std::size_t>(std::ranges::lower_bound(rows, wanted) - rows.begin());
        while (found < rows.size() && rows[found] == wanted && matched[found]) ++found;
        if (found < rows.size() && rows[found] == wanted) {
            matched[found] = true;
        } else {
            keep_text(hash.key, reader, row, limit, only_computed);
        }
    }
}

/// Keeps the text of published rows that were not computed.
void GoldComparison::Day::find_unmatched(std::size_t limit) {
    std::vector<Row> unmatched;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!matched[i]) unmatched.push_back(rows[i]);
    }
    if (unmatched.empty()) return;
    scan([&](const arrow::RecordBatch& batch) {
        RowReader reader(table, batch);
        for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
            const RowHash hash = reader.hash(row);
            if (std::ranges::binary_search(unmatched, Row{hash.key, hash.all.low64}))
                keep_text(hash.key, reader, row, limit, only_published);
        }
    });
}

void GoldComparison::Day::report(std::size_t limit, std::vector<GoldDifference>& into) const {
    std::map<std::uint64_t, std::pair<const RowText*, const RowText*>> found;
    for (const auto& [key, row] : only_published) found[key].first = &row;
    for (const auto& [key, row] : only_computed) found[key].second = &row;
    while (found.size() > limit) found.erase(std::prev(found.end()));  // one side may lack their text
    std::map<std::string, std::pair<const RowText*, const RowText*>> by_name;
    for (const auto& [key, row] : found) by_name[(row.first != nullptr ? row.first : row.second)->name] = row;
    std::vector<std::string> columns = table_layout(table).schema->field_names();
    std::erase_if(columns, [&](const std::string& name) {
        return std::ranges::find(table_key(table), name) != table_key(table).end();
    });
    for (const auto& [name, row] : by_name) {
        for (std::size_t c = 0; c < columns.size() && into.size() < limit; ++c) {
            const std::string left = row.first == nullptr ? "" : row.first->cells[c];
            const std::string right = row.second == nullptr ? "" : row.second->cells[c];
            if (left != right)
                into.push_back({std::string(table_name(table)), name, columns[c], left, right});
        }
    }
}

base::json::object GoldDifference::to_json() const {
    return {{"table", table}, {"row", row}, {"column", column}, {"published", published}, {"batch", batch}};
}

GoldComparison::GoldComparison(const fs::path& gold, const Scope& scope) {
    for (const Table table : metric_tables) add_days(gold, table, scope);
}

GoldComparison::~GoldComparison() = default;

void GoldComparison::add_days(const fs::path& gold, Table table, const Scope& scope) {
    const auto published = storage::DeltaTable::open(gold / table_name(table));
    const std::int64_t end = is_of_sessions(table) || table == Table::orders
                                 ? std::min(scope.days.to + 1, scope.sessions_to)
                                 : scope.days.to + 1;
    for (std::int64_t day = scope.days.from; day < end; ++day) {
        days_[{table, day}].table = table;
        if (recomputed_version(published.snapshot(), day) > scope.silver_version) possible_ = false;
    }
    add_files(published, table, scope);
}

void GoldComparison::add_files(const storage::DeltaTable& published, Table table, const Scope& scope) {
    for (const auto& [path, add] : published.snapshot().files) {
        const auto day = model::parse_day(storage::partition_value(add, "day"));
        Day* const found = day ? find(table, *day) : nullptr;
        if (found == nullptr) continue;
        const GoldFile file = gold_file(path);
        const bool later = file.version > scope.silver_version;
        if (later && file.kind == GoldFile::Kind::joined) possible_ = false;
        if (!later && !(file.is_provisional() && scope.open_elsewhere))
            found->files.push_back(published.root() / path);
    }
}

GoldComparison::Day* GoldComparison::find(Table table, std::int64_t day) {
    const auto found = days_.find({table, day});
    return found == days_.end() ? nullptr : &found->second;
}

std::vector<GoldDifference> GoldComparison::run(const std::function<void(const VisitGoldRows&)>& compute,
                                                std::size_t limit) {
    compute([this](Table table, std::int64_t day, const arrow::RecordBatch& rows) {
        if (Day* const found = find(table, day)) add_rows(table, rows, found->computed);
    });
    for (auto& [at, day] : days_)
        day.scan([&day](const arrow::RecordBatch& rows) { add_rows(day.table, rows, day.published); });
    std::erase_if(days_, [](const auto& each) { return each.second.published == each.second.computed; });
    if (days_.empty()) return {};
    for (auto& [at, day] : days_) day.index_published();
    compute([this, limit](Table table, std::int64_t day, const arrow::RecordBatch& rows) {
        if (Day* const found = find(table, day)) found->match(rows, limit);
    });
    std::vector<GoldDifference> differences;
    for (auto& [at, day] : days_) {
        day.find_unmatched(limit);
        day.report(limit, differences);
    }
    return differences;
}

}  // namespace millrace::gold
