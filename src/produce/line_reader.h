#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

namespace millrace::produce {

/// Reads a text file line by line, whatever its size: plain, gzip (.gz) or zstd (.zst), LF or CRLF.
class LineReader {
  public:
    /// Throws an Error when the file can't be opened.
    explicit LineReader(const std::filesystem::path& path);
    ~LineReader();

    /// The next line without its end, followed by 64 readable bytes; it lives until the next call. False at
    /// the end. Throws an Error for damaged compression or a line over the size of a record.
    bool next(std::string_view& line);

    /// Lines read so far.
    [[nodiscard]] std::int64_t line_number() const { return line_number_; }
    /// Bytes of the file, as stored, read so far and in all.
    [[nodiscard]] std::int64_t bytes_read() const;
    [[nodiscard]] std::int64_t bytes_in_all() const { return bytes_in_all_; }

  private:
    class Source;
    class PlainSource;
    class GzipSource;
    class ZstdSource;

    bool fill();

    std::filesystem::path path_;
    std::int64_t bytes_in_all_ = 0;
    std::unique_ptr<Source> source_;
    std::string buffer_;
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
    std::int64_t line_number_ = 0;
};

}  // namespace millrace::produce
