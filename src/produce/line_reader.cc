#include "produce/line_reader.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "bronze/record.h"

namespace millrace::produce {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t read_bytes = 1 << 20;
constexpr std::size_t padding = bronze::record_padding;

[[noreturn]] void throw_damaged(const fs::path& path, std::string_view what) {
    throw Error(fmt::format("reading {}", path.string()), what, "Check the file, or fetch it again.");
}

/// Throws a usage Error if a file begins like one of a kind that is no text.
void refuse_foreign(const fs::path& path, std::string_view beginning) {
    struct Kind {
        std::string_view magic;
        std::string_view name;
        std::string_view advice;
    };
    using namespace std::string_view_literals;
    static constexpr std::array<Kind, 5> kinds = {{
        {"PK\x03\x04", "a zip archive", "Unpack it with unzip, then import the files in it."},
        {"BZh", "packed with bzip2", "Unpack it with bunzip2, then import it."},
        {"\xFD\x37zXZ\0"sv, "packed with xz", "Unpack it with unxz, then import it."},
        {"PAR1", "a Parquet file",
         "Convert it to JSON lines or CSV, for example with DuckDB, then import it."},
        {"SQLite f", "an SQLite database", "Export its table to CSV, then import that file."},
    }};
    for (const Kind& kind : kinds) {
        if (!beginning.starts_with(kind.magic)) continue;
        throw usage_error(fmt::format("reading {}", path.string()), fmt::format("it is {}", kind.name),
                          kind.advice);
    }
}

}  // namespace

/// Reads decompressed bytes.
class LineReader::Source {
  public:
    virtual ~Source() = default;
    virtual std::size_t read(char* into, std::size_t size) = 0;
    [[nodiscard]] virtual std::int64_t bytes_read() const = 0;
};

class LineReader::PlainSource : public Source {
  public:
    explicit PlainSource(const fs::path& path) : file_(path, base::File::Mode::read) {}
    std::size_t read(char* into, std::size_t size) override {
        const std::size_t got = file_.read_at(position_, into, size);
        position_ += static_cast<std::int64_t>(got);
        return got;
    }
    [[nodiscard]] std::int64_t bytes_read() const override { return position_; }

  private:
    base::File file_;
    std::int64_t position_ = 0;
};

/// Reads gzip members one after another. As in gzip(1), zero bytes may follow the last member. Anything else
/// is damage.
class LineReader::GzipSource : public Source {
  public:
    explicit GzipSource(const fs::path& path) : path_(path), file_(path), packed_(read_bytes, '\0') {
        constexpr int gzip_only = 15 + 16;
        if (inflateInit2(&stream_, gzip_only) != Z_OK)
            throw Error("initializing zlib", "it is out of memory");
    }
    GzipSource(const GzipSource&) = delete;
    GzipSource& operator=(const GzipSource&) = delete;
    ~GzipSource() override { inflateEnd(&stream_); }

    std::size_t read(char* into, std::size_t size) override {
        stream_.next_out = reinterpret_cast<Bytef*>(into);
        stream_.avail_out = static_cast<uInt>(size);
        while (stream_.avail_out == size && fill()) {
            if (in_member_ || begin_member()) inflate_some();
        }
        return size - stream_.avail_out;
    }
    [[nodiscard]] std::int64_t bytes_read() const override { return file_.bytes_read() - stream_.avail_in; }

  private:
    /// Makes sure that there is a byte to inflate. Returns false at the end of the file.
    bool fill() {
        if (stream_.avail_in > 0) return true;
        stream_.next_in = reinterpret_cast<Bytef*>(packed_.data());
        stream_.avail_in = static_cast<uInt>(file_.read(packed_.data(), packed_.size()));
        if (stream_.avail_in == 0 && in_member_) {
            throw_damaged(path_, fmt::format("the gzip member that begins at byte {} is truncated", member_));
        }
        return stream_.avail_in > 0;
    }
    /// Begins a member. At a byte of padding, skips the byte and returns false.
    bool begin_member() {
        const bool zero = *stream_.next_in == 0;
        if (padded_ && !zero) {
            throw_damaged(path_,
                          fmt::format("there is data after the zero bytes behind the last gzip member, "
                                      "at byte {}",
                                      bytes_read()));
        }
        padded_ = zero && any_member_;
        if (padded_) {
            ++stream_.next_in;
            --stream_.avail_in;
            return false;
        }
        member_ = bytes_read();
        in_member_ = any_member_ = true;
        return true;
    }
    void inflate_some() {
        const int status = inflate(&stream_, Z_NO_FLUSH);
        if (status == Z_STREAM_END) {
            in_member_ = false;
            inflateReset(&stream_);
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            const char* why = stream_.msg != nullptr ? stream_.msg : zError(status);
            throw_damaged(path_,
                          fmt::format("the gzip member that begins at byte {} is damaged at byte {}: {}",
                                      member_, bytes_read(), why));
        }
    }

    fs::path path_;
    PlainSource file_;
    std::string packed_;
    z_stream stream_{};
    std::int64_t member_ = 0;  // position of the current member in the file
    bool in_member_ = false;
    bool any_member_ = false;
    bool padded_ = false;
};

class LineReader::ZstdSource : public Source {
  public:
    explicit ZstdSource(const fs::path& path)
        : path_(path),
          file_(path),
          stream_(ZSTD_createDStream(), ZSTD_freeDStream),
          packed_(read_bytes, '\0') {}
    std::size_t read(char* into, std::size_t size) override {
        ZSTD_outBuffer output{into, size, 0};
        while (output.pos == 0) {
            if (input_.pos == input_.size) {
                input_ = {packed_.data(), file_.read(packed_.data(), packed_.size()), 0};
                if (input_.size == 0) {
                    if (pending_ != 0) throw_damaged(path_, "the zstd stream is truncated");
                    return 0;
                }
            }
            pending_ = ZSTD_decompressStream(stream_.get(), &output, &input_);
            if (ZSTD_isError(pending_) != 0) {
                throw_damaged(path_, fmt::format("the zstd stream is damaged at byte {}: {}", bytes_read(),
                                                 ZSTD_getErrorName(pending_)));
            }
        }
        return output.pos;
    }
    [[nodiscard]] std::int64_t bytes_read() const override {
        return file_.bytes_read() - static_cast<std::int64_t>(input_.size - input_.pos);
    }

  private:
    fs::path path_;
    PlainSource file_;
    std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream_;
    std::string packed_;
    ZSTD_inBuffer input_{nullptr, 0, 0};
    std::size_t pending_ = 0;
};

LineReader::LineReader(const fs::path& path) : path_(path) {
    const base::File file(path, base::File::Mode::read);
    bytes_in_all_ = file.size();
    std::string beginning(8, '\0');
    beginning.resize(file.read_at(0, beginning.data(), beginning.size()));
    refuse_foreign(path, beginning);
    // The bytes decide before the name does: a downloaded .csv is often packed, and nothing says so.
    if (path.extension() == ".gz" || beginning.starts_with("\x1F\x8B")) {
        source_ = std::make_unique<GzipSource>(path);
    } else if (path.extension() == ".zst" || beginning.starts_with("\x28\xB5\x2F\xFD")) {
        source_ = std::make_unique<ZstdSource>(path);
    } else {
        source_ = std::make_unique<PlainSource>(path);
    }
    buffer_.resize(read_bytes + padding);
}

LineReader::~LineReader() = default;

std::int64_t LineReader::bytes_read() const {
    return source_->bytes_read();
}

bool LineReader::fill() {
    if (at_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + at_, filled_ - at_);
        filled_ -= at_;
        at_ = 0;
    }
    if (filled_ + padding == buffer_.size()) {
        if (filled_ > bronze::max_record_bytes) {
            throw Error(
                fmt::format("reading {}", path_.string()),
                fmt::format("line {} has more than {} bytes", line_number_ + 1, bronze::max_record_bytes),
                "Check that the file is a text file with one record per line.");
        }
        buffer_.resize(buffer_.size() * 2);
    }
    const std::size_t got = source_->read(buffer_.data() + filled_, buffer_.size() - padding - filled_);
    filled_ += got;
    return got > 0;
}

bool LineReader::next(std::string_view& line) {
    std::size_t searched = at_;
    const char* end = nullptr;
    for (;;) {
        end = static_cast<const char*>(std::memchr(buffer_.data() + searched, '\n', filled_ - searched));
        if (end != nullptr) break;
        const std::size_t unfinished = filled_ - at_;
        if (!fill()) break;
        searched = at_ + unfinished;
    }
    if (end == nullptr && at_ == filled_) return false;
    const std::size_t stop = end != nullptr ? static_cast<std::size_t>(end - buffer_.data()) : filled_;
    line = std::string_view(buffer_).substr(at_, stop - at_);
    at_ = end != nullptr ? stop + 1 : stop;
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++line_number_;
    return true;
}

}  // namespace millrace::produce
