#include "storage/text_column.h"

#include "storage/column.h"

namespace millrace::storage {

TextColumn::TextColumn(const arrow::RecordBatch& rows, const char* name) {
    const auto found = rows.GetColumnByName(name);
    if (found == nullptr) return;
    if (found->type_id() == arrow::Type::DICTIONARY) {
        read_encoded(rows, name);
    } else {
        values_ = &column<arrow::StringArray>(rows, name);
    }
    if (found->null_count() == found->length()) values_ = nullptr;
}

void TextColumn::read_encoded(const arrow::RecordBatch& rows, const char* name) {
    const auto& encoded = column<arrow::DictionaryArray>(rows, name);
    values_ = dynamic_cast<const arrow::StringArray*>(encoded.dictionary().get());
    const auto* indices = dynamic_cast<const arrow::Int32Array*>(encoded.indices().get());
    if (values_ == nullptr || indices == nullptr) throw_no_column(rows, name);
    indices_ = indices->raw_values();
    if (encoded.null_count() == 0) return;
    valid_ = encoded.null_bitmap_data();
    offset_ = encoded.offset();
}

}  // namespace millrace::storage
