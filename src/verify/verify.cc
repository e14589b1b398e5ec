#include "verify/verify.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "archive/archive_table.h"
#include "base/error.h"
#include "catalog/partition_progress.h"
#include "model/event.h"
#include "silver/silver_table.h"
#include "silver/stage/table_ids.h"
#include "storage/column.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"
#include "storage/vacuum.h"
#include "verify/verify_gold.h"

namespace millrace::verify {

namespace json = boost::json;

namespace {

using storage::column;

/// Counts the faults of one check and keeps the first one's description.
class Finding {
  public:
    explicit Finding(std::string name) : name_(std::move(name)) {}

    void fault(std::string detail) {
        if (faults_++ == 0) first_ = std::move(detail);
    }
    void require(bool holds, auto&& describe) {
        if (!holds) [[unlikely]]
            fault(describe());
    }
    [[nodiscard]] Check check(std::string counted) const {
        if (faults_ == 0) return {name_, true, std::move(counted)};
        return {name_, false, faults_ == 1 ? first_ : fmt::format("{} (and {} more)", first_, faults_ - 1)};
    }

  private:
    std::string name_;
    std::string first_;
    std::int64_t faults_ = 0;
};

/// The offsets of one bronze partition that have been seen, a bit each.
class OffsetSet {
  public:
    /// False when it was there already.
    bool insert(bronze::Offset offset) {
        const auto at = static_cast<std::size_t>(offset);
        if (at >= bits_.size()) bits_.resize(std::max(at + 1, bits_.size() * 2));
        if (bits_[at]) return false;
        bits_[at] = true;
        ++size_;
        return true;
    }
    [[nodiscard]] bool contains(bronze::Offset offset) const {
        return static_cast<std::size_t>(offset) < bits_.size() && bits_[static_cast<std::size_t>(offset)];
    }
    [[nodiscard]] std::int64_t size() const { return size_; }

  private:
    std::vector<bool> bits_;
    std::int64_t size_ = 0;
};

class Verifier {
  public:
    Verifier(const catalog::DataDirectory& data, const bronze::EventLog& log)
        : data_(data),
          log_(log),
          dedupe_scope_(data.settings().dedupe_scope),
          silver_(storage::DeltaTable::open(data.silver())),
          quarantine_(storage::DeltaTable::open(data.quarantine())),
          identity_(catalog::identify(silver_.snapshot(), log)),
          silver_offsets_(static_cast<std::size_t>(log.partitions())),
          quarantined_offsets_(static_cast<std::size_t>(log.partitions())) {
        for (int p = 0; p < log.partitions(); ++p)
            progress_.push_back(catalog::read_progress(silver_.snapshot(), log, p));
    }

    VerifyReport run() {
        check_schemas();
        check_files(silver_, "silver");
        check_files(quarantine_, "quarantine");
        if (std::ranges::all_of(report_.checks, &Check::passed)) {
            check_rows();
            check_quarantine();
            check_accounting();
            check_commits();
        }
        check_log();
        if (storage::DeltaTable::exists(data_.archive())) check_archive();
        return std::move(report_);
    }

  private:
    void add(Check check) { report_.checks.push_back(std::move(check)); }
    [[nodiscard]] const catalog::PartitionProgress& progress(int partition) const {
        return progress_[static_cast<std::size_t>(partition)];
    }

    void check_schemas() {
        Finding finding("schema");
        const auto compare = [&](const storage::DeltaTable& table, const arrow::Schema& schema,
                                 const char* name) {
            const std::string& actual = table.snapshot().metadata.schema_json;
            finding.require(storage::lacking_columns(actual, storage::delta_schema(schema)).has_value(), [&] {
                return fmt::format("the {} table's columns differ from the format's", name);
            });
        };
        compare(silver_, *silver::silver_schema(), "silver");
        compare(quarantine_, *silver::quarantine_schema(), "quarantine");
        add(finding.check("both tables have the columns of their format"));
    }

    void check_files(const storage::DeltaTable& table, const char* name) {
        Finding finding(fmt::format("{} files", name));
        std::int64_t bytes = 0;
        for (const auto& [path, file] : table.snapshot().files) {
            std::error_code error;
            const auto size = std::filesystem::file_size(table.root() / path, error);
            finding.require(!error, [&] { return fmt::format("{} is in the log but not on disk", path); });
            finding.require(error || static_cast<std::int64_t>(size) == file.size, [&] {
                return fmt::format("{} has {} bytes, and the log says {}", path, size, file.size);
            });
            bytes += file.size;
        }
        add(finding.check(fmt::format(
            "{}, {}", base::format_counted(static_cast<std::int64_t>(table.snapshot().files.size()), "file"),
            base::format_size(bytes))));
        std::int64_t removed = 0;
        std::int64_t orphans = 0;
        const auto tombstones = table.tombstones();
        for (const auto& path : storage::unnamed_files(table)) {
            ++(tombstones.contains(path) ? removed : orphans);
        }
        if (removed > 0)
            report_.notes.push_back(fmt::format("{}: {} removed files await vacuum", name, removed));
        if (orphans > 0) {
            report_.notes.push_back(
                fmt::format("{}: {} files that no commit names (a crash leaves them; vacuum "
                            "removes them)",
                            name, orphans));
        }
    }

    void check_rows() {
        Finding rows_finding("rows");
        Finding duplicates("duplicate ids");
        Finding offsets("offsets");
        std::map<std::string, std::vector<const storage::AddFile*>> days;
        for (const auto& [path, add] : silver_.snapshot().files) {
            days[std::string(storage::partition_value(add, "event_date"))].push_back(&add);
        }
        std::int64_t rows = 0;
        for (const auto& [day, files] : days) {
            std::vector<silver::IdHash> ids;  // of one day, to bound the memory
            for (const storage::AddFile* add : files) {
                const auto path = silver_.root() / add->path;
                storage::scan_parquet(path, silver_columns_, {}, [&](const arrow::RecordBatch& batch) {
                    check_nulls(batch, add->path, rows_finding);
                    check_values(batch, *add, rows_finding);
                    take_offsets(batch, add->path, offsets);
                    for (std::int64_t i = 0; i < batch.num_rows(); ++i) ids.push_back(id_of(batch, i));
                    rows += batch.num_rows();
                });
            }
            std::ranges::sort(ids, [](const auto& a, const auto& b) {
                return a.low != b.low ? a.low < b.low : a.high < b.high;
            });
            for (auto at = std::ranges::adjacent_find(ids); at != ids.end();
                 at = std::adjacent_find(at + 1, ids.end())) {
                duplicates.fault(fmt::format("event_date {}: {}", day, name_duplicate(files, *at)));
            }
        }
        add(rows_finding.check(fmt::format("{} silver rows have valid values", base::format_count(rows))));
        add(duplicates.check("no event_id stands twice on a day"));
        add(offsets.check("each offset stands at most once, below its partition's progress"));
    }

    [[nodiscard]] silver::IdHash id_of(const arrow::RecordBatch& batch, std::int64_t row) const {
        return silver::hash_id(column<arrow::StringArray>(batch, "event_id").GetView(row), dedupe_scope_,
                               column<arrow::Int32Array>(batch, "partition").Value(row));
    }

    std::string name_duplicate(const std::vector<const storage::AddFile*>& files,
                               const silver::IdHash& wanted) const {
        std::string text;
        for (const storage::AddFile* add : files) {
            storage::scan_parquet(silver_.root() / add->path, silver_columns_, {"event_id", "partition"},
                                  [&](const arrow::RecordBatch& batch) {
                                      const auto& names = column<arrow::StringArray>(batch, "event_id");
                                      for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
                                          if (id_of(batch, i) != wanted) continue;
                                          text += fmt::format("{}{} in {}", text.empty() ? "" : ", again ",
                                                              names.GetView(i), add->path);
                                      }
                                  });
        }
        return text;
    }

    static void check_nulls(const arrow::RecordBatch& batch, const std::string& path, Finding& finding) {
        for (const auto& field : silver::silver_layout().schema->fields()) {
            const auto values = batch.GetColumnByName(field->name());
            finding.require(values != nullptr || field->nullable(),
                            [&] { return fmt::format("{} has no column {}", path, field->name()); });
            if (values == nullptr || field->nullable()) continue;
            finding.require(values->null_count() == 0, [&] {
                return fmt::format("{} has {} rows without {}", path, values->null_count(), field->name());
            });
        }
    }

    static void check_values(const arrow::RecordBatch& batch, const storage::AddFile& add, Finding& finding) {
        const auto day = model::parse_day(storage::partition_value(add, "event_date"));
        const bool known = model::is_known_type(storage::partition_value(add, "event_type"));
        const auto& ids = column<arrow::StringArray>(batch, "event_id");
        const auto& times = column<arrow::TimestampArray>(batch, "event_timestamp");
        const auto& products = column<arrow::StringArray>(batch, "product_id");
        const auto& prices = column<arrow::DoubleArray>(batch, "price");
        const auto& high_value = column<arrow::BooleanArray>(batch, "is_high_value");
        const auto& hours = column<arrow::Int32Array>(batch, "event_hour");
        for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
            const bool priced = prices.IsValid(i);
            const double price = priced ? prices.Value(i) : 0;
            const auto at = [&](std::string_view what) {
                return fmt::format("{}: event {} {}", add.path, ids.GetView(i), what);
            };
            finding.require(day && model::day_of(times.Value(i)) == *day,
                            [&] { return at("is not of its event_date"); });
            finding.require(model::hour_of(times.Value(i)) == hours.Value(i),
                            [&] { return at("has another event_hour"); });
            finding.require(!known || (priced && products.IsValid(i)),
                            [&] { return at("has no product_id or price"); });
            finding.require(!priced || (price > 0 && price <= 1e9),
                            [&] { return at(fmt::format("has the price {}", price)); });
            finding.require(high_value.Value(i) == (price > model::high_value_price),
                            [&] { return at("has a wrong is_high_value"); });
        }
    }

    void take_offsets(const arrow::RecordBatch& batch, const std::string& path, Finding& finding) {
        const auto& partitions = column<arrow::Int32Array>(batch, "partition");
        const auto& offsets = column<arrow::Int64Array>(batch, "offset");
        const auto& epochs = column<arrow::Int32Array>(batch, "log_epoch");
        for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
            if (epochs.Value(i) != identity_.epoch) continue;  // of an earlier topic of this name
            const int p = partitions.Value(i);
            const bronze::Offset offset = offsets.Value(i);
            const bool below =
                p >= 0 && p < log_.partitions() && offset >= 0 && offset < progress(p).next_offset;
            finding.require(below, [&] {
                return fmt::format("{}: partition {} offset {} is past the progress", path, p, offset);
            });
            if (!below) continue;
            finding.require(silver_offsets_[static_cast<std::size_t>(p)].insert(offset), [&] {
                return fmt::format("{}: partition {} offset {} stands twice", path, p, offset);
            });
        }
    }

    void check_quarantine() {
        Finding finding("quarantine");
        std::int64_t rows = 0;
        for (const auto& [path, add] : quarantine_.snapshot().files) {
            storage::scan_parquet(
                quarantine_.root() / path, *silver::quarantine_schema(), {"partition", "offset", "log_epoch"},
                [&](const arrow::RecordBatch& batch) {
                    const auto& partitions = column<arrow::Int32Array>(batch, "partition");
                    const auto& offsets = column<arrow::Int64Array>(batch, "offset");
                    const auto& epochs = column<arrow::Int32Array>(batch, "log_epoch");
                    for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
                        const int p = partitions.Value(i);
                        const bronze::Offset offset = offsets.Value(i);
                        if (epochs.Value(i) != identity_.epoch || p >= log_.partitions() ||
                            offset >= progress(p).next_offset)
                            continue;
                        ++rows;
                        const auto place = static_cast<std::size_t>(p);
                        finding.require(quarantined_offsets_[place].insert(offset), [&] {
                            return fmt::format("{}: partition {} offset {} stands twice", path, p, offset);
                        });
                        finding.require(!silver_offsets_[place].contains(offset), [&] {
                            return fmt::format("{}: partition {} offset {} stands in silver too", path, p,
                                               offset);
                        });
                    }
                });
        }
        add(finding.check(
            fmt::format("{} quarantined records, none of them in silver", base::format_count(rows))));
    }

    void check_accounting() {
        for (int p = 0; p < log_.partitions(); ++p) {
            Finding finding(fmt::format("accounting of partition {}", p));
            const catalog::PartitionProgress counted = progress(p);
            const std::int64_t silver = silver_offsets_[static_cast<std::size_t>(p)].size();
            const std::int64_t quarantined = quarantined_offsets_[static_cast<std::size_t>(p)].size();
            finding.require(silver == counted.silver_rows(), [&] {
                return fmt::format("silver has {} rows, and the commits count {}", silver,
                                   counted.silver_rows());
            });
            finding.require(quarantined == counted.quarantined, [&] {
                return fmt::format("quarantine has {} rows, and the commits count {}", quarantined,
                                   counted.quarantined);
            });
            finding.require(counted.duplicates >= 0 && counted.received >= 0,
                            [] { return std::string("a count is negative"); });
            const std::int64_t passed = counted.received + counted.skipped;
            finding.require(log_.offsets(p).start > 0 || passed == counted.next_offset, [&] {
                return fmt::format("{} records were received of the {} before offset {}", passed,
                                   counted.next_offset, counted.next_offset);
            });
            add(finding.check(fmt::format("{} received = {} silver + {} duplicates + {} quarantined",
                                          base::format_count(counted.received), base::format_count(silver),
                                          base::format_count(counted.duplicates),
                                          base::format_count(quarantined))));
            if (counted.skipped > 0) {
                report_.notes.push_back(
                    fmt::format("partition {}: {} offsets had no record (removed before they were read, or "
                                "Kafka's own marks)",
                                p, base::format_count(counted.skipped)));
            }
        }
    }

    /// The offset ranges of the commits that the Delta log still has must follow each other.
    void check_commits() {
        Finding finding("commits");
        std::map<std::string, std::pair<std::int64_t, std::int64_t>>
            before;  // offset, received and skipped, by appId
        std::int64_t commits = 0;
        for (std::int64_t version = 0; version <= silver_.snapshot().version; ++version) {
            const auto path = silver_.root() / "_delta_log" / fmt::format("{:020}.json", version);
            const auto text = base::read_file_if_exists(path);
            if (!text) continue;
            ++commits;
            const auto commit = storage::parse_commit(*text, path.string());
            storage::Snapshot part;
            part.apply(commit);
            for (int p = 0; p < log_.partitions(); ++p) {
                const std::string id = identity_.progress_app_id(p);
                if (!part.txns.contains(id)) continue;
                const std::pair now{part.txn(id, 0),
                                    part.txn(id + "/received", 0) + part.txn(id + "/skipped", 0)};
                const auto last = before.find(id);
                if (last != before.end() && !commit.removes_data()) {
                    const auto range = now.first - last->second.first;
                    const auto received = now.second - last->second.second;
                    finding.require(range == received && range > 0, [&] {
                        return fmt::format(
                            "version {}: partition {} moved from offset {} to {}, and counts {} records",
                            version, p, last->second.first, now.first, received);
                    });
                }
                before[id] = now;
            }
        }
        add(finding.check(fmt::format("{} commits follow each other without gap or overlap", commits)));
    }

    void check_log() {
        Finding finding("log");
        for (int p = 0; p < log_.partitions(); ++p) {
            try {
                catalog::check_same_log(log_, p, progress(p));
            } catch (const Error& error) {
                finding.fault(error.what());
            }
        }
        add(finding.check("the log holds the records that were processed last"));
    }

    /// Of each partition the archive must hold as many records as its commits count, each offset once.
    void check_archive() {
        const auto table = storage::DeltaTable::open(data_.archive());
        check_files(table, "archive");
        Finding finding("archive");
        const catalog::LogIdentity identity = catalog::identify(table.snapshot(), log_);
        std::vector<OffsetSet> offsets(static_cast<std::size_t>(log_.partitions()));
        std::int64_t records = 0;
        for (const auto& [path, add] : table.snapshot().files) {
            const std::vector<std::string> columns = {"topic", "log_epoch", "partition", "offset"};
            const auto file = table.root() / path;
            storage::scan_parquet(
                file, *archive::archive_schema(), columns, [&](const arrow::RecordBatch& batch) {
                    const auto& partitions = column<arrow::Int32Array>(batch, "partition");
                    const auto& topics = column<arrow::StringArray>(batch, "topic");
                    const auto& places = column<arrow::Int64Array>(batch, "offset");
                    const auto& epochs = column<arrow::Int32Array>(batch, "log_epoch");
                    for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
                        const int p = partitions.Value(i);
                        if (topics.GetView(i) != identity.topic || epochs.Value(i) != identity.epoch ||
                            p < 0 || p >= log_.partitions())
                            continue;
                        ++records;
                        finding.require(offsets[static_cast<std::size_t>(p)].insert(places.Value(i)), [&] {
                            return fmt::format("{}: partition {} offset {} stands twice", path, p,
                                               places.Value(i));
                        });
                    }
                });
        }
        for (int p = 0; p < log_.partitions(); ++p) {
            const std::int64_t counted = catalog::read_progress(table.snapshot(), log_, p).received;
            const std::int64_t held = offsets[static_cast<std::size_t>(p)].size();
            finding.require(held == counted, [&] {
                return fmt::format("partition {} has {} records, and the commits count {}", p, held, counted);
            });
        }
        add(finding.check(fmt::format("{} records, each once", base::format_count(records))));
    }

    const catalog::DataDirectory& data_;
    const bronze::EventLog& log_;
    const model::DedupeScope dedupe_scope_;
    const arrow::Schema& silver_columns_ = *silver::silver_layout().schema;  // of its files
    storage::DeltaTable
        silver_;  // opened before quarantine_: rows quarantined meanwhile lie past its progress
    storage::DeltaTable quarantine_;
    const catalog::LogIdentity identity_;
    std::vector<catalog::PartitionProgress> progress_;  // by partition
    std::vector<OffsetSet> silver_offsets_;
    std::vector<OffsetSet> quarantined_offsets_;
    VerifyReport report_;
};

}  // namespace

bool VerifyReport::passed() const {
    return std::ranges::all_of(checks, &Check::passed);
}

json::object VerifyReport::to_json() const {
    json::array list;
    for (const Check& check : checks) {
        list.push_back(
            json::object{{"name", check.name}, {"passed", check.passed}, {"detail", check.detail}});
    }
    json::array note_list;
    for (const auto& note : notes) note_list.emplace_back(note);
    return {{"passed", passed()}, {"checks", std::move(list)}, {"notes", std::move(note_list)}};
}

VerifyReport verify(const catalog::DataDirectory& data, const bronze::EventLog& log) {
    data.check_not_rebuilding();
    VerifyReport report = Verifier(data, log).run();
    if (report.passed()) verify_gold(data, report);
    return report;
}

}  // namespace millrace::verify
