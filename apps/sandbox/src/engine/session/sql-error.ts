/**
 * SQL Server's errors as this engine raises them: number, class and state with the server's own
 * wording. One table holds every message; nothing else in the engine writes one.
 */

const messages: Record<number, [severity: number, text: string]> = {
  102: [15, "Incorrect syntax near '%s'."],
  103: [15, "The identifier that starts with '%s' is too long. Maximum length is 63."],
  105: [15, "Unclosed quotation mark after the character string '%s'."],
  109: [
    15,
    'There are more columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.',
  ],
  110: [
    15,
    'There are fewer columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.',
  ],
  113: [15, "Missing end comment mark '*/'."],
  116: [
    16,
    'Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.',
  ],
  120: [
    15,
    'The select list for the INSERT statement contains fewer items than the insert list. The number of SELECT values must match the number of INSERT columns.',
  ],
  121: [
    15,
    'The select list for the INSERT statement contains more items than the insert list. The number of SELECT values must match the number of INSERT columns.',
  ],
  130: [
    15,
    'Cannot perform an aggregate function on an expression containing an aggregate or a subquery.',
  ],
  134: [
    15,
    "The variable name '%s' has already been declared. Variable names must be unique within a query batch or stored procedure.",
  ],
  135: [15, 'Cannot use a BREAK statement outside the scope of a WHILE statement.'],
  136: [15, 'Cannot use a CONTINUE statement outside the scope of a WHILE statement.'],
  137: [15, 'Must declare the scalar variable "%s".'],
  141: [
    15,
    'A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.',
  ],
  144: [
    15,
    'Cannot use an aggregate or a subquery in an expression used for the group by list of a GROUP BY clause.',
  ],
  147: [
    15,
    'An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a select list, and the column being aggregated is an outer reference.',
  ],
  155: [15, "'%s' is not a recognized %s option."],
  156: [15, "Incorrect syntax near the keyword '%s'."],
  164: [
    15,
    'Each GROUP BY expression must contain at least one column that is not an outer reference.',
  ],
  174: [15, 'The %s function requires %s argument(s).'],
  178: [15, 'A RETURN statement with a return value cannot be used in this context.'],
  181: [
    15,
    'Cannot use the OUTPUT option in a DECLARE, CREATE AGGREGATE or CREATE FUNCTION statement.',
  ],
  189: [15, 'The %s function requires %s to %s arguments.'],
  195: [15, "'%s' is not a recognized %s."],
  201: [16, "Procedure or function '%s' expects parameter '%s', which was not supplied."],
  205: [
    16,
    'All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in their target lists.',
  ],
  206: [16, 'Operand type clash: %s is incompatible with %s'],
  207: [16, "Invalid column name '%s'."],
  208: [16, "Invalid object name '%s'."],
  209: [16, "Ambiguous column name '%s'."],
  213: [16, 'Column name or number of supplied values does not match table definition.'],
  217: [
    16,
    'Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32).',
  ],
  220: [16, 'Arithmetic overflow error for data type %s, value = %s.'],
  229: [14, "The %s permission was denied on the object '%s', database '%s', schema '%s'."],
  230: [
    14,
    "The %s permission was denied on the column '%s' of the object '%s', database '%s', schema '%s'.",
  ],
  241: [16, 'Conversion failed when converting date and/or time from character string.'],
  242: [
    16,
    'The conversion of a %s data type to a %s data type resulted in an out-of-range value.',
  ],
  245: [16, "Conversion failed when converting the %s value '%s' to data type %s."],
  257: [
    16,
    'Implicit conversion from data type %s to %s is not allowed. Use the CONVERT function to run this query.',
  ],
  262: [14, "%s permission denied in database '%s'."],
  264: [
    16,
    "The column name '%s' is specified more than once in the SET clause or column list of an INSERT. A column cannot be assigned more than one value in the same clause. Modify the clause to make sure that a column is updated only once. If this statement updates or inserts columns into a view, column aliasing can conceal the duplication in your code.",
  ],
  266: [
    16,
    'Transaction count after EXECUTE indicates a mismatching number of BEGIN and COMMIT statements. Previous count = %s, current count = %s.',
  ],
  271: [
    16,
    'The column "%s" cannot be modified because it is either a computed column or is the result of a UNION operator.',
  ],
  273: [
    16,
    'Cannot insert an explicit value into a timestamp column. Use INSERT with a column list to exclude the timestamp column, or insert a DEFAULT into the timestamp column.',
  ],
  281: [16, '%s is not a valid style number when converting from %s to a character string.'],
  402: [16, 'The data types %s and %s are incompatible in the %s operator.'],
  512: [
    16,
    'Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or when the subquery is used as an expression.',
  ],
  515: [
    16,
    "Cannot insert the value NULL into column '%s', table '%s'; column does not allow nulls. %s fails.",
  ],
  529: [16, 'Explicit conversion from data type %s to %s is not allowed.'],
  537: [16, 'Invalid length parameter passed to the LEFT or SUBSTRING function.'],
  544: [
    16,
    "Cannot insert explicit value for identity column in table '%s' when IDENTITY_INSERT is set to OFF.",
  ],
  545: [
    16,
    "Explicit value must be specified for identity column in table '%s' either when IDENTITY_INSERT is set to ON or when a replication user is inserting into a NOT FOR REPLICATION identity column.",
  ],
  547: [
    16,
    'The %s statement conflicted with the %s constraint "%s". The conflict occurred in database "%s", table "%s"%s.',
  ],
  596: [21, 'Cannot continue the execution because the session is in the kill state.'],
  911: [16, "Database '%s' does not exist. Make sure that the name is entered correctly."],
  916: [
    14,
    'The server principal "%s" is not able to access the database "%s" under the current security context.',
  ],
  1007: [
    15,
    "The number '%s' is out of the range for numeric representation (maximum precision 38).",
  ],
  1033: [
    15,
    'The ORDER BY clause is invalid in views, inline functions, derived tables, subqueries, and common table expressions, unless TOP, OFFSET or FOR XML is also specified.',
  ],
  1035: [15, "Incorrect syntax near '%s', expected '%s'."],
  1060: [
    15,
    'The number of rows provided for a TOP or FETCH clauses row count parameter must be an integer.',
  ],
  1087: [15, 'Must declare the table variable "%s".'],
  1205: [
    13,
    'Transaction (Process ID %s) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.',
  ],
  1222: [16, 'Lock request time out period exceeded.'],
  1505: [
    16,
    "The CREATE UNIQUE INDEX statement terminated because a duplicate key was found for the object name '%s' and the index name '%s'. The duplicate key value is (%s).",
  ],
  1750: [16, 'Could not create constraint or index. See previous errors.'],
  1767: [16, "Foreign key '%s' references invalid table '%s'."],
  1769: [16, "Foreign key '%s' references invalid column '%s' in referencing table '%s'."],
  1776: [
    16,
    "There are no primary or candidate keys in the referenced table '%s' that match the referencing column list in the foreign key '%s'.",
  ],
  1801: [16, "Database '%s' already exists. Choose a different database name."],
  1904: [16, "The index '%s' on table '%s' has too many columns."],
  1911: [16, "Column name '%s' does not exist in the target table or view."],
  1913: [
    16,
    "The operation failed because an index or statistics with name '%s' already exists on table '%s'.",
  ],
  2010: [16, "Cannot perform alter on '%s' because it is an incompatible object type."],
  2209: [16, "XQuery: syntax error near '%s'"],
  2601: [
    14,
    "Cannot insert duplicate key row in object '%s' with unique index '%s'. The duplicate key value is (%s).",
  ],
  2627: [
    14,
    "Violation of %s constraint '%s'. Cannot insert duplicate key in object '%s'. The duplicate key value is (%s).",
  ],
  2628: [
    16,
    "String or binary data would be truncated in table '%s', column '%s'. Truncated value: '%s'.",
  ],
  2705: [
    16,
    "Column names in each table must be unique. Column name '%s' in table '%s' is specified more than once.",
  ],
  2714: [16, "There is already an object named '%s' in the database."],
  2715: [16, 'Column, parameter, or variable #%s: Cannot find data type %s.'],
  2716: [16, 'Column, parameter, or variable #%s: Cannot specify a column width on data type %s.'],
  2732: [
    16,
    'Error number %s is invalid. The number must be from 13000 through 2147483647 and it cannot be 50000.',
  ],
  2750: [
    16,
    'Column or parameter #%s: Specified column precision %s is greater than the maximum precision of 38.',
  ],
  2759: [16, 'CREATE SCHEMA failed due to previous errors.'],
  2760: [
    16,
    'The specified schema name "%s" either does not exist or you do not have permission to use it.',
  ],
  2809: [16, "The request for procedure '%s' failed because '%s' is a %s object."],
  2812: [16, "Could not find stored procedure '%s'."],
  3609: [16, 'The transaction ended in the trigger. The batch has been aborted.'],
  3701: [11, "Cannot %s the %s '%s', because it does not exist or you do not have permission."],
  3723: [
    16,
    "An explicit DROP INDEX is not allowed on index '%s'. It is being used for %s constraint enforcement.",
  ],
  3726: [16, "Could not drop object '%s' because it is referenced by a FOREIGN KEY constraint."],
  3727: [16, 'Could not drop constraint. See previous errors.'],
  3728: [16, "'%s' is not a constraint."],
  3729: [16, "Cannot %s '%s' because it is being referenced by object '%s'."],
  3902: [16, 'The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.'],
  3903: [16, 'The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.'],
  3628: [
    16,
    'The Database Engine received a floating point exception from the operating system while processing a user request.',
  ],
  3623: [16, 'An invalid floating point operation occurred.'],
  3915: [16, 'Cannot use the ROLLBACK statement within an INSERT-EXEC statement.'],
  3930: [
    16,
    'The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.',
  ],
  3931: [
    16,
    'The current transaction cannot be committed and cannot be rolled back to a savepoint. Roll back the entire transaction.',
  ],
  3960: [
    16,
    "Snapshot isolation transaction aborted due to update conflict. You cannot use snapshot isolation to access table '%s' directly or indirectly in database '%s' to update, delete, or insert the row that has been modified or deleted by another transaction. Retry the transaction or change the isolation level for the update/delete statement.",
  ],
  3998: [
    16,
    'Uncommittable transaction is detected at the end of the batch. The transaction is rolled back.',
  ],
  4104: [16, 'The multi-part identifier "%s" could not be bound.'],
  4108: [15, 'Windowed functions can only appear in the SELECT or ORDER BY clauses.'],
  4121: [
    16,
    'Cannot find either column "%s" or the user-defined function or aggregate "%s", or the name is ambiguous.',
  ],
  4145: [
    15,
    "An expression of non-boolean type specified in a context where a condition is expected, near '%s'.",
  ],
  4405: [
    16,
    "View or function '%s' is not updatable because the modification affects multiple base tables.",
  ],
  4406: [
    16,
    "Update or insert of view or function '%s' failed because it contains a derived or constant field.",
  ],
  4701: [
    16,
    'Cannot find the object "%s" because it does not exist or you do not have permissions.',
  ],
  4712: [
    16,
    "Cannot truncate table '%s' because it is being referenced by a FOREIGN KEY constraint.",
  ],
  4902: [
    16,
    'Cannot find the object "%s" because it does not exist or you do not have permissions.',
  ],
  4922: [16, 'ALTER TABLE %s failed because one or more objects access this column.'],
  4924: [16, "ALTER TABLE %s failed because column '%s' does not exist in table '%s'."],
  5074: [16, "The %s '%s' is dependent on %s."],
  6101: [16, 'Session ID %s is not valid.'],
  6102: [14, 'User does not have permission to use the KILL statement.'],
  6104: [16, 'Cannot use KILL to kill your own process.'],
  6106: [16, 'Process ID %s is not an active process ID.'],
  6401: [16, 'Cannot roll back %s. No transaction or savepoint of that name was found.'],
  7202: [
    11,
    "Could not find server '%s' in sys.servers. Verify that the correct server name was specified. If necessary, execute the stored procedure sp_addlinkedserver to add the server to sys.servers.",
  ],
  8106: [16, "Table '%s' does not have the identity property. Cannot perform SET operation."],
  8107: [
    16,
    "IDENTITY_INSERT is already ON for table '%s'. Cannot perform SET operation for table '%s'.",
  ],
  8114: [16, 'Error converting data type %s to %s.'],
  8115: [16, 'Arithmetic overflow error converting %s to data type %s.'],
  8117: [16, 'Operand data type %s is invalid for %s operator.'],
  8120: [
    16,
    "Column '%s' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.",
  ],
  8134: [16, 'Divide by zero error encountered.'],
  8144: [16, 'Procedure or function %s has too many arguments specified.'],
  8145: [16, '%s is not a parameter for procedure %s.'],
  8146: [16, 'Procedure %s has no parameters and arguments were supplied.'],
  8152: [16, 'String or binary data would be truncated.'],
  8155: [16, "No column name was specified for column %s of '%s'."],
  8156: [16, "The column '%s' was specified multiple times for '%s'."],
  8158: [16, "'%s' has more columns than were specified in the column list."],
  8159: [16, "'%s' has fewer columns than were specified in the column list."],
  8162: [
    16,
    'The formal parameter "%s" was not declared as an OUTPUT parameter, but the actual parameter passed in requested output.',
  ],
  8169: [16, 'Conversion failed when converting from a character string to uniqueidentifier.'],
  8178: [16, "The parameterized query '%s' expects the parameter '%s', which was not supplied."],
  8672: [
    16,
    'The MERGE statement attempted to UPDATE or DELETE the same row more than once. This happens when a target row matches more than one source row. A MERGE statement cannot UPDATE/DELETE the same row of the target table multiple times. Refine the ON clause to ensure a target row matches at most one source row, or use the GROUP BY clause to group the source rows.',
  ],
  10700: [16, 'The table-valued parameter "%s" is READONLY and cannot be modified.'],
  10704: [
    15,
    'To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the THROW statement inside a CATCH block, or add error parameters to the THROW statement.',
  ],
  10742: [15, 'The offset specified in a OFFSET clause may not be negative.'],
  10744: [15, 'The number of rows provided for a FETCH clause must be greater then zero.'],
  10753: [15, "The function '%s' must have an OVER clause."],
  11555: [
    15,
    "The parameter '%s' cannot be declared READONLY since it is not a table-valued parameter.",
  ],
  15151: [16, "Cannot %s the %s '%s', because it does not exist or you do not have permission."],
  40515: [15, 'The statement uses %s, which this sandbox does not offer.'],
  104: [
    15,
    'ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or EXCEPT operator.',
  ],
  108: [
    15,
    'The ORDER BY position number %s is out of range of the number of items in the select list.',
  ],
  119: [
    15,
    "Must pass parameter number %s and subsequent parameters as '@name = value'. After the form '@name = value' has been used, all subsequent parameters must be passed in the form '@name = value'.",
  ],
  145: [15, 'ORDER BY items must appear in the select list if SELECT DISTINCT is specified.'],
  148: [15, "Incorrect time syntax in time string '%s' used with WAITFOR."],
  214: [16, "Procedure expects parameter '%s' of type '%s'."],
  263: [16, 'Must specify table to select from.'],
  408: [16, 'A constant expression was encountered in the ORDER BY list, position %s.'],
  448: [16, "Invalid collation '%s'."],
  1008: [
    16,
    'The SELECT item identified by the ORDER BY number %s contains a variable as part of the expression identifying a column position. Variables are only allowed when ordering by an expression referencing a column name.',
  ],
  1062: [15, 'The TOP N WITH TIES clause is not allowed without a corresponding ORDER BY clause.'],
  2702: [16, "Database '%s' does not exist."],
  2754: [
    16,
    'Error severity levels greater than 18 can only be specified by members of the sysadmin role, using the WITH LOG option.',
  ],
  2787: [16, "Invalid format specification: '%s'."],
  4112: [15, "The function '%s' must have an OVER clause with ORDER BY."],
  4127: [
    16,
    'At least one of the arguments to COALESCE must be an expression that is not the NULL constant.',
  ],
  4151: [
    16,
    'The type of the first argument to NULLIF cannot be the NULL constant because the type of the first argument has to be known.',
  ],
  5308: [
    16,
    'Windowed functions, aggregates and NEXT VALUE FOR functions do not support integer indices as ORDER BY clause expressions.',
  ],
  8102: [16, "Cannot update identity column '%s'."],
  8110: [16, "Cannot add multiple PRIMARY KEY constraints to table '%s'."],
  8111: [16, "Cannot define PRIMARY KEY constraint on nullable column in table '%s'."],
  8116: [16, 'Argument data type %s is invalid for argument %s of %s function.'],
  8119: [16, "Parameter '%s' was supplied multiple times."],
  8133: [
    16,
    'At least one of the result expressions in a CASE specification must be an expression other than the NULL constant.',
  ],
  8624: [
    16,
    'Internal Query Processor Error: The query processor could not produce a query plan. For more information, contact Customer Support Services.',
  ],
  9810: [16, 'The datepart %s is not supported by date function %s for data type date.'],
  10709: [15, 'The number of columns for each row in a table value constructor must be the same.'],
  10711: [
    15,
    "An action of type 'INSERT' is not allowed in the 'WHEN MATCHED' or 'WHEN NOT MATCHED BY SOURCE' clause of a MERGE statement.",
  ],
  628: [13, 'Cannot issue SAVE TRANSACTION when there is no active transaction.'],
  8143: [16, "Parameter '%s' was supplied multiple times."],
  18054: [
    16,
    'Error %s, severity 16, state 1 was raised, but no message with that error number was found in sys.messages.',
  ],
  35100: [
    16,
    'Error number %s in the THROW statement is outside the valid range. Specify an error number in the valid range of 50000 to 2147483647.',
  ],
  173: [15, "The definition for column '%s' must include a data type."],
  1038: [
    15,
    'An object or column name is missing or empty. For SELECT INTO statements, verify each column has a name. For other statements, look for empty alias names. Aliases defined as "" or [] are not allowed. Change the alias to a valid name.',
  ],
  1770: [16, "Foreign key references invalid column '%s' in referenced table."],
};

export class SqlError extends Error {
  /** Line of the statement; set by whoever runs it. */
  line = 0;
  procedure: string | undefined;
  /** Raised while a statement is bound: not caught by a TRY in the same batch or procedure. */
  compile = false;
  /** The batch ends here, and so does an open transaction. */
  abortsTransaction = false;
  /** How deep in calls a compile error was raised. */
  depth = 0;

  constructor(
    readonly number: number,
    readonly severity: number,
    readonly state: number,
    message: string,
  ) {
    super(message);
  }
}

/** An error of the table with its placeholders filled in order. */
export function sqlError(number: number, ...values: (string | number)[]): SqlError {
  const [severity, text] = messages[number] ?? [16, 'The statement failed.'];
  let next = 0;
  return new SqlError(
    number,
    severity,
    1,
    text.replace(/%s/g, () => String(values[next++] ?? '')),
  );
}

/** An error found while binding names and types, before the statement runs. */
export function compileError(number: number, ...values: (string | number)[]): SqlError {
  const error = sqlError(number, ...values);
  error.compile = true;
  return error;
}

export function hasMessage(number: number): boolean {
  return messages[number] !== undefined;
}
