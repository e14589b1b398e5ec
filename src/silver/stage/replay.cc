#include "silver/stage/replay.h"

#include <fmt/format.h>

#include <mutex>

#include "base/error.h"
#include "base/fail_point.h"
#include "catalog/table_locks.h"
#include "silver/stage/table_replacement.h"

namespace millrace::silver {

namespace {

/// Rounds beside running writers, before the rounds that they wait for.
constexpr int max_unlocked_rounds = 5;
/// A round of at most so many records is short enough for writers to wait for.
constexpr std::int64_t short_round = 500'000;
constexpr int max_locked_rounds = 20;

}  // namespace

Replay::Replay(const catalog::DataDirectory& data, const bronze::EventLog& log,
               const model::ShopSettings& settings, const SilverOptions& options)
    : data_(data),
      log_(log),
      settings_(settings),
      options_(options),
      writer_(data, log, settings, pool_),
      old_(data, log),
      rebuilt_(old_, writer_) {
    options_.available_now = true;
    options_.continue_on_data_loss = false;
    catalog::DataDirectory::validate(settings);
}

/// Looks at the old tables as they are now.
void Replay::refresh() {
    old_.reopen();
    rebuilt_.note_committed(old_.quarantine().snapshot());
    old_.split_files(rebuilt_.quarantine_committed());
    rebuilt_.take_kept_files();
}

/// Processes the log from where the rebuilt tables have come to, up to where the old ones have.
void Replay::catch_up(const base::StopSignal& stop, const BatchCommitter::OnBatch& on_batch) {
    if (process_) {
        std::vector<bronze::Offset> ends;
        ends.reserve(static_cast<std::size_t>(old_.partitions()));
        for (int p = 0; p < old_.partitions(); ++p) ends.push_back(old_.progress(p).next_offset);
        return process_(rebuilt_, ends);
    }
    SilverStage stage(rebuilt_, log_, settings_, options_, pool_);
    for (int p = 0; p < old_.partitions(); ++p) stage.end_at(p, old_.progress(p).next_offset);
    stage.on_batch(on_batch);
    stage.run(stop);
    if (stop.requested())
        throw Error("rebuilding the tables", "it was stopped; the old tables are still in place");
}

/// Puts the rebuilt tables in place while local writers wait, so that it does not take many rounds. Returns
/// the version of the silver table.
storage::Version Replay::replace_tables(const base::StopSignal& stop,
                                        const BatchCommitter::OnBatch& on_batch) {
    TableReplacement replacement(data_, log_, old_, rebuilt_);
    for (int round = 0;; ++round) {
        if (const auto version = replacement.commit()) return *version;
        if (round == max_locked_rounds) {
            throw Error("rebuilding the tables",
                        fmt::format("other programs committed during each of {} rounds", max_locked_rounds),
                        "Stop those that write to the tables and start again.");
        }
        refresh();
        catch_up(stop, on_batch);
    }
}

ReplayReport Replay::run(const base::StopSignal& stop, const BatchCommitter::OnBatch& on_batch) {
    refresh();
    rebuilt_.start_progress();
    catch_up(stop, on_batch);
    base::fail_point("rebuild.caught_up");
    for (int round = 0; round < max_unlocked_rounds; ++round) {
        refresh();
        if (rebuilt_.records_behind() <= short_round) break;
        catch_up(stop, on_batch);
    }
    auto commits = catalog::commit_lock(data_);
    const std::lock_guard lock(commits);
    const storage::Version version = replace_tables(stop, on_batch);
    data_.store(settings_);
    data_.end_rebuild();
    const RebuiltTables::Counts& counts = rebuilt_.counts();
    return {.received = counts.received,
            .silver = counts.items - counts.duplicates - counts.quarantined - counts.ignored,
            .duplicates = counts.duplicates,
            .quarantined = counts.quarantined,
            .kept_rows = old_.kept_rows(),
            .version = version};
}

}  // namespace millrace::silver
