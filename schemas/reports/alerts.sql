-- Alerts with their last state: firing ones first, then the newest first.
select alert_id, any_value(rule) as rule, any_value(subject) as subject, arg_max(state, sequence) as state, arg_max(severity, sequence) as severity,
       epoch_ms(min(started_at)) as started, epoch_ms(min("at")) as fired, epoch_ms(max("at") filter (state = 'resolved')) as resolved,
       arg_min(message, sequence) as message, arg_max(value, sequence) as value, arg_max(threshold, sequence) as threshold,
       arg_max(unit, sequence) as unit
from gold.alerts
group by alert_id
order by state, fired desc
limit $limit
