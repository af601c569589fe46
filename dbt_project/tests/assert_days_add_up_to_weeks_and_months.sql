-- A returned row is a week or a month whose counts or revenue differ from those of its days.
with analytics as (
    select * from {{ ref('integration_analytics') }}
),

days as (
    select
        analytics.*,
        periods.period_type as longer_type,
        periods.date as longer_date
    from analytics
    cross join lateral ({{ periods_of('analytics.date') }}) as periods
    where analytics.period_type = 'daily' and periods.period_type <> 'daily'
),

summed as (
    select
        integration_id,
        longer_type as period_type,
        longer_date as date,
        sum(external_appointments) as external_appointments,
        sum(external_completed) as external_completed,
        sum(external_cancelled) as external_cancelled,
        sum(external_no_shows) as external_no_shows,
        sum(external_visits) as external_visits,
        sum(external_revenue) as external_revenue,
        sum(external_new_clients) as external_new_clients
    from days
    group by integration_id, longer_type, longer_date
),

longer as (
    select
        integration_id,
        period_type,
        date,
        external_appointments,
        external_completed,
        external_cancelled,
        external_no_shows,
        external_visits,
        external_revenue,
        external_new_clients
    from analytics
    where period_type <> 'daily'
),

different as (
    (
        select * from summed
        except
        select * from longer
    )
    union all
    (
        select * from longer
        except
        select * from summed
    )
)

select * from different
