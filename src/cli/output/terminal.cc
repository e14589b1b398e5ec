#include "cli/output/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cwchar>

namespace millrace::cli {

namespace {

constexpr std::size_t usual_width = 80;
constexpr std::string_view ellipsis = "…";

/// Makes the C library read UTF-8 while the object exists, whatever the user's locale is. It reads ASCII if
/// the system lacks the locale C.UTF-8.
class Utf8Scope {
  public:
    Utf8Scope() : before_(::uselocale(utf8())) {}
    ~Utf8Scope() { ::uselocale(before_); }
    Utf8Scope(const Utf8Scope&) = delete;
    Utf8Scope& operator=(const Utf8Scope&) = delete;

  private:
    static locale_t utf8() {
        static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        return locale;
    }

    locale_t before_;
};

struct Character {
    std::string_view bytes;
    char32_t code = 0;
    int width = -1;  ///< in columns; -1 if it is not printable, or the bytes are not UTF-8
    bool valid = false;
};

/// The first character of a non-empty text.
Character first_character(std::string_view text) {
    wchar_t code = 0;
    std::mbstate_t state{};
    const std::size_t length = std::mbrtowc(&code, text.data(), text.size(), &state);
    if (length > text.size()) return {.bytes = text.substr(0, 1)};
    if (length == 0) return {.bytes = text.substr(0, 1), .valid = true};  // NUL
    return {text.substr(0, length), static_cast<char32_t>(code), ::wcwidth(code), true};
}

/// Whether a character changes the direction of writing, which can disguise a text.
bool changes_direction(char32_t code) {
    return code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

std::string escaped(const Character& character) {
    if (!character.valid)
        return fmt::format("\\x{:02x}", static_cast<unsigned char>(character.bytes.front()));
    switch (character.code) {
        case '\n':
            return "\\n";
        case '\t':
            return "\\t";
        case '\r':
            return "\\r";
        default:
            return character.code < 0x80 ? fmt::format("\\x{:02x}", static_cast<unsigned>(character.code))
                                         : fmt::format("\\u{:04x}", static_cast<unsigned>(character.code));
    }
}

}  // namespace

bool on_terminal() {
    return ::isatty(STDOUT_FILENO) != 0;
}

std::size_t terminal_width() {
    ::winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    const char* columns = std::getenv("COLUMNS");
    const long width = columns == nullptr ? 0 : std::strtol(columns, nullptr, 10);
    return width > 0 ? static_cast<std::size_t>(width) : usual_width;
}

std::string printable(std::string_view text) {
    const Utf8Scope utf8;
    std::string shown;
    shown.reserve(text.size());
    while (!text.empty()) {
        const Character next = first_character(text);
        if (next.width < 0 || changes_direction(next.code)) {
            shown += escaped(next);
        } else {
            shown += next.bytes;
        }
        text.remove_prefix(next.bytes.size());
    }
    return shown;
}

std::string shown_lines(std::string_view text) {
    if (!on_terminal()) return std::string(text);
    std::string shown;
    for (;;) {
        const auto end = text.find('\n');
        shown += printable(text.substr(0, end));
        if (end == std::string_view::npos) return shown;
        shown += '\n';
        text.remove_prefix(end + 1);
    }
}

std::size_t display_width(std::string_view text) {
    const Utf8Scope utf8;
    std::size_t width = 0;
    while (!text.empty()) {
        const Character next = first_character(text);
        width += next.width < 0 ? 1 : static_cast<std::size_t>(next.width);
        text.remove_prefix(next.bytes.size());
    }
    return width;
}

std::string elided(std::string_view text, std::size_t width) {
    if (display_width(text) <= width) return std::string(text);
    if (width == 0) return {};
    const Utf8Scope utf8;
    std::string shown;
    std::size_t left = width - 1;
    while (!text.empty()) {
        const Character next = first_character(text);
        const auto taken = next.width < 0 ? std::size_t{1} : static_cast<std::size_t>(next.width);
        if (taken > left) break;
        left -= taken;
        shown += next.bytes;
        text.remove_prefix(next.bytes.size());
    }
    return shown += ellipsis;
}

}  // namespace millrace::cli
