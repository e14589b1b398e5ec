#include "silver/ranges/range_result.h"

#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/stream.hpp>
#include <cereal/archives/portable_binary.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>
#include <exception>
#include <optional>

#include "base/error.h"

namespace millrace::silver {

namespace {

/// Grows with each change of what is written. A cluster may have workers of different versions for a moment.
constexpr std::int32_t result_format = 1;

template <typename Archive>
void serialize_range(Archive& archive, RecordRange& range) {
    archive(range.partition, range.epoch, range.committed, range.start, range.end);
}

template <typename Archive>
void serialize_part(Archive& archive, PartitionPart& part) {
    catalog::PartitionProgress& end = part.end;
    std::int64_t oldest = base::to_ms(part.oldest);
    std::optional<std::int64_t> clock;
    if (end.clock) clock = model::to_us(*end.clock);
    archive(part.partition, part.first_offset, part.received, part.items, part.duplicates, part.quarantined,
            part.ignored, oldest);
    archive(end.next_offset, end.received, end.items, end.duplicates, end.quarantined, end.ignored,
            end.skipped, clock, end.last_crc, end.decoder, end.decoded_from);
    part.oldest = base::from_ms(oldest);
    if (clock) end.clock = model::from_us(*clock);
}

template <typename Archive>
void serialize_files(Archive& archive, std::vector<storage::AddFile>& files) {
    auto count = static_cast<std::uint32_t>(files.size());
    archive(count);
    if (files.empty()) files.resize(count);
    for (storage::AddFile& file : files) {
        std::int64_t modified = base::to_ms(file.modification_time);
        archive(file.path, file.partition_values, file.size, modified, file.data_change, file.stats);
        file.modification_time = base::from_ms(modified);
    }
}

template <typename Archive>
void serialize_ids(Archive& archive, std::vector<FileIds>& ids) {
    auto count = static_cast<std::uint32_t>(ids.size());
    archive(count);
    if (ids.empty()) ids.resize(count);
    for (FileIds& file : ids) {
        std::vector<std::uint64_t> halves;
        if constexpr (Archive::is_saving::value) {
            halves.reserve(2 * file.hashes.size());
            for (const IdHash& id : file.hashes) {
                halves.push_back(id.low);
                halves.push_back(id.high);
            }
        }
        archive(halves, file.times);
        if constexpr (Archive::is_loading::value) {
            if (halves.size() != 2 * file.times.size())
                throw Error("reading the result of a task", "a file has not as many ids as times");
            file.hashes.reserve(file.times.size());
            for (std::size_t i = 0; i < halves.size(); i += 2)
                file.hashes.push_back({halves[i], halves[i + 1]});
        }
    }
}

template <typename Archive>
void serialize_result(Archive& archive, RangeResult& result) {
    serialize_range(archive, result.range);
    serialize_part(archive, result.part);
    serialize_files(archive, result.files.silver);
    serialize_files(archive, result.files.quarantine);
    serialize_ids(archive, result.ids);
    archive(result.by_rule, result.ignored, result.unknown_fields);
}

}  // namespace

std::string RangeResult::to_bytes() const {
    std::string bytes;
    {
        boost::iostreams::stream<boost::iostreams::back_insert_device<std::string>> stream(bytes);
        cereal::PortableBinaryOutputArchive archive(stream);
        archive(result_format);
        // An output archive only reads.
        serialize_result(archive, const_cast<RangeResult&>(*this));  // NOLINT(*-const-cast)
    }
    return bytes;
}

RangeResult RangeResult::from_bytes(std::string_view bytes) {
    const std::string reading = "reading the result of a task";
    RangeResult result;
    std::int32_t format = 0;
    try {
        boost::iostreams::stream<boost::iostreams::array_source> stream(bytes.data(), bytes.size());
        cereal::PortableBinaryInputArchive archive(stream);
        archive(format);
        if (format == result_format) serialize_result(archive, result);
    } catch (const Error&) {
        throw;
    } catch (const std::exception& error) {  // an impossible length throws exceptions of the library
        throw Error(reading, error.what());
    }
    if (format != result_format)
        throw Error(reading, "it comes from another version of the package",
                    "Install the same version on the driver and on all workers.");
    if (result.ids.size() != result.files.silver.size())
        throw Error(reading, "it has not as many lists of ids as files");
    return result;
}

}  // namespace millrace::silver
