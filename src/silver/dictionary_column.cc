#include "silver/dictionary_column.h"

#include <arrow/api.h>
#include <arrow/util/bit_util.h>
#include <xxhash.h>

#include <algorithm>

#include "base/short_text.h"
#include "storage/arrow_status.h"

namespace millrace::silver {

namespace {

constexpr std::size_t initial_slots = 16;
constexpr const char* building = "building a column";

}  // namespace

DictionaryColumn::DictionaryColumn() : slots_(initial_slots), offsets_{0} {}

void DictionaryColumn::append(std::string_view text) {
    // Runs of one value are common (a session, a log key), so the last value is compared first.
    if (last_ >= 0 && base::equal_short(value(last_), text)) {
        indices_.push_back(last_);
        return;
    }
    const auto hash = static_cast<std::uint32_t>(XXH3_64bits(text.data(), text.size()));
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].index >= 0 &&
           (slots_[at].hash != hash || !base::equal_short(value(slots_[at].index), text)))
        at = (at + 1) & mask;
    last_ = slots_[at].index >= 0 ? slots_[at].index : add(text, slots_[at], hash);
    indices_.push_back(last_);
}

void DictionaryColumn::append_nulls(std::size_t rows) {
    for (std::size_t row = indices_.size(); row < rows; ++row)
        nulls_.push_back(static_cast<std::uint32_t>(row));
    indices_.resize(rows);
}

std::int32_t DictionaryColumn::add(std::string_view text, Slot& slot, std::uint32_t hash) {
    const auto index = static_cast<std::int32_t>(offsets_.size() - 1);
    slot = {hash, index};
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    offsets_.push_back(static_cast<std::int32_t>(bytes_.size()));
    if (offsets_.size() * 2 > slots_.size()) grow();
    return index;
}

void DictionaryColumn::grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
        if (slot.index < 0) continue;
        std::size_t at = slot.hash & mask;
        while (slots_[at].index >= 0) at = (at + 1) & mask;
        slots_[at] = slot;
    }
}

void DictionaryColumn::clear() {
    if (indices_.empty()) return;
    slots_.assign(std::min<std::size_t>(slots_.size(), 1 << 14), Slot());
    offsets_.resize(1);
    bytes_.clear();
    indices_.clear();
    nulls_.clear();
    last_ = -1;
}

std::shared_ptr<arrow::Array> DictionaryColumn::array(std::size_t rows) {
    if (offsets_.size() == 1) return nullptr;
    pad(rows);
    const auto length = static_cast<std::int64_t>(rows);
    // Arrow requires a buffer with an address, and an empty vector has none.
    const auto bytes = bytes_.empty() ? arrow::Buffer::FromString("") : arrow::Buffer::Wrap(bytes_);
    const auto values = std::make_shared<arrow::StringArray>(static_cast<std::int64_t>(offsets_.size() - 1),
                                                             arrow::Buffer::Wrap(offsets_), bytes);
    const auto indices = arrow::ArrayData::Make(
        arrow::int32(), length, {validity_bitmap(nulls_, rows), arrow::Buffer::Wrap(indices_)},
        static_cast<std::int64_t>(nulls_.size()));
    return std::make_shared<arrow::DictionaryArray>(arrow::dictionary(arrow::int32(), arrow::utf8()),
                                                    arrow::MakeArray(indices), values);
}

std::shared_ptr<arrow::Buffer> validity_bitmap(const std::vector<std::uint32_t>& nulls, std::size_t rows) {
    if (nulls.empty()) return nullptr;
    auto bitmap = storage::value_of(arrow::AllocateBitmap(static_cast<std::int64_t>(rows)), building);
    arrow::bit_util::SetBitsTo(bitmap->mutable_data(), 0, static_cast<std::int64_t>(rows), true);
    for (const std::uint32_t row : nulls) arrow::bit_util::ClearBit(bitmap->mutable_data(), row);
    return bitmap;
}

}  // namespace millrace::silver
