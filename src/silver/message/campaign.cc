#include "silver/message/campaign.h"

#include <array>
#include <optional>
#include <utility>

#include "silver/decoder.h"
#include "silver/event_fields.h"
#include "silver/message/query_string.h"

namespace millrace::silver {

void set_campaign_of_page(model::Event& event, TextArena& arena) {
    using Details = model::EventDetails;
    constexpr std::array<std::pair<std::string_view, std::optional<std::string_view> Details::*>, 3> columns =
        {{
            {"utm_source", &Details::utm_source},
            {"utm_medium", &Details::utm_medium},
            {"utm_campaign", &Details::utm_campaign},
        }};
    if (!event.page_url) return;
    QueryString parameters(query_of(*event.page_url));
    while (const auto parameter = parameters.next()) {
        if (!parameter->first.starts_with("utm_")) continue;
        for (const auto& [name, column] : columns) {
            if (parameter->first != name) continue;
            const std::string_view value = decode_percent(parameter->second, arena);
            const bool right = !value.empty() && value.size() <= max_string_bytes && is_utf8(value) &&
                               value.find('\0') == std::string_view::npos;
            auto& details = event.with_details();
            if (right && !(details.*column)) details.*column = value;
        }
    }
}

}  // namespace millrace::silver
