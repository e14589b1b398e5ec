#include "model/currency.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace millrace::model {

namespace {

/// The active codes of ISO 4217 (list one) in alphabetical order, three letters each.
constexpr std::string_view currencies =
    "AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBHDBIFBMDBNDBOBBOVBRLBSDBTNBWPBYNBZDCADCDFCHECHFCHWCLFCLPCNYCO"
    "PCOUCRC"
    "CUPCVECZKDJFDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGNFGTQGYDHKDHNLHTGHUFIDRILSINRIQDIRRISKJMDJODJPYKE"
    "SKGSKHRKMF"
    "KPWKRWKWDKYDKZTLAKLBPLKRLRDLSLLYDMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMXVMYRMZNNADNGNNIONOKNPRNZDOMRPABPE"
    "NPGKPHPPKR"
    "PLNPYGQARRONRSDRUBRWFSARSBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTNDTOPTRYTTDTWDTZSUAHUGXUSDUS"
    "NUYIUYUUYW"
    "UZSVEDVESVNDVUVWSTXADXAFXAGXAUXBAXBBXBCXBDXCDXCGXDRXOFXPDXPFXPTXSUXTSXUAXXXYERZARZMWZWG";

/// A code that was withdrawn, and the first month in which it was no longer in use (ISO 4217, list three).
struct Withdrawn {
    std::string_view code;
    std::chrono::year_month from;
};

constexpr std::chrono::year_month month(int year, unsigned number) {
    return {std::chrono::year(year), std::chrono::month(number)};
}

// Those that were in use in 2000, the earliest year of an event, or later.
constexpr std::array<Withdrawn, 51> withdrawn = {{
    {"ADP", month(2003, 8)}, {"AFA", month(2003, 2)},  {"ATS", month(2002, 4)},  {"AYM", month(2005, 11)},
    {"AZM", month(2006, 1)}, {"BEF", month(2002, 4)},  {"BGL", month(2003, 12)}, {"BYB", month(2001, 2)},
    {"BYR", month(2017, 2)}, {"CHC", month(2004, 12)}, {"CSD", month(2006, 11)}, {"CUC", month(2021, 7)},
    {"CYP", month(2008, 2)}, {"DEM", month(2002, 4)},  {"ECS", month(2000, 10)}, {"EEK", month(2011, 2)},
    {"ESP", month(2002, 4)}, {"FIM", month(2002, 4)},  {"FRF", month(2002, 4)},  {"GHC", month(2008, 2)},
    {"GRD", month(2002, 4)}, {"HRK", month(2023, 2)},  {"IEP", month(2002, 4)},  {"ITL", month(2002, 4)},
    {"LTL", month(2015, 2)}, {"LUF", month(2002, 4)},  {"LVL", month(2014, 2)},  {"MGF", month(2005, 1)},
    {"MRO", month(2018, 1)}, {"MTL", month(2008, 2)},  {"MZM", month(2006, 7)},  {"NLG", month(2002, 4)},
    {"PTE", month(2002, 4)}, {"ROL", month(2006, 12)}, {"RUR", month(2004, 2)},  {"SDD", month(2007, 8)},
    {"SIT", month(2007, 2)}, {"SKK", month(2009, 2)},  {"SLL", month(2024, 1)},  {"SRG", month(2004, 1)},
    {"STD", month(2018, 1)}, {"TMM", month(2009, 2)},  {"TRL", month(2006, 1)},  {"USS", month(2014, 4)},
    {"VEB", month(2008, 2)}, {"VEF", month(2018, 9)},  {"YUM", month(2003, 8)},  {"ZMK", month(2013, 1)},
    {"ZWD", month(2008, 9)}, {"ZWL", month(2024, 10)}, {"ZWR", month(2009, 7)},
}};

/// Returns the code as it stands in the list of those in use, or nullopt.
std::optional<std::string_view> find_in_use(std::string_view code) {
    for (std::size_t i = 0; i < currencies.size(); i += 3) {
        if (currencies.substr(i, 3) == code) return currencies.substr(i, 3);
    }
    return std::nullopt;
}

}  // namespace

bool is_currency(std::string_view code) {
    return code == "EUR" || code == "USD" || (code.size() == 3 && find_in_use(code));
}

std::optional<std::string_view> currency_at(std::string_view code, Timestamp when) {
    if (code == "EUR") return "EUR";
    if (code == "USD") return "USD";
    std::array<char, 3> raised{};
    if (code.size() != raised.size()) return std::nullopt;
    std::ranges::transform(code, raised.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    const std::string_view upper(raised.data(), raised.size());
    if (const auto found = find_in_use(upper)) return found;
    for (const Withdrawn& each : withdrawn) {
        if (each.code == upper && when < std::chrono::sys_days(each.from / 1)) return each.code;
    }
    return std::nullopt;
}

}  // namespace millrace::model
