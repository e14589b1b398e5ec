#include "bronze/record_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/crc32c.h"
#include "base/error.h"
#include "bronze/varint.h"

namespace millrace::bronze {

namespace {

// The position of each field in the header.
constexpr std::size_t at_length = 8;
constexpr std::size_t at_leader_epoch = 12;
constexpr std::size_t at_magic = 16;
constexpr std::size_t at_crc = 17;
constexpr std::size_t at_attributes = 21;
constexpr std::size_t at_last_offset_delta = 23;
constexpr std::size_t at_base_timestamp = 27;
constexpr std::size_t at_max_timestamp = 35;
constexpr std::size_t at_producer_id = 43;
constexpr std::size_t at_count = 57;

// The producer's id, epoch and sequence, which are all -1 in every batch that this log writes.
constexpr std::string_view no_producer = "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
static_assert(no_producer.size() == at_count - at_producer_id);

std::size_t sized(std::string_view bytes) {
    if (bytes.data() == nullptr) return 1;
    return varint_size(static_cast<std::int64_t>(bytes.size())) + bytes.size();
}

char* put_sized(char* into, std::string_view bytes) {
    if (bytes.data() == nullptr) return put_varint(into, -1);
    into = put_varint(into, static_cast<std::int64_t>(bytes.size()));
    return std::copy(bytes.begin(), bytes.end(), into);
}

bool decode_record(std::string_view& from, const BatchHeader& header, Record& record) {
    std::string_view body;
    std::int64_t length = 0;
    if (!take_varint(from, length) || length < 1 || length > static_cast<std::int64_t>(from.size()))
        return false;
    body = from.substr(0, static_cast<std::size_t>(length));
    from.remove_prefix(body.size());
    body.remove_prefix(1);  // attributes, unused
    std::int64_t timestamp_delta = 0;
    std::int64_t offset_delta = 0;
    if (!take_varint(body, timestamp_delta) || !take_varint(body, offset_delta)) return false;
    if (offset_delta < 0 || offset_delta > header.last_offset_delta) return false;
    record.timestamp = base::from_ms(
        static_cast<std::int64_t>(static_cast<std::uint64_t>(base::to_ms(header.base_timestamp)) +
                                  static_cast<std::uint64_t>(timestamp_delta)));
    record.offset = header.base_offset + offset_delta;
    if (!take_bytes(body, record.key) || !take_bytes(body, record.value)) return false;
    record.headers = body;
    return !body.empty();
}

}  // namespace

std::vector<Header> decode_headers(const Record& record) {
    std::vector<Header> headers;
    std::string_view rest = record.headers;
    std::int64_t count = 0;
    if (!take_varint(rest, count)) return headers;
    for (; count > 0; --count) {
        Header header;
        if (!take_bytes(rest, header.key) || !take_bytes(rest, header.value)) break;
        headers.push_back(header);
    }
    return headers;
}

std::string encode_headers(const std::vector<Header>& headers) {
    if (headers.empty()) return {};
    std::size_t size = max_varint_bytes;
    for (const Header& header : headers) size += sized(header.key) + sized(header.value);
    std::string encoded(size, '\0');
    char* into = put_varint(encoded.data(), static_cast<std::int64_t>(headers.size()));
    for (const Header& header : headers) into = put_sized(put_sized(into, header.key), header.value);
    encoded.resize(static_cast<std::size_t>(into - encoded.data()));
    return encoded;
}

std::optional<BatchHeader> parse_batch_header(std::string_view bytes) {
    if (bytes.size() < batch_header_bytes) return std::nullopt;
    const char* from = bytes.data();
    BatchHeader header;
    header.base_offset = Offset(get_big_endian<std::int64_t>(from));
    header.batch_length = get_big_endian<std::int32_t>(from + at_length);
    header.leader_epoch = get_big_endian<std::int32_t>(from + at_leader_epoch);
    header.magic = static_cast<std::int8_t>(from[at_magic]);
    header.crc = get_big_endian<std::uint32_t>(from + at_crc);
    header.attributes = get_big_endian<std::int16_t>(from + at_attributes);
    header.last_offset_delta = get_big_endian<std::int32_t>(from + at_last_offset_delta);
    header.base_timestamp = base::from_ms(get_big_endian<std::int64_t>(from + at_base_timestamp));
    header.max_timestamp = base::from_ms(get_big_endian<std::int64_t>(from + at_max_timestamp));
    header.record_count = get_big_endian<std::int32_t>(from + at_count);
    const bool sane =
        header.magic == 2 && header.base_offset >= Offset(0) && header.last_offset_delta >= 0 &&
        header.base_offset.value() <= std::numeric_limits<std::int64_t>::max() / 2 &&
        header.record_count > 0 && header.record_count <= std::int64_t{header.last_offset_delta} + 1 &&
        header.batch_length >= static_cast<std::int32_t>(batch_header_bytes - batch_length_starts) &&
        header.total_bytes() <= max_batch_bytes;
    if (!sane) return std::nullopt;
    return header;
}

BatchStart batch_start(Offset base, const BatchHeader& header, std::int32_t leader_epoch) {
    BatchStart start{};
    put_big_endian(start.data(), base.value());
    put_big_endian(start.data() + at_length, header.batch_length);
    put_big_endian(start.data() + at_leader_epoch, leader_epoch);
    return start;
}

bool batch_crc_matches(const BatchHeader& header, std::string_view batch) {
    return batch.size() >= batch_header_bytes && base::crc32c(batch.substr(at_attributes)) == header.crc;
}

std::size_t find_batch_mark(std::string_view bytes, std::size_t from) {
    const std::size_t mark = bytes.find(no_producer, from + at_producer_id);
    return mark == std::string_view::npos ? mark : mark - at_producer_id;
}

char* RecordBatchBuilder::reserve(std::size_t more) {
    if (buffer_.size() < size_ + more) buffer_.resize(std::max(buffer_.size() * 2, size_ + more));
    return buffer_.data() + size_;
}

void RecordBatchBuilder::add(std::string_view key, std::string_view value, base::WallTime timestamp,
                             const std::vector<Header>& headers) {
    if (count_ == 0) base_timestamp_ = max_timestamp_ = timestamp;
    const std::int64_t timestamp_delta = (timestamp - base_timestamp_).count();
    std::size_t body = 1 + varint_size(timestamp_delta) + varint_size(count_) + sized(key) + sized(value) +
                       varint_size(static_cast<std::int64_t>(headers.size()));
    for (const Header& header : headers) body += sized(header.key) + sized(header.value);
    if (body > max_record_bytes) {
        throw Error("appending a record", fmt::format("it has {} bytes", body),
                    fmt::format("A record may have at most {} bytes.", max_record_bytes));
    }
    char* into = put_varint(reserve(body + max_varint_bytes), static_cast<std::int64_t>(body));
    *into++ = 0;  // attributes
    into = put_varint(into, timestamp_delta);
    into = put_varint(into, count_);
    into = put_sized(into, key);
    into = put_sized(into, value);
    into = put_varint(into, static_cast<std::int64_t>(headers.size()));
    for (const Header& header : headers) into = put_sized(put_sized(into, header.key), header.value);
    size_ = static_cast<std::size_t>(into - buffer_.data());
    max_timestamp_ = std::max(max_timestamp_, timestamp);
    ++count_;
}

void RecordBatchBuilder::write_header(std::string& batch, Compression compression) const {
    char* into = batch.data();
    std::fill_n(into, batch_header_bytes, '\0');
    put_big_endian(into + at_length, static_cast<std::int32_t>(batch.size() - batch_length_starts));
    put_big_endian(into + at_leader_epoch, std::int32_t{0});
    into[at_magic] = 2;
    put_big_endian(into + at_attributes, static_cast<std::int16_t>(compression));
    put_big_endian(into + at_last_offset_delta, count_ - 1);
    put_big_endian(into + at_base_timestamp, base::to_ms(base_timestamp_));
    put_big_endian(into + at_max_timestamp, base::to_ms(max_timestamp_));
    std::ranges::copy(no_producer, into + at_producer_id);
    put_big_endian(into + at_count, count_);
    put_big_endian(into + at_crc, base::crc32c(std::string_view(batch).substr(at_attributes)));
}

std::string_view RecordBatchBuilder::finish(Compression compression) {
    buffer_.resize(size_);
    if (compression == Compression::none) {
        write_header(buffer_, compression);
        return buffer_;
    }
    packed_.assign(batch_header_bytes, '\0');
    compress(compression, std::string_view(buffer_).substr(batch_header_bytes), packed_);
    write_header(packed_, compression);
    return packed_;
}

void RecordBatchBuilder::clear() {
    if (buffer_.size() < batch_header_bytes) buffer_.resize(batch_header_bytes);
    size_ = batch_header_bytes;
    count_ = 0;
}

bool decode_records(const BatchHeader& header, std::string_view batch, std::string& scratch,
                    std::vector<Record>& into) {
    std::string_view rest = batch.substr(batch_header_bytes);
    if (header.compression() != Compression::none) {
        if (!decompress(header.compression(), rest, max_batch_bytes, scratch)) return false;
        const std::size_t size = scratch.size();
        scratch.append(record_padding, '\0');
        rest = std::string_view(scratch).substr(0, size);
    }
    constexpr std::size_t min_record_bytes = 7;
    if (static_cast<std::size_t>(header.record_count) > rest.size() / min_record_bytes) return false;
    const std::size_t before = into.size();
    into.resize(before + static_cast<std::size_t>(header.record_count));
    for (std::size_t i = before; i < into.size(); ++i) {
        if (!decode_record(rest, header, into[i])) return false;
    }
    return rest.empty();
}

}  // namespace millrace::bronze
