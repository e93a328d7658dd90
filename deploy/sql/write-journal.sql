-- Makes the write journal of Conduit's agent: which writes were applied, as hashes, and what
-- they answered, as ciphertext that only the agent on this server opens. No patient data.
-- Run it once as a member of sysadmin or dbcreator; running it again changes nothing.
IF DB_ID(N'ConduitJournal') IS NULL CREATE DATABASE [ConduitJournal];
GO
USE [ConduitJournal];
GO
IF OBJECT_ID(N'[dbo].[WriteJournal]') IS NULL
BEGIN
CREATE TABLE [dbo].[WriteJournal] (
  [KeyHash] binary(32) NOT NULL,
  [RequestHash] binary(32) NOT NULL,
  [State] tinyint NOT NULL,
  [ReceivedAt] datetime2(3) NOT NULL,
  [EndedAt] datetime2(3) NULL,
  [Outcome] varbinary(max) NULL,
  CONSTRAINT [PK_WriteJournal] PRIMARY KEY ([KeyHash])
);
CREATE INDEX [IX_WriteJournal_ReceivedAt] ON [dbo].[WriteJournal] ([ReceivedAt]);
END;
GO
IF USER_ID(N'conduit_write') IS NULL CREATE USER [conduit_write] FOR LOGIN [conduit_write];
GRANT SELECT, INSERT, UPDATE, DELETE ON [dbo].[WriteJournal] TO [conduit_write];
GO
