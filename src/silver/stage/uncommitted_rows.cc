#include "silver/stage/uncommitted_rows.h"

#include <algorithm>
#include <utility>

namespace millrace::silver {

namespace {

/// Calls `visit` with each text of a row. A text that is null has none.
template <typename Visit>
void each_text(RowBlock::Row& row, Visit&& visit) {
    model::Event& event = row.event;
    for (auto* text : {&row.record.key, &event.event_id, &event.user_id, &event.event_type}) {
        if (text->data() != nullptr) visit(*text);
    }
    for (auto* text :
         {&event.product_id, &event.session_id, &event.product_category, &event.device_type, &event.page_url,
          &event.order_id, &event.currency, &event.user_agent, &event.referrer}) {
        if (*text) visit(**text);
    }
    if (!event.has_details) return;
    model::EventDetails& details = event.details;
    for (auto* text :
         {&details.anonymous_id, &details.product_name, &details.brand, &details.coupon, &details.utm_source,
          &details.utm_medium, &details.utm_campaign, &details.properties}) {
        if (*text) visit(**text);
    }
}

}  // namespace

void RowBlock::add(const model::Event& event, const EventSource& source) {
    Row& row = rows_.emplace_back();
    row.event = event;
    row.record.offset = source.record.offset;
    row.record.timestamp = source.record.timestamp;
    row.record.key = source.record.key;
    row.record_index = source.record_index;
    row.format = source.format;
    std::size_t size = 1;  // an empty text has an address too
    each_text(row, [&](std::string_view text) { size += text.size(); });
    row.texts = std::make_unique_for_overwrite<char[]>(size);
    bytes_ += sizeof(Row) + size;
    char* to = row.texts.get();
    each_text(row, [&](std::string_view& text) {
        char* const end = std::ranges::copy(text, to).out;
        text = {to, text.size()};
        to = end;
    });
}

void UncommittedRows::add(RowBlock block) {
    if (block.rows().empty()) return;
    const base::MutexLock lock(mutex_);
    bytes_ += block.bytes();
    blocks_.push_back(std::make_shared<const RowBlock>(std::move(block)));
    ++changes_;
}

void UncommittedRows::clear() {
    const base::MutexLock lock(mutex_);
    blocks_.clear();
    bytes_ = 0;
    has_gap_ = sealed_has_gap_ = false;
    ++clears_;
    ++changes_;
}

void UncommittedRows::remove_committed(const NextOffset& next) {
    const base::MutexLock lock(mutex_);
    std::erase_if(blocks_, [&](const Block& block) {
        if (!is_committed(*block, next)) return false;
        bytes_ -= block->bytes();
        return true;
    });
}

std::vector<UncommittedRows::Block> UncommittedRows::blocks(std::size_t from) const {
    const base::MutexLock lock(mutex_);
    if (from >= blocks_.size()) return {};
    return {blocks_.begin() + static_cast<std::ptrdiff_t>(from), blocks_.end()};
}

bool is_committed(const RowBlock& block, const UncommittedRows::NextOffset& next) {
    return block.rows().back().record.offset.value() < next(block.place().progress_id);
}

}  // namespace millrace::silver
