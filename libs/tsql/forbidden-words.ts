/**
 * What a read may not say. Every entry of `forbiddenWords` is either reserved in T-SQL (so it can't
 * be an unquoted column or table) or rare enough as a name that refusing it costs nobody.
 */

const list = (words: string): string[] => words.trim().split(/\s+/);

/** Unquoted words refused anywhere, with the reason given for each group. */
export const forbiddenWords: ReadonlyMap<string, string> = new Map([
  ...list(
    `INSERT UPDATE DELETE MERGE TRUNCATE INTO CREATE ALTER DROP GRANT REVOKE DENY BACKUP RESTORE
     BULK UPDATETEXT WRITETEXT READTEXT RECEIVE SEND ADD`,
  ).map((word): [string, string] => [word, 'write']),
  ...list('EXEC EXECUTE PROC PROCEDURE').map((word): [string, string] => [word, 'execute']),
  ...list('OPENROWSET OPENQUERY OPENDATASOURCE OPENXML').map((word): [string, string] => [
    word,
    'external',
  ]),
  ...list(
    `DECLARE SET IF ELSEIF WHILE GOTO RETURN BEGIN COMMIT ROLLBACK SAVE TRAN TRANSACTION CURSOR OPEN
     CLOSE DEALLOCATE PRINT RAISERROR THROW USE DBCC KILL SHUTDOWN RECONFIGURE CHECKPOINT TRIGGER
     LINENO SETUSER REVERT WAITFOR BREAK CONTINUE DUMP LOAD`,
  ).map((word): [string, string] => [word, 'control']),
  ...list(
    'UPDLOCK XLOCK TABLOCK TABLOCKX PAGLOCK HOLDLOCK SERIALIZABLE REPEATABLEREAD READCOMMITTEDLOCK',
  ).map((word): [string, string] => [word, 'lockHint']),
  ...list('QUERYTRACEON MIN_GRANT_PERCENT').map((word): [string, string] => [word, 'resources']),
  ['GO', 'batch'],
]);

/** System objects that tell about logins, keys, other people's statements or the server's files. */
export const forbiddenObjects: ReadonlySet<string> = new Set(
  list(
    `sql_logins syslogins server_principals sysxlogins syslnklgns sysowners sysremotelogins
     sysoledbusers remote_logins linked_logins sysservers database_scoped_credentials syscacheobjects
     sysprocesses syslockinfo sysaltfiles sysdevices sysconfigures sysperfinfo openkeys
     fn_dblog fn_dump_dblog fn_get_sql fn_trace_gettable fn_trace_getinfo fn_xe_file_target_read_file
     fn_virtualfilestats fn_get_audit_file fn_get_audit_file_v2 fn_full_dblog server_principal_credentials loginproperty pwdcompare pwdencrypt
     ai_generate_embeddings ai_generate_chunks`,
  ),
);

/** Names too plain to refuse in a vendor's own schema: refused only when `sys` is said before them. */
export const forbiddenInSys: ReadonlySet<string> = new Set(
  list(
    `servers credentials certificates symmetric_keys asymmetric_keys key_encryptions crypt_properties
     cryptographic_providers database_credentials login_token user_token configurations
     master_files traces server_permissions server_role_members endpoints backup_devices
     query_store_query_text sysusers`,
  ),
);

export const systemCatalogues: ReadonlySet<string> = new Set(
  list('master msdb model tempdb mssqlsystemresource distribution ssisdb reportserver'),
);

/** Beginnings of names that are refused: extended and system procedures, live server state, decryption. */
export const forbiddenPrefixes: readonly [prefix: string, reason: string][] = [
  ['xp_', 'procedure'],
  ['sp_', 'procedure'],
  ['dm_', 'systemCatalogue'],
  ['decryptby', 'systemCatalogue'],
];
