#include "silver/formats/segment_decoder.h"

#include <utility>

#include "silver/formats/segment_call.h"
#include "silver/formats/segment_context.h"
#include "silver/formats/segment_event_types.h"
#include "silver/formats/segment_product.h"
#include "silver/message/campaign.h"
#include "silver/message/event_clock.h"
#include "silver/message/line_numbers.h"
#include "silver/message/message_id.h"
#include "silver/message/message_leftovers.h"
#include "silver/message/shared_members.h"

namespace millrace::silver {

using model::Event;
using model::ValidationRule;

namespace {

/// An order of more lines than these is a fault.
constexpr std::size_t most_order_lines = 10'000;

}  // namespace

struct SegmentDecoder::Parts {
    TextArena arena;
    JsonTree tree;
    SharedMembers shared;
    SegmentEventTypes types;
    std::vector<JsonTree::Index> lines;
    LineNumbers numbers;
};

/// The decoding of one message. The first fault is kept.
struct SegmentDecoder::Reading {
    using Index = JsonTree::Index;

    Parts& parts;
    const Message& message;
    std::vector<Item>& items;
    JsonTree& tree;
    JsonTree& shared_tree;
    MessageFields fields;
    MessageFields shared_fields;
    SegmentMembers root;
    SegmentMembers shared;
    SegmentMembers properties;
    SegmentShape shape = SegmentShape::other;
    Verdict fault{};

    Reading(Parts& all, const Message& read, std::vector<Item>& into)
        : parts(all),
          message(read),
          items(into),
          tree(all.tree),
          shared_tree(all.shared.read(read.origin.shared)),
          fields(all.tree, all.arena),
          shared_fields(shared_tree, all.arena) {}

    void note(Verdict verdict) {
        if (fault.ok()) fault = verdict;
    }

    void note_twice(std::size_t key) {
        if (key != segment_key_count) note({ValidationRule::duplicate_key, segment_names[key]});
    }

    void open(SegmentMembers& members, Index object) {
        note_twice(members.open(tree, object, segment_keys, parts.arena));
    }

    SegmentCall call() {
        const Index type = root[key_type];
        if (type == JsonTree::none) return segment_call_of_path(message.origin.path);
        if (tree[type].kind != JsonKind::string) return SegmentCall::unknown;
        return segment_call_of_type(fields.text(type).value_or(""));
    }

    void set_ids(Event& event) {
        std::string_view anonymous;
        note(fields.required_text(root[key_anonymous_id], "anonymousId", anonymous));
        note(fields.required_text(root[key_user_id], "userId", event.user_id));
        note(fields.required_text(root[key_message_id], "messageId", event.event_id));
        if (!anonymous.empty()) event.with_details().anonymous_id = anonymous;
        if (event.user_id.empty()) event.user_id = anonymous;
        if (event.user_id.empty()) note({ValidationRule::missing_field, "userId"});
        if (event.event_id.empty()) event.event_id = derived_message_id(message, parts.arena);
    }

    /// Reads a call that is no event of the shop. One that links an id with a user is a row without its
    /// traits, which are personal data. Others are ignored; their user is set for the record's key.
    void read_identity(SegmentCall called, Item& item) {
        Event& event = item.event;
        const bool is_alias = called == SegmentCall::alias;
        std::string_view id;
        (void)fields.required_text(root[key_user_id], "userId", event.user_id);
        (void)fields.required_text(root[is_alias ? key_previous_id : key_anonymous_id], "", id);
        const bool is_link = called != SegmentCall::group && !id.empty() && !event.user_id.empty();
        if (!is_link || id == event.user_id) {
            item.ignored = identity_segment_call(called);
            if (event.user_id.empty())
                (void)fields.required_text(root[key_anonymous_id], "anonymousId", event.user_id);
            return;
        }
        event.user_id = {};
        set_common(event);
        event.event_type = identity_segment_call(called);
        event.with_details().anonymous_id = id;
        item.verdict = fault;
    }

    void set_clock(Event& event) {
        const Index given = root.first_of(key_timestamp, key_original_timestamp);
        const Index sent = root[key_sent_at];
        ClockReadings clock;
        clock.logged = plausible_time(message.log_time);
        clock.received = plausible_time(base::from_ms(message.origin.received_ms().value_or(0)));
        if (!clock.received) {
            clock.received = fields.time(root[key_received_at]);
            if (clock.received) fields.take(root[key_received_at]);
        }
        // The time of sending has no column, so it is left for the properties.
        clock.sent = sent != JsonTree::none ? fields.time(sent) : shared_fields.time(shared[key_sent_at]);
        clock.timestamp = fields.time(given);
        if (clock.timestamp) fields.take(given);
        if (root[key_timestamp] != JsonTree::none && root[key_original_timestamp] != JsonTree::none) {
            clock.is_device_clock = false;
            clock.original = fields.time(root[key_original_timestamp]);
            if (clock.original) fields.take(root[key_original_timestamp]);
        }
        if (given != JsonTree::none && !clock.timestamp) note({ValidationRule::bad_timestamp, "timestamp"});
        if (given == JsonTree::none && !clock.received && !clock.logged)
            note({ValidationRule::missing_field, "timestamp"});
        set_times(clock, event);
    }

    /// Sets what all calls have.
    void set_common(Event& event) {
        set_ids(event);
        set_clock(event);
        set_segment_context(fields, root[key_context], event);
        set_segment_context(shared_fields, shared[key_context], event);
        set_segment_page(fields, properties, event);
        set_campaign_of_page(event, parts.arena);
        // The key is a secret of the sender, and no property of an event.
        fields.take(root[key_write_key]);
        shared_fields.take(shared[key_write_key]);
    }

    void set_type(Event& event) {
        if (root[key_event] == JsonTree::none) note({ValidationRule::missing_field, "event"});
        std::string_view name;
        note(fields.required_text(root[key_event], "event", name));
        if (name.empty()) note({ValidationRule::wrong_type, "event"});
        const SegmentEventType type = parts.types.find(name);
        event.event_type = type.type;
        shape = type.shape;
    }

    /// Must be called when all columns of the message are set.
    [[nodiscard]] MessageLeftovers leftovers() const {
        const auto opened = [&](Index object) { return object != JsonTree::none && tree[object].opened; };
        const Index main = root[key_properties];
        const Index context = root[key_context];
        const Index clash =
            properties.first_of(key_context, key_message_section, key_batch_section, key_product_section);
        return {{.message = tree,
                 .shared = shared_tree,
                 .main = opened(main) ? main : JsonTree::none,
                 .context = opened(context) ? context : JsonTree::none,
                 .may_clash = clash != JsonTree::none},
                parts.arena};
    }

    void set_properties(Event& event, std::optional<std::string_view> left) {
        if (left) event.with_details().properties = left;
    }

    /// Sets the discount of an order, which the price of a line contains if it is what the order costs.
    static void set_discount(Event& event, const SentNumber& number, model::Money money, bool costs_all) {
        model::EventDetails& details = event.with_details();
        if (!costs_all) {
            details.order_discount = money;
        } else if (!details.discount) {
            details.discount = number.to_double();
        }
    }

    /// Replaces the only item, which has what all lines have, by an item for each line.
    void add_lines() {
        const Event order = items.front().event;
        const auto coupon = fields.text(properties[key_coupon]);
        const bool single = parts.lines.size() == 1;
        const auto discount = fields.number(properties[key_discount]);
        const auto discount_money = discount ? discount->to_money() : std::nullopt;
        if (discount_money) fields.take(properties[key_discount]);
        fields.take(properties[key_products]);
        MessageLeftovers left = leftovers();
        left.begin_lines(parts.lines.size());
        items.clear();
        items.reserve(parts.lines.size());
        parts.numbers.restart();
        for (std::size_t i = 0; i < parts.lines.size(); ++i) {
            Item& item = items.emplace_back(Item{order, {}, {}});
            Event& event = item.event;
            event.event_id = line_id(order.event_id, i, parts.arena);
            fault = {};
            SegmentMembers product;
            open(product, parts.lines[i]);
            note(set_segment_product(fields, product, shape, event));
            parts.numbers.set(event);
            const bool costs_all = single && set_segment_only_line(fields, properties, event);
            if (discount_money) set_discount(event, *discount, *discount_money, costs_all);
            if (coupon && !(event.has_details && event.details.coupon)) event.with_details().coupon = coupon;
            set_properties(event, left.of_line(parts.lines[i]));
            item.verdict = fault;
        }
    }

    void add_track() {
        Event& event = items.front().event;
        find_segment_lines(tree, properties[key_products], parts.lines);
        set_segment_order(fields, properties, shape, event);
        if (shape == SegmentShape::order && !parts.lines.empty()) {
            if (parts.lines.size() <= most_order_lines) return add_lines();
            items.front().verdict = {ValidationRule::field_too_long, "products"};
            return;
        }
        const bool names_product =
            properties.first_of(key_product_id, key_product_id_v1, key_sku) != JsonTree::none;
        const Verdict verdict = shape == SegmentShape::order && !names_product
                                    ? set_segment_whole_order(fields, properties, event)
                                    : set_segment_product(fields, properties, shape, event);
        parts.numbers.restart();
        if (shape == SegmentShape::order) parts.numbers.set(event);
        items.front().verdict = verdict;
        set_properties(event, leftovers().of_message());
    }

    void read() {
        note_twice(root.open_message(tree, segment_keys, parts.arena));
        shared.open_message(shared_tree, segment_keys, parts.arena);
        const SegmentCall called = call();
        Item& item = items.emplace_back();
        if (!identity_segment_call(called).empty()) return read_identity(called, item);
        if (called == SegmentCall::absent) note({ValidationRule::missing_field, "type"});
        if (called == SegmentCall::unknown) note({ValidationRule::bad_event_type, "type"});
        if (fault.ok()) {
            open(properties, root[key_properties]);
            set_common(item.event);
            if (called == SegmentCall::track) set_type(item.event);
        }
        item.verdict = fault;
        if (!fault.ok()) return;
        if (called == SegmentCall::track) return add_track();
        item.event.event_type = "page_view";
        set_properties(item.event, leftovers().of_message());
    }
};

SegmentDecoder::SegmentDecoder() : parts_(std::make_unique<Parts>()) {}
SegmentDecoder::~SegmentDecoder() = default;

void SegmentDecoder::decode(const Message& message, std::vector<Item>& items) {
    items.clear();
    parts_->arena.clear();
    if (const auto rule = parts_->tree.read(message.text); rule != ValidationRule::none) {
        items.emplace_back().verdict = {rule, {}};
        return;
    }
    Reading(*parts_, message, items).read();
}

}  // namespace millrace::silver
