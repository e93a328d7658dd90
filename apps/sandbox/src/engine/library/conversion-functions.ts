/**
 * PostgreSQL functions behind CAST, CONVERT and implicit conversions. They refuse a value by raising
 * SQLSTATE `T` plus four digits of SQL Server's error number, with SQL Server's message.
 */
export const conversionFunctions = String.raw`
CREATE SCHEMA tsql;
GRANT USAGE ON SCHEMA tsql TO PUBLIC;
CREATE COLLATION tsql.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION tsql.ai (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE COLLATION tsql.cs (provider = icu, locale = 'und', deterministic = true);
CREATE DOMAIN tsql.s AS bpchar COLLATE tsql.ci;
CREATE TYPE tsql.dto AS (utc timestamp, minutes int4);

-- textin(bpcharout(v)) turns the blank-padded type into text: a plain cast would cut trailing blanks,
-- and only a way through cstring leaves the nondeterministic collation behind, which regular
-- expressions refuse. Local variables need COLLATE "C" for the same reason.

CREATE FUNCTION tsql.fail(number int, message text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'T' || lpad(number::text, 4, '0'), MESSAGE = message;
END $$;

CREATE FUNCTION tsql.narrow_int(v numeric, low numeric, high numeric, source text, target text, attempt bool) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF v IS NULL OR v BETWEEN low AND high THEN RETURN v; END IF;
  IF attempt THEN RETURN NULL; END IF;
  IF target IN ('tinyint', 'smallint') AND source IN ('tinyint', 'smallint', 'int', 'bigint') THEN
    PERFORM tsql.fail(220, 'Arithmetic overflow error for data type ' || target || ', value = ' || v || '.');
  END IF;
  PERFORM tsql.fail(8115, 'Arithmetic overflow error converting ' || CASE WHEN source IN ('decimal', 'numeric') THEN 'numeric' ELSE 'expression' END || ' to data type ' || target || '.');
END $$;

CREATE FUNCTION tsql.narrow_decimal(v numeric, p int, s int, source text, target text, attempt bool) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE r numeric := round(v, s);
BEGIN
  IF r IS NULL OR abs(r) < 10::numeric ^ (p - s) THEN RETURN r; END IF;
  IF attempt THEN RETURN NULL; END IF;
  PERFORM tsql.fail(8115, 'Arithmetic overflow error converting ' || CASE WHEN source IN ('decimal', 'numeric') THEN 'numeric' ELSE source END || ' to data type ' || CASE target WHEN 'decimal' THEN 'numeric' ELSE target END || '.');
END $$;

CREATE FUNCTION tsql.parse_int(v tsql.s, low numeric, high numeric, source text, target text, attempt bool) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE x text COLLATE "C" := btrim(textin(bpcharout(v)), E' \t\r\n'); n numeric;
BEGIN
  IF v IS NULL THEN RETURN NULL; END IF;
  IF x = '' THEN RETURN 0; END IF;
  IF x !~ '^[-+]? *[0-9]+$' THEN
    IF attempt THEN RETURN NULL; END IF;
    PERFORM tsql.fail(CASE target WHEN 'bigint' THEN 8114 ELSE 245 END, CASE target WHEN 'bigint'
      THEN 'Error converting data type ' || source || ' to bigint.'
      ELSE 'Conversion failed when converting the ' || source || ' value ''' || rtrim(textin(bpcharout(v))) || ''' to data type ' || target || '.' END);
  END IF;
  n := replace(x, ' ', '')::numeric;
  IF n BETWEEN low AND high THEN RETURN n; END IF;
  IF attempt THEN RETURN NULL; END IF;
  IF target = 'int' THEN
    PERFORM tsql.fail(248, 'The conversion of the ' || source || ' value ''' || x || ''' overflowed an int column.');
  END IF;
  PERFORM tsql.fail(CASE target WHEN 'bigint' THEN 8115 ELSE 244 END, CASE target WHEN 'bigint'
    THEN 'Arithmetic overflow error converting expression to data type bigint.'
    ELSE 'The conversion of the ' || source || ' value ''' || x || ''' overflowed an ' || CASE target WHEN 'smallint' THEN 'INT2' ELSE 'INT1' END || ' column. Use a larger integer column.' END);
END $$;

CREATE FUNCTION tsql.parse_decimal(v tsql.s, p int, s int, source text, target text, attempt bool) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE x text COLLATE "C" := btrim(textin(bpcharout(v))); money bool := target LIKE '%money';
BEGIN
  IF v IS NULL THEN RETURN NULL; END IF;
  IF money THEN x := regexp_replace(replace(x, ',', ''), '^([-+]?)\$', '\1'); IF x = '' THEN x := '0'; END IF; END IF;
  IF x !~ '^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)$' THEN
    IF attempt THEN RETURN NULL; END IF;
    IF money THEN PERFORM tsql.fail(235, 'Cannot convert a char value to money. The char value has incorrect syntax.'); END IF;
    PERFORM tsql.fail(8114, 'Error converting data type ' || source || ' to numeric.');
  END IF;
  RETURN tsql.narrow_decimal(x::numeric, p, s, source, target, attempt);
END $$;

CREATE FUNCTION tsql.parse_float(v tsql.s, source text, target text, attempt bool) RETURNS float8
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE x text COLLATE "C" := btrim(textin(bpcharout(v)));
BEGIN
  IF v IS NULL THEN RETURN NULL; END IF;
  IF x = '' THEN RETURN 0; END IF;
  IF x ~* '^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?$' AND pg_input_is_valid(x, 'float8') THEN RETURN x::float8; END IF;
  IF attempt THEN RETURN NULL; END IF;
  PERFORM tsql.fail(8114, 'Error converting data type ' || source || ' to ' || target || '.');
END $$;

CREATE FUNCTION tsql.parse_bit(v tsql.s, source text, attempt bool) RETURNS int2
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE x text COLLATE "C" := lower(btrim(textin(bpcharout(v))));
BEGIN
  IF v IS NULL THEN RETURN NULL; END IF;
  IF x = 'true' THEN RETURN 1; ELSIF x IN ('false', '') THEN RETURN 0; END IF;
  IF x ~ '^[-+]?[0-9]+$' THEN RETURN (x::numeric <> 0)::int; END IF;
  IF attempt THEN RETURN NULL; END IF;
  PERFORM tsql.fail(245, 'Conversion failed when converting the ' || source || ' value ''' || rtrim(textin(bpcharout(v))) || ''' to data type bit.');
END $$;

CREATE FUNCTION tsql.parse_guid(v tsql.s, attempt bool) RETURNS uuid
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE x text COLLATE "C" := btrim(textin(bpcharout(v))); m text[] COLLATE "C";
BEGIN
  IF v IS NULL THEN RETURN NULL; END IF;
  m := regexp_match(x, '^\{?([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})');
  IF m IS NOT NULL THEN RETURN m[1]::uuid; END IF;
  IF attempt THEN RETURN NULL; END IF;
  PERFORM tsql.fail(8169, 'Conversion failed when converting from a character string to uniqueidentifier.');
END $$;

CREATE FUNCTION tsql.code_page(v tsql.s) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(textin(bpcharout(v)) COLLATE "C", '[^\u0001-\u007f\u00a0-\u00ff\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178]', '?', 'g')::tsql.s;

CREATE FUNCTION tsql.cut(v tsql.s, n int) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN "left"(textin(bpcharout(v)), n)::tsql.s;
CREATE FUNCTION tsql.fixed(v tsql.s, n int) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN rpad(textin(bpcharout(v)), n)::tsql.s;

CREATE FUNCTION tsql.fit(v tsql.s, n int, padded bool, tbl text, col text) RETURNS tsql.s
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF length(v) > n THEN
    PERFORM tsql.fail(2628, 'String or binary data would be truncated in table ''' || tbl || ''', column ''' || col || '''. Truncated value: ''' || "left"(textin(bpcharout(v)), n) || '''.');
  END IF;
  RETURN CASE WHEN padded THEN rpad(textin(bpcharout(v)), n)::tsql.s ELSE tsql.cut(v, n) END;
END $$;

CREATE FUNCTION tsql.fit_binary(v bytea, n int, padded bool, tbl text, col text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF octet_length(v) > n THEN
    PERFORM tsql.fail(2628, 'String or binary data would be truncated in table ''' || tbl || ''', column ''' || col || '''. Truncated value: ''''.');
  END IF;
  RETURN CASE WHEN padded THEN tsql.fixed_binary(v, n) ELSE v END;
END $$;

CREATE FUNCTION tsql.fixed_binary(v bytea, n int) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substring(v || decode(repeat('00', greatest(n - octet_length(v), 0)), 'hex') from 1 for n);

CREATE FUNCTION tsql.int_binary(v int8, width int, n int, padded bool) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN padded THEN decode(lpad(right(lpad(to_hex(v), 16, '0'), width * 2), n * 2, '0'), 'hex')
  ELSE decode(right(lpad(to_hex(v), 16, '0'), least(width, n) * 2), 'hex') END;

CREATE FUNCTION tsql.binary_int(v bytea) RETURNS int8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('x' || lpad(right(encode(v, 'hex'), 16), 16, CASE WHEN octet_length(v) = 4 AND get_byte(v, 0) > 127 THEN 'f' ELSE '0' END))::bit(64)::int8;

CREATE FUNCTION tsql.utf16(v text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE hex text COLLATE "C" := ''; c int; ch text COLLATE "C";
BEGIN
  IF v IS NULL THEN RETURN NULL; END IF;
  FOREACH ch IN ARRAY regexp_split_to_array(v, '') LOOP
    CONTINUE WHEN ch = '';
    c := ascii(ch);
    IF c >= 65536 THEN
      c := c - 65536;
      hex := hex || lpad(to_hex((((55296 + (c >> 10)) & 255) << 8) | ((55296 + (c >> 10)) >> 8)), 4, '0');
      c := 56320 + (c & 1023);
    END IF;
    hex := hex || lpad(to_hex(((c & 255) << 8) | (c >> 8)), 4, '0');
  END LOOP;
  RETURN decode(hex, 'hex');
END $$;

CREATE FUNCTION tsql.text_binary(v tsql.s, style int, wide bool) RETURNS bytea LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE x text COLLATE "C" := textin(bpcharout(v));
BEGIN
  IF style IN (1, 2) THEN
    x := CASE style WHEN 1 THEN substr(x, 3) ELSE x END;
    IF x !~ '^([0-9a-fA-F]{2})*$' THEN
      PERFORM tsql.fail(8114, 'Error converting data type varchar to varbinary.');
    END IF;
    RETURN decode(x, 'hex');
  END IF;
  IF wide THEN RETURN tsql.utf16(x); END IF;
  RETURN convert_to(textin(bpcharout(tsql.code_page(v))), 'WIN1252');
END $$;

CREATE FUNCTION tsql.binary_text(v bytea, style int, wide bool) RETURNS tsql.s LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE x text COLLATE "C" := ''; c int; i int := 0;
BEGIN
  IF v IS NULL THEN RETURN NULL; END IF;
  IF style = 1 THEN RETURN '0x' || upper(encode(v, 'hex')); END IF;
  IF style = 2 THEN RETURN upper(encode(v, 'hex')); END IF;
  IF NOT wide THEN RETURN convert_from(v, 'WIN1252'); END IF;
  WHILE i + 1 < octet_length(v) LOOP
    c := get_byte(v, i) + get_byte(v, i + 1) * 256;
    i := i + 2;
    IF c BETWEEN 55296 AND 56319 AND i + 1 < octet_length(v) THEN
      c := 65536 + (c - 55296) * 1024 + get_byte(v, i) + get_byte(v, i + 1) * 256 - 56320;
      i := i + 2;
    END IF;
    x := x || chr(c);
  END LOOP;
  RETURN x;
END $$;

CREATE FUNCTION tsql.guid_binary(v uuid) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN decode(regexp_replace(replace(v::text, '-', ''), '^(..)(..)(..)(..)(..)(..)(..)(..)', '\4\3\2\1\6\5\8\7'), 'hex');

CREATE FUNCTION tsql.number_text(v text, n int, source text, target text) RETURNS tsql.s LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF length(v) <= n OR v IS NULL THEN RETURN v; END IF;
  IF source IN ('int', 'smallint', 'tinyint') AND target IN ('char', 'varchar') THEN RETURN '*'; END IF;
  PERFORM tsql.fail(8115, 'Arithmetic overflow error converting ' || CASE WHEN source IN ('decimal', 'numeric') THEN 'numeric' ELSE 'expression' END || ' to data type ' || target || '.');
END $$;

CREATE FUNCTION tsql.money_text(v numeric, style int) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE style WHEN 0 THEN round(v, 2)::text WHEN 1 THEN btrim(to_char(v, 'FM999,999,999,999,999,990.00')) ELSE round(v, 4)::text END;

CREATE FUNCTION tsql.float_text(v float8, style int) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE e int; digits int := CASE style WHEN 0 THEN 6 WHEN 1 THEN 8 ELSE 16 END; m numeric; x text COLLATE "C";
BEGIN
  IF v IS NULL THEN RETURN NULL; END IF;
  IF v = 0 AND style = 0 THEN RETURN '0'; END IF;
  e := CASE WHEN v = 0 THEN 0 ELSE floor(log(abs(v)::numeric))::int END;
  m := round(v::numeric / 10::numeric ^ e, digits - 1);
  IF abs(m) >= 10 THEN m := m / 10; e := e + 1; END IF;
  IF style = 0 AND e BETWEEN -5 AND 5 THEN
    x := round(v::numeric, greatest(digits - 1 - e, 0))::text;
    RETURN CASE WHEN x LIKE '%.%' THEN rtrim(rtrim(x, '0'), '.') ELSE x END;
  END IF;
  x := round(m, digits - 1)::text;
  IF style = 0 AND x LIKE '%.%' THEN x := rtrim(rtrim(x, '0'), '.'); END IF;
  RETURN x || 'e' || CASE WHEN e < 0 THEN '-' ELSE '+' END || lpad(abs(e)::text, 3, '0');
END $$;

CREATE FUNCTION tsql.div(a numeric, b numeric, s int) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(div(a * 10::numeric ^ s, b) / 10::numeric ^ s, s);
`;
