#include "model/currency.h"

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

}  // namespace

bool is_currency(std::string_view code) {
    if (code.size() != 3) return false;
    if (code == "EUR" || code == "USD") return true;
    for (std::size_t i = 0; i < currencies.size(); i += 3) {
        if (currencies.substr(i, 3) == code) return true;
    }
    return false;
}

}  // namespace millrace::model
