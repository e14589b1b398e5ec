#include "silver/dictionary_column.h"

#include <arrow/api.h>
#define XXH_INLINE_ALL  // texts are short, so that a call would cost as much as the hash
#include <xxhash.h>

#include <algorithm>

#include "base/short_text.h"

namespace millrace::silver {

namespace {

constexpr std::size_t initial_slots = 16;

}  // namespace

DictionaryColumn::DictionaryColumn() : slots_(initial_slots), offsets_{0} {}

void DictionaryColumn::append(std::string_view text) {
    // Runs of one value are common (a session, a log key), so the last value is compared first.
    if (last_ >= 0 && base::equal_short(value(last_), text)) {
        indices_.append(last_);
        return;
    }
    const auto hash = static_cast<std::uint32_t>(XXH3_64bits(text.data(), text.size()));
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].index >= 0 &&
           (slots_[at].hash != hash || !base::equal_short(value(slots_[at].index), text)))
        at = (at + 1) & mask;
    last_ = slots_[at].index >= 0 ? slots_[at].index : add(text, slots_[at], hash);
    indices_.append(last_);
}

void DictionaryColumn::append_at(std::string_view value, std::size_t row) {
    pad(row);
    append(value);
}

void DictionaryColumn::append_at_beside(const DictionaryColumn& other, std::string_view text,
                                        std::size_t row) {
    if (other.last_ < 0) return append_at(text, row);
    const auto place = static_cast<std::size_t>(other.last_);
    if (place >= beside_.size()) beside_.resize(place + 1, -1);
    const std::int32_t known = beside_[place];
    if (known < 0 || !base::equal_short(value(known), text)) {
        append_at(text, row);
        beside_[place] = last_;
        return;
    }
    pad(row);
    last_ = known;
    indices_.append(last_);
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
    if (indices_.is_empty()) return;
    slots_.assign(std::min<std::size_t>(slots_.size(), 1 << 14), Slot());
    offsets_.resize(1);
    bytes_.clear();
    indices_.clear();
    beside_.clear();
    last_ = -1;
}

std::shared_ptr<arrow::Array> DictionaryColumn::array(std::size_t rows) {
    if (offsets_.size() == 1) return nullptr;
    // Arrow requires a buffer with an address, and an empty vector has none.
    const auto bytes = bytes_.empty() ? arrow::Buffer::FromString("") : arrow::Buffer::Wrap(bytes_);
    const auto values = std::make_shared<arrow::StringArray>(static_cast<std::int64_t>(offsets_.size() - 1),
                                                             arrow::Buffer::Wrap(offsets_), bytes);
    return std::make_shared<arrow::DictionaryArray>(arrow::dictionary(arrow::int32(), arrow::utf8()),
                                                    indices_.array(arrow::int32(), rows), values);
}

}  // namespace millrace::silver
