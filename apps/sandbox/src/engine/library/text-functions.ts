/** PostgreSQL functions behind T-SQL's string functions, LIKE and hashes. */
export const textFunctions = String.raw`
CREATE FUNCTION tsql.cat(a tsql.s, b tsql.s) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (textin(bpcharout(a)) || textin(bpcharout(b)))::tsql.s;
CREATE FUNCTION tsql.or_empty(a tsql.s) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN coalesce(a, ''::tsql.s);
CREATE FUNCTION tsql.len(a tsql.s) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN length(rtrim(textin(bpcharout(a)), ' '));
CREATE FUNCTION tsql.data_length(a tsql.s, wide bool) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN wide THEN 2 * (length(textin(bpcharout(a))) + length(regexp_replace(textin(bpcharout(a)) COLLATE "C", '[^\U00010000-\U0010ffff]', '', 'g'))) ELSE length(textin(bpcharout(a))) END;
CREATE FUNCTION tsql.lower(a tsql.s) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN lower(textin(bpcharout(a)) COLLATE "pg_c_utf8")::tsql.s;
CREATE FUNCTION tsql.upper(a tsql.s) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN upper(textin(bpcharout(a)) COLLATE "pg_c_utf8")::tsql.s;
CREATE FUNCTION tsql.ltrim(a tsql.s, chars text) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ltrim(textin(bpcharout(a)), chars)::tsql.s;
CREATE FUNCTION tsql.rtrim(a tsql.s, chars text) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN rtrim(textin(bpcharout(a)), chars)::tsql.s;
CREATE FUNCTION tsql.reverse(a tsql.s) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN reverse(textin(bpcharout(a)))::tsql.s;
CREATE FUNCTION tsql.replicate(a tsql.s, n int) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE WHEN n >= 0 THEN repeat(textin(bpcharout(a)), n) END::tsql.s;

CREATE FUNCTION tsql.slice(a tsql.s, n int, from_end bool) RETURNS tsql.s LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF n < 0 THEN PERFORM tsql.fail(536, 'Invalid length parameter passed to the ' || CASE WHEN from_end THEN 'right' ELSE 'left' END || ' function.'); END IF;
  RETURN CASE WHEN from_end THEN right(textin(bpcharout(a)), n) ELSE left(textin(bpcharout(a)), n) END;
END $$;

CREATE FUNCTION tsql.substring(a tsql.s, start int, n int) RETURNS tsql.s LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF n < 0 THEN PERFORM tsql.fail(537, 'Invalid length parameter passed to the LEFT or SUBSTRING function.'); END IF;
  RETURN substr(textin(bpcharout(a)), greatest(start, 1), greatest(0, least(n::int8, n::int8 + start - 1))::int);
END $$;

CREATE FUNCTION tsql.substring(a bytea, start int, n int) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(a, greatest(start, 1), greatest(0, least(n::int8, n::int8 + start - 1))::int);

CREATE FUNCTION tsql.charindex(needle tsql.s, hay tsql.s, start int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN textin(bpcharout(needle)) = '' THEN 0 ELSE (
  SELECT CASE WHEN p = 0 THEN 0 ELSE p + greatest(start, 1) - 1 END
  FROM (SELECT strpos(substr(lower(textin(bpcharout(hay)) COLLATE "pg_c_utf8"), greatest(start, 1)), lower(textin(bpcharout(needle)) COLLATE "pg_c_utf8")) AS p) x) END;

CREATE FUNCTION tsql.escape_rx(a text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN regexp_replace(a COLLATE "C", '([][\\.^$*+?(){}|-])', '\\\1', 'g');

CREATE FUNCTION tsql.replace(a tsql.s, b tsql.s, c tsql.s) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN textin(bpcharout(b)) = '' THEN a WHEN textin(bpcharout(a)) COLLATE "C" IS NOT NULL AND c IS NOT NULL
  THEN regexp_replace(textin(bpcharout(a)) COLLATE "pg_c_utf8", tsql.escape_rx(textin(bpcharout(b))), replace(textin(bpcharout(c)), '\', '\\'), 'gi')::tsql.s END;

CREATE FUNCTION tsql.stuff(a tsql.s, start int, n int, b tsql.s) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN start >= 1 AND n >= 0 AND start <= length(textin(bpcharout(a)))
  THEN left(textin(bpcharout(a)), start - 1) || coalesce(textin(bpcharout(b)), '') || substr(textin(bpcharout(a)), least(start::int8 + n, 2147483647)::int) END::tsql.s;

-- A LIKE pattern as a regular expression; NULL for a pattern whose bracket never closes (it matches nothing).
CREATE FUNCTION tsql.like_body(p text, esc text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE r text COLLATE "C" := ''; i int := 1; c text COLLATE "C"; j int; set_text text COLLATE "C"; neg bool; k int; item text COLLATE "C";
BEGIN
  WHILE i <= length(p) LOOP
    c := substr(p, i, 1);
    IF c = esc AND esc <> '' THEN
      i := i + 1; r := r || tsql.escape_rx(substr(p, i, 1));
    ELSIF c = '%' THEN r := r || '.*';
    ELSIF c = '_' THEN r := r || '.';
    ELSIF c = '[' THEN
      j := i + 1; neg := substr(p, j, 1) = '^'; IF neg THEN j := j + 1; END IF;
      k := j; set_text := '';
      LOOP
        IF k > length(p) THEN RETURN NULL; END IF;
        item := substr(p, k, 1);
        EXIT WHEN item = ']' AND k > j;
        IF item = esc AND esc <> '' THEN k := k + 1; item := substr(p, k, 1); set_text := set_text || '\' || item;
        ELSIF item = '-' AND k > j AND substr(p, k + 1, 1) NOT IN (']', '') THEN set_text := set_text || '-';
        ELSIF item ~ '[][\\^-]' THEN set_text := set_text || '\' || item;
        ELSE set_text := set_text || item; END IF;
        k := k + 1;
      END LOOP;
      r := r || '[' || CASE WHEN neg THEN '^' ELSE '' END || set_text || ']';
      i := k;
    ELSE r := r || tsql.escape_rx(c); END IF;
    i := i + 1;
  END LOOP;
  RETURN r;
END $$;

CREATE FUNCTION tsql.like_rx(p tsql.s, esc text, blanks bool) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p IS NULL THEN NULL ELSE coalesce('^' || tsql.like_body(textin(bpcharout(p)), esc) || CASE WHEN blanks THEN ' *$' ELSE '$' END, '(?!)') END;

CREATE FUNCTION tsql.patindex(p tsql.s, a tsql.s) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p IS NULL OR a IS NULL THEN NULL ELSE regexp_instr(textin(bpcharout(a)) COLLATE "pg_c_utf8",
  CASE WHEN textin(bpcharout(p)) LIKE '\%%' THEN '' ELSE '^' END || coalesce(tsql.like_body(regexp_replace(textin(bpcharout(p)), '^%+|%+$', '', 'g'), ''), '(?!)') || CASE WHEN textin(bpcharout(p)) LIKE '%\%' THEN '' ELSE '$' END, 1, 1, 0, 'i') END;

CREATE FUNCTION tsql.quote_name(a tsql.s, q text) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(textin(bpcharout(a))) > 128 THEN NULL WHEN q IN ('[', ']') THEN '[' || replace(textin(bpcharout(a)), ']', ']]') || ']'
  WHEN q IN ('''', '"') THEN q || replace(textin(bpcharout(a)), q, q || q) || q END::tsql.s;

CREATE FUNCTION tsql.str(v float8, n int, d int) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(round(v::numeric, least(d, 16))::text) > n AND length(round(v::numeric)::text) > n THEN repeat('*', n)
  ELSE lpad(left(round(v::numeric, greatest(0, least(d, 16, n - length(trunc(v::numeric)::text) - 1)))::text, n), n) END::tsql.s;

CREATE FUNCTION tsql.char(n int) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN n BETWEEN 1 AND 127 OR n BETWEEN 160 AND 255 THEN chr(n) WHEN n BETWEEN 128 AND 159 THEN convert_from(set_byte('\x00'::bytea, 0, n), 'WIN1252') END::tsql.s;
CREATE FUNCTION tsql.nchar(n int) RETURNS tsql.s LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN n BETWEEN 1 AND 55295 OR n BETWEEN 57344 AND 1114111 THEN chr(n) END::tsql.s;
CREATE FUNCTION tsql.ascii(a tsql.s) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN textin(bpcharout(a)) = '' THEN NULL ELSE get_byte(convert_to(left(textin(bpcharout(tsql.code_page(a))), 1), 'WIN1252'), 0) END;
CREATE FUNCTION tsql.unicode(a tsql.s) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE WHEN textin(bpcharout(a)) = '' THEN NULL ELSE ascii(textin(bpcharout(a))) END;

CREATE FUNCTION tsql.translate(a tsql.s, b tsql.s, c tsql.s) RETURNS tsql.s LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF length(textin(bpcharout(b))) <> length(textin(bpcharout(c))) THEN
    PERFORM tsql.fail(9828, 'The second and third arguments of the TRANSLATE built-in function must contain an equal number of characters.');
  END IF;
  RETURN translate(textin(bpcharout(a)), textin(bpcharout(b)), textin(bpcharout(c)));
END $$;

CREATE FUNCTION tsql.string_split(a tsql.s, sep tsql.s) RETURNS TABLE (value tsql.s, ordinal int8) LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF length(textin(bpcharout(sep))) <> 1 THEN
    PERFORM tsql.fail(214, 'Procedure expects parameter ''separator'' of type ''nchar(1)/nvarchar(1)''.');
  END IF;
  RETURN QUERY SELECT x::tsql.s, n FROM unnest(CASE WHEN textin(bpcharout(a)) = '' THEN ARRAY[''] ELSE string_to_array(textin(bpcharout(a)), textin(bpcharout(sep))) END) WITH ORDINALITY AS u(x, n);
END $$;

CREATE EXTENSION pgcrypto SCHEMA tsql;

CREATE FUNCTION tsql.hash_bytes(algorithm tsql.s, v bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE upper(rtrim(textin(bpcharout(algorithm)))) WHEN 'MD5' THEN decode(md5(v), 'hex') WHEN 'SHA' THEN tsql.digest(v, 'sha1') WHEN 'SHA1' THEN tsql.digest(v, 'sha1')
  WHEN 'SHA2_256' THEN sha256(v) WHEN 'SHA2_512' THEN sha512(v) END;
`;
