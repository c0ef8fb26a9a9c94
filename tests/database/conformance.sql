-- What the conformance suite calls and reads, over both transports.
create table public.things (
  id integer primary key,
  name text not null,
  family integer not null,
  flag boolean not null,
  real_number double precision not null,
  exact_number numeric not null,
  big bigint not null,
  uid uuid not null unique,
  at timestamptz,
  day date,
  tags text[] not null,
  document jsonb
);
alter table public.things enable row level security;
grant select, insert on public.things to service_role;

insert into public.things
select n, 'thing ' || n, n % 7, n % 2 = 0, n / 8.0, n * 1.10, 9007199254740993 + n,
  format('00000000-0000-0000-0000-%s', lpad(n::text, 12, '0'))::uuid,
  case when n % 10 > 0 then '2026-03-01T00:00:00Z'::timestamptz + n * interval '1 minute' + interval '123456 microseconds' end,
  date '2026-03-01' + n, array['a', 'b' || n], case when n % 3 > 0 then jsonb_build_object('n', n, 'none', null) end
from generate_series(1, 2345) n;

-- One row among thousands of copies: no order of columns can tell them apart.
create view public.copies with (security_invoker = true) as select family, flag from public.things;
grant select on public.copies to service_role;

create function public.echo(p_text text, p_whole bigint, p_real double precision, p_flag boolean, p_uuid uuid,
                            p_at timestamptz, p_document jsonb, p_list jsonb, p_nothing text, p_kept text default 'default')
returns table (text text, whole bigint, "real" double precision, flag boolean, uuid uuid, at timestamptz, document jsonb,
               list jsonb, nothing text, kept text)
language sql as $$
  select p_text, p_whole, p_real, p_flag, p_uuid, p_at, p_document, p_list, p_nothing, p_kept
$$;

create function public.measure(p_items jsonb) returns table (items integer, bytes integer) language sql as $$
  select jsonb_array_length(p_items), octet_length(p_items::text)
$$;

create function public.some_things(p_count integer) returns setof public.things language sql as $$
  select * from public.things order by id limit p_count
$$;

create function public.one_thing(p_id integer) returns public.things language sql as $$
  select * from public.things where id = p_id
$$;

create function public.do_nothing() returns void language sql as $$ select $$;

create function public.whole_number() returns integer language sql as $$ select 1 $$;

-- Writes first and fails then, with the code that was asked for.
create function public.fail(p_code text, p_message text) returns void language plpgsql as $$
begin
  insert into public.things select 9999, name, family, flag, real_number, exact_number, big, gen_random_uuid(), at, day, tags, document
  from public.things where id = 1;
  raise exception using errcode = p_code, message = p_message;
end
$$;

create function public.insert_twice() returns void language sql as $$
  insert into public.things select * from public.things where id = 1
$$;

-- An operator, or a failover, ends the connection in the middle of a call.
create function public.lose_connection() returns void language plpgsql security definer as $$
begin
  perform pg_terminate_backend(pg_backend_pid());
  perform pg_sleep(10);
end
$$;

-- What a transaction-mode pooler would let leak into somebody else's transaction.
create function public.session_state() returns table (prepared bigint, changed text[], listening bigint, locks bigint, pid integer)
language sql as $$
  select (select count(*) from pg_prepared_statements),
    (select array_agg(name order by name) from pg_settings where source = 'session'),
    (select count(*) from pg_listening_channels()),
    (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()),
    pg_backend_pid()
$$;

grant execute on all functions in schema public to service_role;
