// Parses any bytes as a Delta commit. Parsing must give a commit or an Error, and the commit must survive a
// round trip.
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "storage/delta_action.h"
#include "storage/file_stats.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const auto commit = storage::parse_commit({reinterpret_cast<const char*>(data), size}, "commit");
        if (commit.protocol) storage::check_readable(*commit.protocol, "table");
        for (const auto& add : commit.adds) static_cast<void>(storage::FileStats(add).rows());
        const auto again = storage::parse_commit(storage::serialize_commit(commit), "again");
        if (again.adds.size() != commit.adds.size() || again.removes.size() != commit.removes.size() ||
            again.txns.size() != commit.txns.size()) {
            std::abort();
        }
        for (std::size_t i = 0; i < commit.adds.size(); ++i) {
            if (again.adds[i].path != commit.adds[i].path) std::abort();
        }
    } catch (const Error&) {
    }
    return 0;
}
