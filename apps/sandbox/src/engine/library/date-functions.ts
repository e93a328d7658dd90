/** PostgreSQL functions behind dates and times: parsing, styles, DATEDIFF's boundaries, FORMAT. */
export const dateFunctions = String.raw`
CREATE FUNCTION tsql.days(v timestamp) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (extract(epoch FROM v - timestamp '1900-01-01') / 86400)::numeric;

CREATE FUNCTION tsql.to_datetime(v timestamp, attempt bool) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE ticks int8; day timestamp;
BEGIN
  IF v IS NULL THEN RETURN NULL; END IF;
  IF v < timestamp '1753-01-01' OR v > timestamp '9999-12-31 23:59:59.998' THEN
    IF attempt THEN RETURN NULL; END IF;
    PERFORM tsql.fail(242, 'The conversion of a varchar data type to a datetime data type resulted in an out-of-range value.');
  END IF;
  day := date_trunc('day', v);
  -- 300 ticks a second, shown in milliseconds: .000, .003, .007.
  ticks := round(extract(epoch FROM v - day) * 300);
  RETURN day + round(ticks * 10 / 3.0) * interval '1 millisecond';
END $$;

CREATE FUNCTION tsql.to_smalldatetime(v timestamp, attempt bool) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF v < timestamp '1900-01-01' OR v >= timestamp '2079-06-06 23:59:30' THEN
    IF attempt THEN RETURN NULL; END IF;
    PERFORM tsql.fail(242, 'The conversion of a varchar data type to a smalldatetime data type resulted in an out-of-range value.');
  END IF;
  RETURN date_trunc('minute', v + interval '30.001 seconds');
END $$;

CREATE FUNCTION tsql.parse_date(v tsql.s, style int, target text, attempt bool) RETURNS timestamp
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  x text COLLATE "C" := regexp_replace(btrim(textin(bpcharout(v))), '\s+', ' ', 'g'); d text COLLATE "C"; c text COLLATE "C"; z text COLLATE "C"; m text[] COLLATE "C"; y int; mo int; da int; h int := 0; mi int := 0; se int := 0; f text COLLATE "C" := '';
  dmy bool := coalesce(style IN (3, 4, 5, 103, 104, 105, 130, 131), coalesce(current_setting('tsql.dateformat', true), 'mdy') = 'dmy');
  months constant text[] COLLATE "C" := '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}';
BEGIN
  IF v IS NULL THEN RETURN NULL; END IF;
  m := regexp_match(x, '^(.*?)[T ]?((\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.:](\d{1,9}))?)?|(\d{1,2}))? ?([AaPp][Mm])? ?(Z|z|[-+]\d{2}:\d{2})?$');
  IF m IS NOT NULL AND m[3] IS NOT NULL OR (m[7] IS NOT NULL AND m[8] IS NOT NULL) THEN
    d := btrim(m[1], ' T'); h := coalesce(m[3], m[7])::int; mi := coalesce(m[4], '0')::int; se := coalesce(m[5], '0')::int; f := coalesce(m[6], '');
    c := lower(m[8]); z := m[9];
    IF c IS NOT NULL THEN
      IF h NOT BETWEEN 1 AND 12 THEN h := 99; ELSE h := h % 12 + CASE c WHEN 'pm' THEN 12 ELSE 0 END; END IF;
    END IF;
  ELSE d := x; END IF;
  IF d = '' THEN y := 1900; mo := 1; da := 1;
  ELSE
    m := regexp_match(d, '^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$');
    IF m IS NOT NULL THEN y := m[1]; mo := m[2]; da := m[3];
    ELSE
      m := regexp_match(d, '^(\d{4})(\d{2})(\d{2})$');
      IF m IS NOT NULL THEN y := m[1]; mo := m[2]; da := m[3];
      ELSE
        m := regexp_match(d, '^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})$');
        IF m IS NOT NULL THEN
          y := m[3]; mo := CASE WHEN dmy THEN m[2] ELSE m[1] END; da := CASE WHEN dmy THEN m[1] ELSE m[2] END;
        ELSE
          m := regexp_match(lower(d), '^([a-z]{3,9}) (\d{1,2}),? (\d{4}|\d{2})$');
          IF m IS NOT NULL THEN y := m[3]; mo := array_position(months, left(m[1], 3)); da := m[2];
          ELSE
            m := regexp_match(lower(d), '^(\d{1,2})[- ]([a-z]{3,9})[-, ]+(\d{4}|\d{2})$');
            IF m IS NOT NULL THEN y := m[3]; mo := array_position(months, left(m[2], 3)); da := m[1]; END IF;
          END IF;
        END IF;
        IF y < 50 AND length(m[3]) = 2 THEN y := y + 2000; ELSIF y < 100 AND length(m[3]) = 2 THEN y := y + 1900; END IF;
      END IF;
    END IF;
  END IF;
  IF y IS NULL OR mo IS NULL OR (target IN ('datetime', 'smalldatetime') AND (length(f) > 3 OR z ~ '^[-+]')) OR (length(f) > 6 AND substr(f, 7) ~ '[1-9]') THEN
    IF attempt THEN RETURN NULL; END IF;
    PERFORM tsql.fail(241, 'Conversion failed when converting date and/or time from character string.');
  END IF;
  IF y < 1 OR mo NOT BETWEEN 1 AND 12 OR da < 1 OR h > 23 OR mi > 59 OR se > 59
    OR da > extract(day FROM make_date(y, mo, 1) + interval '1 month - 1 day') THEN
    IF attempt THEN RETURN NULL; END IF;
    IF target IN ('datetime', 'smalldatetime') THEN
      PERFORM tsql.fail(242, 'The conversion of a varchar data type to a ' || target || ' data type resulted in an out-of-range value.');
    END IF;
    PERFORM tsql.fail(241, 'Conversion failed when converting date and/or time from character string.');
  END IF;
  RETURN make_date(y, mo, da) + make_time(h, mi, se) + (rpad(left(f, 6), 6, '0') || ' microseconds')::interval;
END $$;

CREATE FUNCTION tsql.offset_from(local timestamp, minutes int) RETURNS tsql.dto LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN local IS NOT NULL AND minutes IS NOT NULL THEN ROW(local - minutes * interval '1 minute', minutes)::tsql.dto END;

CREATE FUNCTION tsql.parse_offset(v tsql.s, style int, attempt bool) RETURNS tsql.dto LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE m text[] COLLATE "C" := regexp_match(btrim(textin(bpcharout(v))), '([-+])(\d{2}):(\d{2})$'); local timestamp;
BEGIN
  local := tsql.parse_date(v, style, 'datetimeoffset', attempt);
  IF m IS NULL OR btrim(textin(bpcharout(v))) !~ ':' THEN RETURN tsql.offset_from(local, 0); END IF;
  RETURN tsql.offset_from(local, (m[1] || (m[2]::int * 60 + m[3]::int))::int);
END $$;

CREATE FUNCTION tsql.local_time(v tsql.dto) RETURNS timestamp LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN v.utc + v.minutes * interval '1 minute';

CREATE FUNCTION tsql.fraction(v timestamp, digits int) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN digits = 0 THEN '' ELSE '.' || rpad(left(to_char(v, 'US'), digits), digits, '0') END;

CREATE FUNCTION tsql.date_text(v timestamp, style int, source text, scale int) RETURNS tsql.s LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE digits int := CASE WHEN source = 'datetime' THEN 3 WHEN source = 'smalldatetime' THEN CASE WHEN style IN (126, 127) THEN 0 ELSE 3 END ELSE scale END; dp text COLLATE "C"; tp text COLLATE "C"; frac text COLLATE "C"; colon text COLLATE "C";
BEGIN
  IF v IS NULL THEN RETURN NULL; END IF;
  frac := tsql.fraction(v, digits);
  colon := CASE WHEN source IN ('datetime', 'smalldatetime') THEN replace(frac, '.', ':') ELSE frac END;
  dp := CASE
    WHEN style IN (0, 100, 9, 109) THEN to_char(v, 'Mon ') || lpad(to_char(v, 'FMDD'), 2) || to_char(v, ' YYYY')
    WHEN style = 1 THEN to_char(v, 'MM/DD/YY') WHEN style = 101 THEN to_char(v, 'MM/DD/YYYY')
    WHEN style = 2 THEN to_char(v, 'YY.MM.DD') WHEN style = 102 THEN to_char(v, 'YYYY.MM.DD')
    WHEN style = 3 THEN to_char(v, 'DD/MM/YY') WHEN style = 103 THEN to_char(v, 'DD/MM/YYYY')
    WHEN style = 4 THEN to_char(v, 'DD.MM.YY') WHEN style = 104 THEN to_char(v, 'DD.MM.YYYY')
    WHEN style = 5 THEN to_char(v, 'DD-MM-YY') WHEN style = 105 THEN to_char(v, 'DD-MM-YYYY')
    WHEN style = 6 THEN to_char(v, 'DD Mon YY') WHEN style IN (106, 13, 113) THEN to_char(v, 'DD Mon YYYY')
    WHEN style = 7 THEN to_char(v, 'Mon DD, YY') WHEN style = 107 THEN to_char(v, 'Mon DD, YYYY')
    WHEN style = 10 THEN to_char(v, 'MM-DD-YY') WHEN style = 110 THEN to_char(v, 'MM-DD-YYYY')
    WHEN style = 11 THEN to_char(v, 'YY/MM/DD') WHEN style = 111 THEN to_char(v, 'YYYY/MM/DD')
    WHEN style = 12 THEN to_char(v, 'YYMMDD') WHEN style = 112 THEN to_char(v, 'YYYYMMDD')
    WHEN style IN (20, 120, 21, 121, 25, 23, 126, 127) THEN to_char(v, 'YYYY-MM-DD')
    WHEN style IN (8, 24, 108, 14, 114) THEN '' END;
  IF dp IS NULL THEN
    PERFORM tsql.fail(281, style || ' is not a valid style number when converting from ' || source || ' to a character string.');
  END IF;
  tp := CASE
    WHEN style IN (0, 100) THEN lpad(to_char(v, 'FMHH12:MIAM'), 7)
    WHEN style IN (9, 109) THEN lpad(to_char(v, 'FMHH12:MI:SS'), 8) || colon || to_char(v, 'AM')
    WHEN style IN (8, 24, 108, 20, 120) THEN to_char(v, 'HH24:MI:SS')
    WHEN style IN (13, 113, 14, 114) THEN to_char(v, 'HH24:MI:SS') || colon
    WHEN style IN (21, 121, 25) THEN to_char(v, 'HH24:MI:SS') || frac
    WHEN style IN (126, 127) THEN to_char(v, 'HH24:MI:SS') || CASE WHEN frac ~ '[1-9]' THEN frac ELSE '' END
    ELSE '' END;
  IF source = 'date' THEN tp := ''; ELSIF source = 'time' THEN dp := ''; END IF;
  RETURN dp || CASE WHEN dp <> '' AND tp <> '' THEN CASE WHEN style IN (126, 127) THEN 'T' ELSE ' ' END ELSE '' END || tp;
END $$;

CREATE FUNCTION tsql.date_add(part text, n int8, v timestamp) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE r timestamp;
BEGIN
  r := v + CASE part
    WHEN 'year' THEN n * interval '1 year' WHEN 'quarter' THEN n * interval '3 months' WHEN 'month' THEN n * interval '1 month'
    WHEN 'day' THEN n * interval '1 day' WHEN 'week' THEN n * interval '7 days' WHEN 'hour' THEN n * interval '1 hour'
    WHEN 'minute' THEN n * interval '1 minute' WHEN 'second' THEN n * interval '1 second'
    WHEN 'millisecond' THEN n * interval '1 millisecond' WHEN 'microsecond' THEN n * interval '1 microsecond' ELSE n / 1000 * interval '1 microsecond' END;
  IF r < timestamp '0001-01-01' OR r >= timestamp '10000-01-01' THEN RAISE datetime_field_overflow; END IF;
  RETURN r;
EXCEPTION WHEN datetime_field_overflow OR numeric_value_out_of_range OR interval_field_overflow THEN
  PERFORM tsql.fail(517, 'Adding a value to a ''datetime'' column caused an overflow.');
END $$;

CREATE FUNCTION tsql.date_diff(part text, a timestamp, b timestamp) RETURNS int8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE part
  WHEN 'year' THEN extract(year FROM b) - extract(year FROM a)
  WHEN 'quarter' THEN (extract(year FROM b) - extract(year FROM a)) * 4 + extract(quarter FROM b) - extract(quarter FROM a)
  WHEN 'month' THEN (extract(year FROM b) - extract(year FROM a)) * 12 + extract(month FROM b) - extract(month FROM a)
  WHEN 'day' THEN b::date - a::date
  WHEN 'week' THEN floor((b::date - date '1899-12-31') / 7.0) - floor((a::date - date '1899-12-31') / 7.0)
  WHEN 'hour' THEN extract(epoch FROM date_trunc('hour', b) - date_trunc('hour', a)) / 3600
  WHEN 'minute' THEN extract(epoch FROM date_trunc('minute', b) - date_trunc('minute', a)) / 60
  WHEN 'second' THEN extract(epoch FROM date_trunc('second', b) - date_trunc('second', a))
  WHEN 'millisecond' THEN extract(epoch FROM date_trunc('milliseconds', b) - date_trunc('milliseconds', a)) * 1000
  WHEN 'microsecond' THEN extract(epoch FROM b - a) * 1000000
  ELSE extract(epoch FROM b - a) * 1000000000 END::int8;

CREATE FUNCTION tsql.date_diff_int(part text, a timestamp, b timestamp) RETURNS int4 LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE n int8 := tsql.date_diff(part, a, b);
BEGIN
  IF abs(n) > 2147483647 THEN
    PERFORM tsql.fail(535, 'The datediff function resulted in an overflow. The number of dateparts separating two date/time instances is too large. Try to use datediff with a less precise datepart.');
  END IF;
  RETURN n;
END $$;

CREATE FUNCTION tsql.date_part(part text, v timestamp) RETURNS int4 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE part
  WHEN 'year' THEN extract(year FROM v) WHEN 'quarter' THEN extract(quarter FROM v) WHEN 'month' THEN extract(month FROM v)
  WHEN 'dayofyear' THEN extract(doy FROM v) WHEN 'day' THEN extract(day FROM v)
  WHEN 'week' THEN floor((extract(doy FROM v) - 1 + extract(dow FROM date_trunc('year', v))) / 7) + 1
  WHEN 'iso_week' THEN extract(week FROM v) WHEN 'weekday' THEN extract(dow FROM v) + 1
  WHEN 'hour' THEN extract(hour FROM v) WHEN 'minute' THEN extract(minute FROM v) WHEN 'second' THEN floor(extract(second FROM v))
  WHEN 'millisecond' THEN floor(extract(milliseconds FROM v))::int % 1000
  WHEN 'microsecond' THEN extract(microseconds FROM v)::int8 % 1000000
  ELSE (extract(microseconds FROM v)::int8 % 1000000) * 1000 END::int4;

CREATE FUNCTION tsql.date_name(part text, v timestamp) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE part WHEN 'month' THEN to_char(v, 'FMMonth') WHEN 'weekday' THEN to_char(v, 'FMDay') ELSE tsql.date_part(part, v)::text END::tsql.s;

CREATE FUNCTION tsql.date_from(y int, m int, d int) RETURNS date LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF y IS NULL OR m IS NULL OR d IS NULL THEN RETURN NULL; END IF;
  IF y BETWEEN 1 AND 9999 AND m BETWEEN 1 AND 12 AND d >= 1 AND d <= extract(day FROM make_date(y, m, 1) + interval '1 month - 1 day') THEN RETURN make_date(y, m, d); END IF;
  PERFORM tsql.fail(289, 'Cannot construct data type date, some of the arguments have values which are not valid.');
END $$;

CREATE FUNCTION tsql.time_from(h int, mi int, s int, us int) RETURNS time LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF h IS NULL OR mi IS NULL OR s IS NULL OR us IS NULL THEN RETURN NULL; END IF;
  IF h BETWEEN 0 AND 23 AND mi BETWEEN 0 AND 59 AND s BETWEEN 0 AND 59 AND us BETWEEN 0 AND 999999 THEN RETURN make_time(h, mi, s) + us * interval '1 microsecond'; END IF;
  PERFORM tsql.fail(289, 'Cannot construct data type time, some of the arguments have values which are not valid.');
END $$;

CREATE FUNCTION tsql.format_date(v timestamp, f tsql.s) RETURNS tsql.s LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE x text COLLATE "C" := textin(bpcharout(f)); r text COLLATE "C" := ''; tok text COLLATE "C";
BEGIN
  IF v IS NULL OR f IS NULL THEN RETURN NULL; END IF;
  x := CASE x WHEN 'd' THEN 'M/d/yyyy' WHEN 'D' THEN 'dddd, MMMM d, yyyy' WHEN 't' THEN 'h:mm tt' WHEN 'T' THEN 'h:mm:ss tt'
    WHEN 'g' THEN 'M/d/yyyy h:mm tt' WHEN 'G' THEN 'M/d/yyyy h:mm:ss tt' WHEN 'f' THEN 'dddd, MMMM d, yyyy h:mm tt'
    WHEN 's' THEN 'yyyy-MM-ddTHH:mm:ss' WHEN 'u' THEN 'yyyy-MM-dd HH:mm:ssZ' WHEN 'm' THEN 'MMMM d' WHEN 'y' THEN 'MMMM yyyy' ELSE x END;
  WHILE x <> '' LOOP
    tok := (regexp_match(x, '^(yyyy|yy|MMMM|MMM|MM|M|dddd|ddd|dd|d|HH|H|hh|h|mm|m|ss|s|f{1,6}|tt|t|''[^'']*''|\\.|.)', 's'))[1];
    x := substr(x, length(tok) + 1);
    r := r || CASE
      WHEN tok = 'yyyy' THEN to_char(v, 'YYYY') WHEN tok = 'yy' THEN to_char(v, 'YY')
      WHEN tok = 'MMMM' THEN to_char(v, 'FMMonth') WHEN tok = 'MMM' THEN to_char(v, 'Mon') WHEN tok = 'MM' THEN to_char(v, 'MM') WHEN tok = 'M' THEN to_char(v, 'FMMM')
      WHEN tok = 'dddd' THEN to_char(v, 'FMDay') WHEN tok = 'ddd' THEN to_char(v, 'Dy') WHEN tok = 'dd' THEN to_char(v, 'DD') WHEN tok = 'd' THEN to_char(v, 'FMDD')
      WHEN tok = 'HH' THEN to_char(v, 'HH24') WHEN tok = 'H' THEN to_char(v, 'FMHH24') WHEN tok = 'hh' THEN to_char(v, 'HH12') WHEN tok = 'h' THEN to_char(v, 'FMHH12')
      WHEN tok = 'mm' THEN to_char(v, 'MI') WHEN tok = 'm' THEN to_char(v, 'FMMI') WHEN tok = 'ss' THEN to_char(v, 'SS') WHEN tok = 's' THEN to_char(v, 'FMSS')
      WHEN tok ~ '^f+$' THEN left(to_char(v, 'US'), length(tok)) WHEN tok = 'tt' THEN to_char(v, 'AM') WHEN tok = 't' THEN left(to_char(v, 'AM'), 1)
      WHEN tok ~ '^''' THEN btrim(tok, '''') WHEN tok ~ '^\\' THEN substr(tok, 2) ELSE tok END;
  END LOOP;
  RETURN r;
END $$;

CREATE FUNCTION tsql.format_number(v numeric, f tsql.s) RETURNS tsql.s LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE x text COLLATE "C" := textin(bpcharout(f)); k text COLLATE "C" := upper(left(textin(bpcharout(f)), 1)); n int; whole text COLLATE "C"; part text COLLATE "C"; r text COLLATE "C";
BEGIN
  IF v IS NULL OR f IS NULL THEN RETURN NULL; END IF;
  IF x ~ '^[A-Za-z]\d*$' THEN
    n := nullif(substr(x, 2), '')::int;
    RETURN CASE k
      WHEN 'N' THEN to_char(round(v, coalesce(n, 2)), 'FM999,999,999,999,999,999,990' || CASE WHEN coalesce(n, 2) = 0 THEN '' ELSE '.' || repeat('0', coalesce(n, 2)) END)
      WHEN 'F' THEN round(v, coalesce(n, 2))::text
      WHEN 'C' THEN CASE WHEN v < 0 THEN '-' ELSE '' END || '$' || to_char(abs(round(v, coalesce(n, 2))), 'FM999,999,999,999,999,999,990' || CASE WHEN coalesce(n, 2) = 0 THEN '' ELSE '.' || repeat('0', coalesce(n, 2)) END)
      WHEN 'P' THEN to_char(round(v * 100, coalesce(n, 2)), 'FM999,999,999,990' || CASE WHEN coalesce(n, 2) = 0 THEN '' ELSE '.' || repeat('0', coalesce(n, 2)) END) || '%'
      WHEN 'D' THEN CASE WHEN v < 0 THEN '-' ELSE '' END || lpad(abs(trunc(v))::text, greatest(coalesce(n, 1), length(abs(trunc(v))::text)), '0')
      WHEN 'X' THEN lpad(CASE left(x, 1) WHEN 'X' THEN upper(to_hex(v::int8)) ELSE to_hex(v::int8) END, greatest(coalesce(n, 1), length(to_hex(v::int8))), '0')
      WHEN 'G' THEN trim_scale(v)::text END;
  END IF;
  IF x !~ '^[0#,]*(\.[0#]*)?%?$' THEN RETURN NULL; END IF;
  IF x LIKE '%\%' THEN v := v * 100; END IF;
  part := coalesce((regexp_match(x, '\.([0#]*)'))[1], '');
  whole := (regexp_match(x, '^([0#,]*)'))[1];
  r := to_char(round(abs(v), length(part)), 'FM' || CASE WHEN whole LIKE '%,%' THEN '999,999,999,999,999,999,999' ELSE repeat('9', 21) END || CASE WHEN part = '' THEN '' ELSE '.' || repeat('0', length(part)) END);
  r := rtrim(r, '.');
  n := length(replace(replace(whole, '#', ''), ',', ''));
  IF length(split_part(r, '.', 1)) < n THEN r := lpad(split_part(r, '.', 1), n, '0') || CASE WHEN part = '' THEN '' ELSE '.' || split_part(r, '.', 2) END; END IF;
  WHILE part LIKE '%#' AND r LIKE '%0' AND r LIKE '%.%' LOOP r := left(r, -1); part := left(part, -1); END LOOP;
  RETURN CASE WHEN v < 0 THEN '-' ELSE '' END || rtrim(r, '.') || CASE WHEN x LIKE '%\%' THEN '%' ELSE '' END;
END $$;
`;
