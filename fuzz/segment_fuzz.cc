// Opens any bytes as a segment file. Opening, reading and appending must give records or an Error.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/log.h"
#include "bronze/segment_log.h"
#include "bronze/varint.h"

namespace fs = std::filesystem;
using namespace millrace;

namespace {

/// Sets the right CRC in every batch with a valid header, so that the fuzzer reaches the code behind the CRC
/// check.
std::string with_right_crcs(std::string bytes) {
    for (std::size_t at = 0; at + bronze::batch_header_bytes <= bytes.size();) {
        const auto header = bronze::parse_batch_header(std::string_view(bytes).substr(at));
        if (!header || at + header->total_bytes() > bytes.size()) break;
        const auto covered = std::string_view(bytes).substr(at + 21, header->total_bytes() - 21);
        bronze::put_big_endian(bytes.data() + at + 17, base::crc32c(covered));
        at += header->total_bytes();
    }
    return bytes;
}

void open_and_read(const fs::path& directory) {
    bronze::TopicSettings settings;
    settings.name = "t";
    settings.partitions = 1;
    const auto log = bronze::SegmentLog::open_or_create(directory, settings);
    const auto reader = log->read(0, log->offsets(0).start);
    for (auto records = reader->poll(4096); !records.empty(); records = reader->poll(4096)) {
        for (const auto& record : records) bronze::decode_headers(record);
    }
    bronze::RecordBatchBuilder batch;
    batch.add("k", "v", base::from_ms(1));
    log->append(0, batch);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    spdlog::set_level(spdlog::level::off);
    static const fs::path directory =
        fs::temp_directory_path() / ("millrace_fuzz_segment_" + std::to_string(::getpid()));
    fs::remove_all(directory);
    if (size == 0) return 0;
    bronze::TopicSettings settings;
    settings.name = "t";
    settings.partitions = 1;
    bronze::TopicCatalog(directory).create(settings);
    const std::string bytes = with_right_crcs(std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
    std::ofstream(directory / "t-0" / "00000000000000000000.log", std::ios::binary) << bytes;
    try {
        open_and_read(directory);
    } catch (const Error&) {
    }
    return 0;
}
