-- The number of records that broke each validation rule.
select rule, count(*) as records, epoch_ms(min(kafka_timestamp)) as first, epoch_ms(max(kafka_timestamp)) as last
from quarantine
group by rule
order by records desc, rule
