#include "verify/log_accounting.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/units.h"

namespace millrace::verify {

Check check_accounting(int partition, const catalog::PartitionProgress& progress, const CountedRows& rows,
                       bronze::Offset log_start) {
    Finding finding(fmt::format("accounting of partition {}", partition));
    finding.require(rows.silver == progress.silver_rows(), [&] {
        return fmt::format("silver has {} rows, and the commits count {}", rows.silver,
                           progress.silver_rows());
    });
    finding.require(rows.quarantined == progress.quarantined, [&] {
        return fmt::format("quarantine has {} rows, and the commits count {}", rows.quarantined,
                           progress.quarantined);
    });
    finding.require(progress.duplicates >= 0 && progress.received >= 0 && progress.ignored >= 0,
                    [] { return std::string("a count is negative"); });
    finding.require(progress.items >= progress.received, [&] {
        return fmt::format("{} records were received, and only {} items of them", progress.received,
                           progress.items);
    });
    const std::int64_t passed = progress.received + progress.skipped;
    finding.require(log_start > bronze::Offset(0) || passed == progress.next_offset.value(), [&] {
        return fmt::format("{} records were received of the {} before offset {}", passed,
                           progress.next_offset, progress.next_offset);
    });
    std::string counted = fmt::format("{} received", base::format_count(progress.received));
    if (progress.items != progress.received)
        counted += fmt::format(", {} items", base::format_count(progress.items));
    counted += fmt::format(" = {} silver + {} duplicates + {} quarantined", base::format_count(rows.silver),
                           base::format_count(progress.duplicates), base::format_count(rows.quarantined));
    if (progress.ignored > 0) counted += fmt::format(" + {} ignored", base::format_count(progress.ignored));
    return finding.check(counted);
}

void CommitChain::add(storage::Version version, const storage::Commit& commit) {
    ++commits_;
    storage::Snapshot part;
    part.apply(commit);
    for (int p = 0; p < partitions_; ++p) {
        const std::string id = log_.progress_app_id(p);
        if (!part.txns.contains(id)) continue;
        const Place now{bronze::Offset(part.txn(id, 0)),
                        part.txn(id + "/received", 0) + part.txn(id + "/skipped", 0)};
        add_partition(p, version, now,
                      commit.removes_data() || commit.operation == storage::replace_operation);
    }
}

/// A replay's commit, and any other that removes data, may begin again at an earlier offset.
void CommitChain::add_partition(int partition, storage::Version version, const Place& now, bool may_go_back) {
    const auto last = last_.find(partition);
    if (last != last_.end() && !may_go_back) {
        const Place& before = last->second;
        const std::int64_t offsets = now.next_offset - before.next_offset;
        const std::int64_t counted = now.counted - before.counted;
        finding_.require(offsets == counted && offsets > 0, [&] {
            return fmt::format("version {}: partition {} moved from offset {} to {}, and counts {} records",
                               version, partition, before.next_offset, now.next_offset, counted);
        });
    }
    last_[partition] = now;
}

Check CommitChain::check() const {
    return finding_.check(fmt::format("{} commits follow each other without gap or overlap", commits_));
}

Check check_commits(const SilverTables& tables) {
    CommitChain chain(tables.identity, tables.partitions());
    for (storage::Version version{0}; version <= tables.silver.snapshot().version; ++version) {
        if (const auto commit = tables.silver.read_commit(version)) chain.add(version, *commit);
    }
    return chain.check();
}

Check check_log(const SilverTables& tables, const bronze::EventLog& log) {
    Finding finding("log");
    for (int p = 0; p < tables.partitions(); ++p) {
        try {
            catalog::check_same_log(log, p, tables.progress[static_cast<std::size_t>(p)]);
        } catch (const Error& error) {
            finding.fault(error.what());
        }
    }
    return finding.check("the log holds the records that were processed last");
}

}  // namespace millrace::verify
