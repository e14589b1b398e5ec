#include "silver/formats/segment_context.h"

namespace millrace::silver {

namespace {

using Index = JsonTree::Index;

/// Sets device_type to `mobile`, `desktop`, or the type that the context names.
void set_segment_device(MessageFields& fields, const SegmentMembers& context, model::Event& event) {
    if (event.device_type) return;
    JsonTree& tree = fields.tree();
    SegmentMembers device;
    SegmentMembers agent;
    device.open(tree, context[key_device], segment_keys, fields.arena());
    agent.open(tree, context[key_user_agent_data], segment_keys, fields.arena());
    const Index mobile = agent[key_mobile];
    const bool known = mobile != JsonTree::none && tree[mobile].kind == JsonKind::boolean;
    const bool is_mobile = known && tree[mobile].value() == "true";
    fields.set_text(event.device_type, device[key_type]);
    if (event.device_type == "ios" || event.device_type == "android" || is_mobile) {
        // The platform says more than the column does, so it is left for the properties.
        if (device[key_type] != JsonTree::none) tree[device[key_type]].taken = false;
        event.device_type = "mobile";
    } else if (!event.device_type && known) {
        event.device_type = "desktop";
    } else {
        return;
    }
    if (known) fields.take(mobile);
}

void set_segment_campaign(MessageFields& fields, Index campaign, model::Event& event) {
    if (campaign == JsonTree::none) return;
    SegmentMembers members;
    members.open(fields.tree(), campaign, segment_keys, fields.arena());
    auto& details = event.with_details();
    fields.set_text(details.utm_source, members[key_source]);
    fields.set_text(details.utm_medium, members[key_medium]);
    fields.set_text(details.utm_campaign, members[key_name]);
}

}  // namespace

void set_segment_context(MessageFields& fields, Index context, model::Event& event) {
    if (context == JsonTree::none) return;
    SegmentMembers members;
    members.open(fields.tree(), context, segment_keys, fields.arena());
    SegmentMembers page;
    page.open(fields.tree(), members[key_page], segment_keys, fields.arena());
    fields.set_text(event.page_url, page[key_url]);
    fields.set_text(event.referrer, page[key_referrer]);
    fields.set_text(event.user_agent, members[key_user_agent]);
    fields.set_text(event.session_id, members[key_session_id_of_context]);
    set_segment_device(fields, members, event);
    set_segment_campaign(fields, members[key_campaign], event);
}

void set_segment_page(MessageFields& fields, const SegmentMembers& properties, model::Event& event) {
    fields.set_text(event.session_id, properties[key_session_id]);
    fields.set_text(event.page_url, properties[key_url]);
    fields.set_text(event.referrer, properties[key_referrer]);
    if (properties.first_of(key_utm_source, key_utm_medium, key_utm_campaign) == JsonTree::none) return;
    auto& details = event.with_details();
    fields.set_text(details.utm_source, properties[key_utm_source]);
    fields.set_text(details.utm_medium, properties[key_utm_medium]);
    fields.set_text(details.utm_campaign, properties[key_utm_campaign]);
}

}  // namespace millrace::silver
