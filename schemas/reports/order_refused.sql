-- Quarantined items of messages that contain an order's id, the newest first.
select topic || '/' || log_epoch || '/' || partition || '/' || "offset" || '/' || coalesce(record_index, 0) as position,
       epoch_ms(kafka_timestamp) as logged, rule, field, message
from quarantine
where contains(try(decode(value)), $order)
order by kafka_timestamp desc, partition, "offset" desc, record_index
limit $limit
