/** Stored procedures around patients: a search, an insert with an OUTPUT id, an overwriting update. */

/** Live patients by surname and birth date; twins give two rows. */
const findPatient = `
CREATE PROCEDURE dbo.FindPatient
  @Surname nvarchar(40),
  @DateOfBirth date
AS
BEGIN
  SET NOCOUNT ON;
  SELECT INTERNALID, SURNAME, FIRSTNAME, DOB, SEX, STATUSCODE, DENYACCESS
  FROM dbo.Patient
  WHERE SURNAME = @Surname AND DOB = @DateOfBirth AND RECORDSTATUS = 1
  ORDER BY INTERNALID;
END`;

/** Adds a patient with an empty contact row. @InternalId comes back with the new id. RETURN: 0. */
const addPatient = `
CREATE PROCEDURE dbo.AddPatient
  @Surname nvarchar(40),
  @FirstName nvarchar(40) = NULL,
  @DateOfBirth date = NULL,
  @Sex char(1) = NULL,
  @InternalId int OUTPUT
AS
BEGIN
  SET NOCOUNT ON;
  IF @Surname IS NULL OR LTRIM(RTRIM(@Surname)) = ''
    THROW 50005, 'A patient needs a surname.', 1;

  BEGIN TRY
    BEGIN TRANSACTION;
    INSERT INTO dbo.Patient (EXTERNALID, SURNAME, FIRSTNAME, DOB, SEX)
    VALUES (NEWID(), @Surname, @FirstName, @DateOfBirth, @Sex);
    SET @InternalId = SCOPE_IDENTITY();
    INSERT INTO dbo.PatientContact (INTERNALID) VALUES (@InternalId);
    COMMIT TRANSACTION;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH
  RETURN 0;
END`;

/**
 * Writes a patient's contact details, overwriting with whatever it is given, NULL included.
 * @MobilePhone goes in as the new number and comes back as the one that was there before.
 * RETURN: 1 updated, 0 there is no such patient.
 */
const updateContact = `
CREATE PROCEDURE dbo.UpdateContact
  @InternalId int,
  @MobilePhone varchar(20) OUTPUT,
  @Email varchar(100) = NULL,
  @HomePhone varchar(20) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @Before varchar(20), @Found int;
  SET @Found = 0;

  BEGIN TRY
    BEGIN TRANSACTION;
    SELECT @Before = MOBILEPHONE
    FROM dbo.PatientContact WITH (UPDLOCK)
    WHERE INTERNALID = @InternalId AND RECORDSTATUS = 1;

    UPDATE dbo.PatientContact
    SET MOBILEPHONE = @MobilePhone, EMAIL = @Email, HOMEPHONE = @HomePhone, UPDATED = GETDATE()
    WHERE INTERNALID = @InternalId AND RECORDSTATUS = 1;
    SET @Found = @@ROWCOUNT;
    COMMIT TRANSACTION;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH

  SET @MobilePhone = @Before;
  RETURN @Found;
END`;

export const patientProcedures: readonly string[] = [findPatient, addPatient, updateContact];
