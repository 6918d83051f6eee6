-- For tests: changes to a copy of differ.sql. A line "differs:" names the tables in which they have to be found.
-- differs: missing
DELETE FROM missing WHERE id = 2;
-- differs: added
INSERT INTO added VALUES (4);
-- differs: doubled
UPDATE doubled SET id = 2 WHERE ctid = (SELECT min(ctid) FROM doubled);
-- differs: bytea_bit
UPDATE bytea_bit SET v = set_bit(v, 77, 1 - get_bit(v, 77)) WHERE id = 2;
-- differs: microsecond
UPDATE microsecond SET v = v + interval '1 microsecond';
-- differs: microsecond_interval
UPDATE microsecond_interval SET v = v + interval '1 microsecond';
-- differs: interval_days
UPDATE interval_days SET v = interval '30 days';
-- differs: null_empty
UPDATE null_empty SET v = '';
-- differs: empty_space
UPDATE empty_space SET v = ' ';
-- differs: null_column
UPDATE null_column SET a = 1, b = NULL;
-- differs: cancels
UPDATE cancels SET amount = amount + CASE id WHEN 1 THEN 1 WHEN 2 THEN -1 ELSE 0 END;
-- differs: swapped
UPDATE swapped SET v = CASE id WHEN 1 THEN 'v2' WHEN 2 THEN 'v1' ELSE v END;
-- differs: swapped_columns
UPDATE swapped_columns SET a = b, b = a WHERE a = 3;
-- differs: float_last_bit
UPDATE float_last_bit SET v = 0.10000000000000002;
-- differs: float4_last_bit
UPDATE float4_last_bit SET v = '0.10000001';
-- differs: float_zero
UPDATE float_zero SET v = '-0';
-- differs: float_denormal
UPDATE float_denormal SET v = 0;
-- differs: numeric_scale
UPDATE numeric_scale SET v = 1.00;
-- differs: numeric_digit
UPDATE numeric_digit SET v = v + 0.000000001;
-- differs: json_space
UPDATE json_space SET v = '{"a":1}';
-- differs: json_order
UPDATE json_order SET v = '{"b":2,"a":1}';
-- differs: jsonb_scale
UPDATE jsonb_scale SET v = '{"a": 1.00}';
-- differs: jsonb_null
UPDATE jsonb_null SET v = '{}';
-- differs: array_bound
UPDATE array_bound SET v = '[0:1]={1,2}';
-- differs: array_null
UPDATE array_null SET v = '{"NULL",b}';
-- differs: array_nested
UPDATE array_nested SET v = '{1,2,3,4}';
-- differs: vector_element
UPDATE vector_element SET v = '[1,2,0.10000001]';
-- differs: halfvec_element
UPDATE halfvec_element SET v = '[1,2,0.50048828]';
-- differs: sparsevec_index
UPDATE sparsevec_index SET v = '{2:0.5}/5';
-- differs: composite
UPDATE composite SET v = ROW(1, NULL)::pair;
-- differs: enum_label
UPDATE enum_label SET v = 'happy';
-- differs: range_bound
UPDATE range_bound SET v = '[1.0,2.0]';
-- differs: multirange_gap
UPDATE multirange_gap SET v = '{[1,7)}';
-- differs: bit_length
UPDATE bit_length SET v = B'100';
-- differs: inet_mask
UPDATE inet_mask SET v = '10.0.0.1/31';
-- differs: time_zone
UPDATE time_zone SET v = '13:00:00+01';
-- differs: padding
UPDATE padding SET v = 'ab ';
-- differs: normal_form
UPDATE normal_form SET v = U&'a\0308';
-- differs: point_last_bit
UPDATE point_last_bit SET v = '(0.1,0.20000000000000004)';
-- differs: xml_space
UPDATE xml_space SET v = '<a />';
-- differs: generated
UPDATE generated SET a = 2;
-- differs: large_value
UPDATE large_value SET v = repeat('x', 3000000) || '2';
-- differs: first_row
INSERT INTO first_row VALUES (1);
-- differs: no_columns
INSERT INTO no_columns DEFAULT VALUES;
-- differs: unlogged_row
UPDATE unlogged_row SET id = 2;
-- differs: moved_1 moved_2
UPDATE moved SET k = 2 WHERE id = 1;
-- differs: detached_1
ALTER TABLE detached DETACH PARTITION detached_1;
-- differs: parent child
WITH gone AS (DELETE FROM child WHERE id = 2 RETURNING id) INSERT INTO parent SELECT id FROM gone;
-- differs: child_cut
ALTER TABLE child_cut NO INHERIT parent;
-- differs: renamed renamed_to
ALTER TABLE renamed RENAME TO renamed_to;
-- The order of rows is no difference.
CREATE TABLE backwards AS SELECT * FROM reordered ORDER BY v;
DELETE FROM reordered; INSERT INTO reordered SELECT * FROM backwards; DROP TABLE backwards;
