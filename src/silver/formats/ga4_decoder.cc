#include "silver/formats/ga4_decoder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "silver/decoder.h"
#include "silver/formats/ga4_export_row.h"
#include "silver/formats/ga4_keys.h"
#include "silver/formats/gtag_hit.h"
#include "silver/message/campaign.h"
#include "silver/message/currency_field.h"
#include "silver/message/event_clock.h"
#include "silver/message/line_amounts.h"
#include "silver/message/line_numbers.h"
#include "silver/message/message_id.h"
#include "silver/message/message_leftovers.h"
#include "silver/message/shared_members.h"
#include "silver/type_text.h"

namespace millrace::silver {

using model::Event;
using model::ValidationRule;

namespace {

/// A purchase of more items than these is a fault.
constexpr std::size_t most_items = 10'000;

/// What senders write where their page has no value.
bool is_placeholder(std::string_view text) {
    constexpr std::array<std::string_view, 6> placeholders = {"undefined", "null",    "(not set)",
                                                              "(none)",    "(other)", "NaN"};
    return std::ranges::find(placeholders, text) != placeholders.end();
}

/// Returns whether each item of such an event becomes an event.
bool has_lines(std::string_view type) {
    return type == "view" || type == "add_to_cart" || type == "remove_from_cart" || type == "purchase" ||
           type == "refund";
}

}  // namespace

struct Ga4Decoder::Parts {
    TextArena arena;
    JsonTree tree;
    SharedMembers shared;
    std::string translation;  // of a hit or a row, with padding
    std::string name;         // of which `type` is the type
    std::string type;
    std::vector<JsonTree::Index> lines;
    LineNumbers numbers;
};

/// The decoding of one message. The first fault is kept.
struct Ga4Decoder::Reading {
    using Index = JsonTree::Index;

    Parts& parts;
    const Message& message;
    std::vector<Item>& items;
    JsonTree& tree;
    JsonTree& shared_tree;
    MessageFields fields;
    MessageFields shared_fields;
    Ga4Members root;
    Ga4Members shared;
    Ga4Members params;
    bool is_order = false;
    Verdict fault{};

    Reading(Parts& all, const Message& read, std::vector<Item>& into, JsonTree& common)
        : parts(all),
          message(read),
          items(into),
          tree(all.tree),
          shared_tree(common),
          fields(all.tree, all.arena),
          shared_fields(common, all.arena) {}

    void note(Verdict verdict) {
        if (fault.ok()) fault = verdict;
    }
    void note_twice(std::size_t key) {
        if (key != ga4_key_count) note({ValidationRule::duplicate_key, ga4_names[key]});
    }

    /// Reads an id. A placeholder is none, and is left for the event's properties.
    static std::string_view id_in(MessageFields& of, Index index) {
        const auto id = of.text(index);
        if (!id) return {};
        if (!is_placeholder(*id)) return *id;
        of.tree()[index].taken = false;
        return {};
    }
    /// Reads an id of the event, or else of its request.
    std::string_view id(Ga4Key key) {
        const std::string_view own = id_in(fields, root[key]);
        return own.empty() ? id_in(shared_fields, shared[key]) : own;
    }

    void set_user(Event& event) {
        const std::string_view account = id(ga4_user_id);
        const std::string_view client = id(ga4_client_id);
        const std::string_view visitor = client.empty() ? id(ga4_app_instance_id) : client;
        if (!visitor.empty()) event.with_details().anonymous_id = visitor;
        event.user_id = account.empty() ? visitor : account;
        if (event.user_id.empty()) note({ValidationRule::missing_field, "client_id"});
    }

    void set_clock(Event& event) {
        ClockReadings clock;
        clock.logged = plausible_time(message.log_time);
        clock.received = plausible_time(base::from_ms(message.origin.received_ms().value_or(0)));
        const bool own = root[ga4_timestamp_micros] != JsonTree::none;
        MessageFields& from = own ? fields : shared_fields;
        const Index given = own ? root[ga4_timestamp_micros] : shared[ga4_timestamp_micros];
        clock.timestamp = from.time(given);
        if (clock.timestamp) from.take(given);
        if (given != JsonTree::none && !clock.timestamp)
            note({ValidationRule::bad_timestamp, "timestamp_micros"});
        if (given == JsonTree::none && !clock.received && !clock.logged)
            note({ValidationRule::missing_field, "timestamp_micros"});
        set_times(clock, event);
    }

    void set_device(MessageFields& from, const Ga4Members& members, Event& event) {
        if (event.device_type) return;
        Ga4Members device;
        device.open(from.tree(), members[ga4_device], ga4_keys, parts.arena);
        from.set_text(event.device_type, device[ga4_device_category]);
    }

    void set_campaign(const Ga4Members& members, Ga4Key campaign, Event& event) {
        if (members.first_of(ga4_source, ga4_medium, campaign) == JsonTree::none) return;
        auto& details = event.with_details();
        fields.set_text(details.utm_source, members[ga4_source]);
        fields.set_text(details.utm_medium, members[ga4_medium]);
        fields.set_text(details.utm_campaign, members[campaign]);
    }

    void set_page(Event& event) {
        fields.set_text(event.session_id, params[ga4_session_id]);
        fields.set_text(event.session_id, params[ga4_export_session_id]);
        fields.set_text(event.page_url, params[ga4_page_location]);
        fields.set_text(event.referrer, params[ga4_page_referrer]);
        fields.set_text(event.user_agent, root[ga4_user_agent]);
        shared_fields.set_text(event.user_agent, shared[ga4_user_agent]);
        set_device(fields, root, event);
        set_device(shared_fields, shared, event);
        set_campaign(params, ga4_campaign, event);
        set_campaign_of_page(event, parts.arena);
        // The export's traffic_source is where the visitor first came from.
        Ga4Members first;
        first.open(tree, root[ga4_traffic_source], ga4_keys, parts.arena);
        set_campaign(first, ga4_name, event);
    }

    void set_type(Event& event) {
        if (root[ga4_name] == JsonTree::none) note({ValidationRule::missing_field, "name"});
        std::string_view name;
        note(fields.required_text(root[ga4_name], "name", name));
        if (name.empty()) note({ValidationRule::wrong_type, "name"});
        if (name != parts.name) {
            parts.name = name;
            parts.type = name == "view_item" ? "view" : type_of_name(name);
        }
        event.event_type = parts.type;
        is_order = event.event_type == "purchase" || event.event_type == "refund";
    }

    /// Returns the id of one item of a purchase. It contains the transaction, so that a purchase that is sent
    /// again adds nothing. It also depends on source and user: transactions can be guessed, and a sender that
    /// may only write could otherwise claim another's purchase before it arrives.
    std::string_view purchase_id(const Event& event, std::size_t number) {
        const std::string_view sender =
            hashed_id({message.origin.source, event.user_id, *event.order_id}, parts.arena);
        return parts.arena.join(
            {"ga4:purchase:", line_id(*event.order_id, number, parts.arena), "@", sender.substr(0, 16)});
    }

    Verdict set_item(const Ga4Members& item, Index total, Event& event) {
        using Details = model::EventDetails;
        const auto set = [&](std::optional<std::string_view> Details::* column, Ga4Key key) {
            if (item[key] != JsonTree::none) fields.set_text(event.with_details().*column, item[key]);
        };
        const std::string_view item_id = id_in(fields, item[ga4_item_id]);
        if (!item_id.empty()) event.product_id = item_id;
        fields.set_text(event.product_id, item[ga4_item_name]);
        fields.set_text(event.product_category, item[ga4_item_category]);
        set(&Details::product_name, ga4_item_name);
        set(&Details::brand, ga4_item_brand);
        set(&Details::coupon, ga4_coupon);
        if (const auto discount = fields.number(item[ga4_discount])) {
            event.with_details().discount = discount->to_double();
            fields.take(item[ga4_discount]);
        }
        const Index own = item[ga4_item_revenue];
        return set_amounts(fields, {item[ga4_price], item[ga4_quantity], own != JsonTree::none ? own : total},
                           true, event);
    }

    [[nodiscard]] MessageLeftovers leftovers() const {
        const Index main = root[ga4_params];
        const bool opened = main != JsonTree::none && tree[main].opened;
        const Index clash =
            params.first_of(ga4_context_section, ga4_message_section, ga4_batch_section, ga4_product_section);
        return {{.message = tree,
                 .shared = shared_tree,
                 .main = opened ? main : JsonTree::none,
                 .may_clash = clash != JsonTree::none},
                parts.arena};
    }

    /// Replaces the only item, which has what all have, by one for each of the event's items.
    void add_lines() {
        const Event whole = items.front().event;
        const auto coupon = fields.text(params[ga4_coupon]);
        // The value is of all items. Of several ones it can't be told apart.
        const Index total = parts.lines.size() == 1 ? params[ga4_value] : JsonTree::none;
        if (fields.number(total)) fields.take(total);
        fields.take(params[ga4_items]);
        MessageLeftovers left = leftovers();
        left.begin_lines(parts.lines.size());
        items.clear();
        items.reserve(parts.lines.size());
        parts.numbers.restart();
        for (std::size_t i = 0; i < parts.lines.size(); ++i) {
            Item& item = items.emplace_back(Item{whole, {}, {}});
            Event& event = item.event;
            const bool is_transaction = event.event_type == "purchase" && event.order_id;
            event.event_id = is_transaction ? purchase_id(event, i) : line_id(whole.event_id, i, parts.arena);
            fault = {};
            Ga4Members members;
            note_twice(members.open(tree, parts.lines[i], ga4_keys, parts.arena));
            note(set_item(members, total, event));
            if (is_order) parts.numbers.set(event);
            if (coupon && !(event.has_details && event.details.coupon)) event.with_details().coupon = coupon;
            if (const auto properties = left.of_line(parts.lines[i]))
                event.with_details().properties = properties;
            item.verdict = fault;
        }
    }

    /// Sets the product and the price of a purchase or a refund of a whole order.
    Verdict set_whole_order(Event& event) {
        // An order without an id is one all the same, and is named by its event.
        event.product_id =
            parts.arena.join({model::whole_order, event.order_id ? *event.order_id : event.event_id});
        if (event.event_type == "purchase" && event.order_id) event.event_id = purchase_id(event, 0);
        parts.numbers.restart();
        parts.numbers.set(event);
        return set_amounts(fields, {.total = params[ga4_value]}, true, event);
    }

    void set_order_amounts(Event& event) {
        using Details = model::EventDetails;
        set_order_amount(fields, params[ga4_value], &Details::order_total, event);
        set_order_amount(fields, params[ga4_shipping], &Details::order_shipping, event);
        set_order_amount(fields, params[ga4_tax], &Details::order_tax, event);
    }

    void add_event() {
        Item& item = items.front();
        Event& event = item.event;
        const std::string_view transaction = id_in(fields, params[ga4_transaction_id]);
        if (!transaction.empty()) event.order_id = transaction;
        set_currency(fields, params[ga4_currency], has_lines(event.event_type), event);
        if (is_order) set_order_amounts(event);
        const Index listed = params[ga4_items];
        parts.lines.clear();
        if (has_lines(event.event_type) && listed != JsonTree::none && tree[listed].kind == JsonKind::array) {
            tree.each(listed, [&](Index line) {
                if (tree[line].kind != JsonKind::null) parts.lines.push_back(line);
            });
        }
        if (parts.lines.size() > most_items) {
            item.verdict = {ValidationRule::field_too_long, "items"};
            return;
        }
        if (!parts.lines.empty()) return add_lines();
        if (params[ga4_coupon] != JsonTree::none)
            fields.set_text(event.with_details().coupon, params[ga4_coupon]);
        if (is_order) item.verdict = set_whole_order(event);
        if (const auto properties = leftovers().of_message()) event.with_details().properties = properties;
    }

    void read() {
        note_twice(root.open_message(tree, ga4_keys, parts.arena));
        note_twice(params.open(tree, root[ga4_params], ga4_keys, parts.arena));
        shared.open_message(shared_tree, ga4_keys, parts.arena);
        Item& item = items.emplace_back();
        Event& event = item.event;
        set_user(event);
        set_clock(event);
        set_page(event);
        set_type(event);
        // The key is a secret of the sender, and no property of an event.
        fields.take(root[ga4_api_secret]);
        shared_fields.take(shared[ga4_api_secret]);
        event.event_id = derived_message_id(message, parts.arena);
        item.verdict = fault;
        if (fault.ok()) add_event();
    }
};

Ga4Decoder::Ga4Decoder() : parts_(std::make_unique<Parts>()) {}
Ga4Decoder::~Ga4Decoder() = default;

void Ga4Decoder::decode(const Message& message, std::vector<Item>& items) {
    items.clear();
    Parts& parts = *parts_;
    parts.arena.clear();
    constexpr std::size_t usual_bytes = std::size_t{1} << 20U;
    if (parts.translation.capacity() > usual_bytes) parts.translation = std::string();
    const auto refuse = [&](ValidationRule rule) { items.emplace_back().verdict = {rule, {}}; };
    const auto read_translation = [&] {
        const std::size_t size = parts.translation.size();
        parts.translation.append(bronze::record_padding, '\0');
        return parts.tree.read(std::string_view(parts.translation).substr(0, size));
    };
    JsonTree& shared = parts.shared.read(message.origin.shared);
    ValidationRule rule = ValidationRule::none;
    if (is_gtag_hit(message)) {
        if (!is_utf8(message.text)) return refuse(ValidationRule::not_utf8);
        if (!translate_gtag_hit(message.text, shared, parts.arena, parts.translation))
            return refuse(ValidationRule::not_utf8);
        rule = read_translation();
    } else {
        rule = parts.tree.read(message.text);
        if (rule == ValidationRule::none && is_ga4_export_row(parts.tree)) {
            translate_ga4_export_row(parts.tree, parts.translation);
            rule = read_translation();
        }
    }
    if (rule != ValidationRule::none) return refuse(rule);
    Reading(parts, message, items, shared).read();
}

}  // namespace millrace::silver
