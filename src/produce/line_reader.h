#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

namespace millrace::produce {

/// Reads a text file of any size line by line: plain, gzip or zstd, with LF or CRLF. Not thread-safe.
class LineReader {
  public:
    /// Throws an Error if the file cannot be opened, and a usage Error if it is packed in another way or no
    /// text.
    explicit LineReader(const std::filesystem::path& path);
    ~LineReader();

    /// Reads the next line, without its end but followed by 64 readable bytes. The line lives until the next
    /// call. Returns false at the end of the file. Throws an Error if the compressed data is damaged or a
    /// line is larger than a record may be.
    bool next(std::string_view& line);

    /// Returns the number of lines read so far.
    [[nodiscard]] std::int64_t line_number() const { return line_number_; }
    /// Return the number of bytes of the file, as stored, that were read so far and in total.
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
